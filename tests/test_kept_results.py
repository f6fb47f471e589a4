"""The store: what is kept comes back byte for byte or not at all."""

import math
import shutil
import subprocess
from pathlib import Path

import pytest

from ragguard.errors import CannotJudge
from ragguard.store import Store, fingerprint, write_atomically

KEY = fingerprint("a key")


def test_fingerprint_depends_on_values_and_not_on_the_order_of_keys() -> None:
    assert fingerprint({"a": 1, "b": [1, 2]}) == fingerprint({"b": [1, 2], "a": 1})
    assert len({fingerprint(*parts) for parts in ([1, 2], [2, 1], [[1, 2]], ["1", 2], [1, 2, None])}) == 5
    assert len(KEY) == 64
    with pytest.raises(ValueError, match="not JSON compliant"):
        fingerprint(math.nan)


@pytest.mark.parametrize("payload", [b"", b"text", bytes(range(256)) * 1000])
def test_payload_comes_back_as_it_was(tmp_path: Path, payload: bytes) -> None:
    store = Store(tmp_path)
    assert store.get("scores", KEY) is None
    store.put("scores", KEY, payload)
    assert Store(tmp_path).get("scores", KEY) == payload
    assert store.get("observations", KEY) is None, "kinds are kept apart"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: b"",
        lambda content: content + b"x",
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: b"x" + content[1:],
        lambda content: content.replace(b"payload", b"PAYLOAD"),
    ],
)
def test_torn_or_edited_entry_is_absent_and_can_be_made_again(tmp_path: Path, spoil) -> None:
    store = Store(tmp_path)
    store.put("scores", KEY, b"the payload")
    path = store.path("scores", KEY)
    path.write_bytes(spoil(path.read_bytes()))
    assert store.get("scores", KEY) is None
    store.put("scores", KEY, b"the payload")
    assert store.get("scores", KEY) == b"the payload"


def test_write_replaces_the_whole_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file.json"
    write_atomically(path, b"first, and longer")
    write_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    assert [each.name for each in path.parent.iterdir()] == ["file.json"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_path_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotJudge, match=r"file/store/scores/.*: cannot be written: Not a directory; check the path and its permissions"):
        Store(tmp_path / "file").put("scores", KEY, b"x")


def test_entry_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.path("scores", KEY).mkdir(parents=True)
    with pytest.raises(CannotJudge, match=f"{KEY}: cannot be read: Is a directory; .*delete"):
        store.get("scores", KEY)


def test_full_disk_is_said_and_leaves_what_was_there(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if (
        not mount
        or subprocess.run([mount, "-t", "tmpfs", "-o", "size=32k", "tmpfs", str(disk)], capture_output=True, check=False).returncode
    ):
        pytest.skip("needs leave to mount a tmpfs (root), to have a disk that is full")
    try:
        store = Store(disk)
        store.put("scores", KEY, b"small")
        with pytest.raises(CannotJudge, match=r"disk/store/scores/.*: cannot be written: No space left on device; free some space there"):
            store.put("scores", KEY, bytes(100_000))
        assert store.get("scores", KEY) == b"small"
        assert [each.name for each in store.path("scores", KEY).parent.iterdir()] == [KEY], "half a file was left behind"
    finally:
        subprocess.run(["umount", str(disk)], check=True)
