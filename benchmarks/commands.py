"""Time and memory of every command, each in a process of its own, on the workspace that ``ragguard init`` makes.

    python benchmarks/commands.py       # the best of three runs each; some minutes
    python benchmarks/commands.py 1

Four suites of the starter (two BM25 systems, no torch), answered by a language model nowhere; a first run, and one that finds everything in
the store, are told apart. Wall clock and processor seconds are the least of the runs, memory is the highest of the process and of any that
it waited for. ``judge sample`` is not there: it draws from answers, and the starter's systems only rank.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

RAGGUARD = (sys.executable, "-c", "from ragguard.cli import main; main()")
JUDGED = (0, 1, 2)


@dataclass(frozen=True)
class Timed:
    """A command, the exit codes that it may have, and whether all that was made before is forgotten ahead of it (``fresh``)."""

    words: tuple[str, ...]
    codes: tuple[int, ...] = (0,)
    fresh: bool = False
    note: str = ""

    @property
    def name(self) -> str:
        """The command as it is printed."""
        return f"`{' '.join(self.words)}`{f', {self.note}' if self.note else ''}"


RUN, CANDIDATE, QUERY = "reports/starter", "with-titles", "a-api-key-overlap-after-roll-current.1"
COMMANDS = (
    Timed(("--help",)),
    Timed(("gate", "--help")),
    Timed(("schema", "--out", "schemas")),
    Timed(("init", "another"), fresh=True),
    Timed(("check",)),
    Timed(("train",), note="nothing to train"),
    Timed(("cases", "--out", "asked")),
    Timed(("gate", "--full"), JUDGED, fresh=True, note="first run"),
    Timed(("gate", "--sequential"), JUDGED, fresh=True, note="first run"),
    Timed(("gate",), JUDGED, fresh=True, note="first run"),
    Timed(("gate",), JUDGED, note="the same again"),
    Timed(("power",)),
    Timed(("error-rates",)),
    Timed(("compare", f"{RUN}:baseline", RUN, "--out", "compared"), JUDGED),
    Timed(("show", QUERY)),
    Timed(("show", "--html", "page.html")),
    Timed(("accept", CANDIDATE)),
    Timed(("nightly",), JUDGED),
    Timed(("history",)),
    Timed(("history", "--html", "nights.html")),
    Timed(("judge", "calibrate", "labels.jsonl"), note="400 labels"),
    Timed(("drill",), (0, 1), fresh=True, note="first run"),
)


@dataclass(frozen=True)
class Taken:
    """What one run took: seconds of the wall and of processors, and MB at the highest."""

    wall: float
    processor: float
    memory: float


def once(command: Timed, folder: Path) -> Taken:
    """Run a command in a process of its own; RuntimeError with what it printed where it ends otherwise than it may."""
    if command.fresh:
        forget(folder)
    with tempfile.TemporaryFile() as told:
        begun = time.perf_counter()
        process = subprocess.Popen([*RAGGUARD, *command.words], cwd=folder, stdout=told, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in command.codes:
            told.seek(0)
            raise RuntimeError(f"{command.name} ended with {process.returncode}: {told.read().decode()[-2000:]}")
    return Taken(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def forget(folder: Path) -> None:
    """Forget what was made: results, and the workspace that ``init`` makes."""
    for name in (".ragguard", "another"):
        shutil.rmtree(folder / name, ignore_errors=True)


def labelled(count: int) -> list[dict[str, object]]:
    """Labels with a judge's values beside them, every seventh of which is wrong."""
    return [{"query": f"q{n // 2}", "answer": f"answer {n}", "label": n % 2, "judge": (n % 2 + (n % 7 == 0)) % 2} for n in range(count)]


def main() -> int:
    """Print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print(f"best of {runs}; load before {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores\n")
    print("| command | wall s | processor s | highest MB |\n| --- | --: | --: | --: |", flush=True)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "work"
        subprocess.run([*RAGGUARD, "init", str(folder)], check=True, capture_output=True)
        (folder / "labels.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in labelled(400)), encoding="utf-8")
        for command in COMMANDS:
            taken = [once(command, folder) for _ in range(runs)]
            wall, processor = (min(getattr(each, name) for each in taken) for name in ("wall", "processor"))
            print(f"| {command.name} | {wall:.2f} | {processor:.2f} | {max(each.memory for each in taken):.0f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
