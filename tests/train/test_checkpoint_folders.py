"""Where a training works, and what is left of one that was killed."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ragguard.train.checkpoint import workplace


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc to tell which processes live")
def test_what_a_killed_training_left_is_swept_and_a_living_one_is_not(tmp_path: Path) -> None:
    out = tmp_path / "abc"
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = tmp_path / f".abc-{socket.gethostname()}-{dead.pid}-x"
    alive = tmp_path / f".abc-{socket.gethostname()}-{os.getppid()}-x"
    other = tmp_path / f".abd-{socket.gethostname()}-{dead.pid}-x"
    for folder in (left, alive, other):
        folder.mkdir()
    with workplace(out) as (result, _):
        (result / "weights").write_text("w", encoding="utf-8")
    assert (out / "weights").is_file()
    assert not left.exists()
    assert alive.exists()
    assert other.exists()
    assert sorted(tmp_path.iterdir()) == sorted([out, alive, other])
