"""Kills a gate with SIGKILL at ten random moments, lets it finish, and compares with an undisturbed run: ``python benchmarks/killed.py``.

The plan is the shipped one with its training cut to three steps, so that ten runs take minutes.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
KILLS = 10


def plan(folder: Path) -> Path:
    """The shipped plan with fewer training rows, paths made absolute."""
    text = (ROOT / "gate.yaml").read_text(encoding="utf-8")
    for name in ("golden/payments", "suites/golden.yaml"):
        text = text.replace(name, str(ROOT / name))
    path = folder / "gate.yaml"
    path.write_text(text.replace("epochs: 1", "epochs: 1\n        max_rows: 48"), encoding="utf-8")
    return path


def start(path: Path, store: Path) -> "subprocess.Popen[bytes]":
    """Start a gate over a store."""
    command = [sys.executable, "-m", "ragguard.cli", "gate", str(path), "--json"]
    environment = {**os.environ, "RAGGUARD_STORE": str(store)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)


def finish(path: Path, store: Path) -> tuple[int, dict[str, Any], float]:
    """Run a gate to its end: exit code, report without times, seconds."""
    begin = time.perf_counter()
    process = start(path, store)
    out, _ = process.communicate()
    report = json.loads(out)
    report.pop("times")
    return process.returncode, report, time.perf_counter() - begin


def main() -> int:
    """Print a line a kill; return 1 if any run ended otherwise than the undisturbed one."""
    chance = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        path = plan(Path(folder))
        finish(path, Path(folder) / "warm-up")  # compiles and caches what is compiled once a machine
        code, expected, seconds = finish(path, Path(folder) / "whole")
        print(f"undisturbed: {seconds:.1f} s, {expected['answer']}, exit code {code}")
        wrong = 0
        for number in range(1, KILLS + 1):
            store, moment = Path(folder) / f"killed-{number}", chance.uniform(0, seconds)
            process = start(path, store)
            try:
                process.wait(moment)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            again, report, rest = finish(path, store)
            same = (again, report) == (code, expected)
            wrong += not same
            outcome = "same report" if same else "ANOTHER REPORT"
            print(f"killed after {moment:5.1f} s, finished in {rest:5.1f} s: {report['answer']}, {outcome}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
