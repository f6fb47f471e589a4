"""Process seconds (user and system, and wall clock) of ``--help`` and ``check``: ``python benchmarks/startup.py``."""

import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = (("--help",), ("gate", "--help"), ("check", "gate.yaml"))
REPEATS = 5


def once(arguments: tuple[str, ...]) -> tuple[float, float]:
    """Run ragguard in a process of its own; return its processor and wall-clock seconds."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    call = [sys.executable, "-c", "from ragguard.cli import main; main()", *arguments]
    subprocess.run(call, cwd=ROOT, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.perf_counter() - began


def main() -> int:
    """Print the table: the best of a few runs."""
    print(f"{'command':<24} {'processor s':>11} {'wall s':>7}   (best of {REPEATS})")
    for command in COMMANDS:
        measured = [once(command) for _ in range(REPEATS)]
        print(f"ragguard {' '.join(command):<15} {min(p for p, _ in measured):>11.2f} {min(w for _, w in measured):>7.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
