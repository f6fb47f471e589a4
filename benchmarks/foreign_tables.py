"""Results of other tools: how long 100,000 cases take to be read and judged, and whether every format gives the same decision.

``python benchmarks/foreign_tables.py [CASES]``. The cases of the first table are drawn with a seed, right or wrong; seconds are of the
processor, of one run. The second table needs ../shared/data: the six pairs of four real systems on 1,319 questions, each both ways, in five
tools' formats.
"""

import sys
import tempfile
import time
from itertools import permutations
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from foreign_tools import WRITERS, Scored, gsm8k  # noqa: E402

from ragguard.data.foreign import opened  # noqa: E402
from ragguard.data.foreign.wanted import Wanted  # noqa: E402
from ragguard.elsewhere import files  # noqa: E402
from ragguard.elsewhere.asked import Asked  # noqa: E402
from ragguard.reports import store  # noqa: E402

CASES = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
JUDGED = CASES // 5
"""Cases that are judged too: statistics and reports take longer than reading."""


def drawn(cases: int, seed: int) -> list[Scored]:
    right = np.random.default_rng(seed).random(cases) < 0.6
    return [Scored(n, f"question number {n}: how many are {n} and one?", bool(right[n])) for n in range(cases)]


def lines(path: Path, rows: list[Scored], system: str) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    made = (f'{{"id": {row.id}, "question": "{row.question}", "accuracy": {float(row.right)}}}\n' for row in rows)
    (path / f"{system}.jsonl").write_text("".join(made), encoding="utf-8")
    return path / f"{system}.jsonl"


def speed(folder: Path) -> None:
    print(f"seconds of the processor\n{'format':<12}{'MB':>8}{f'read {CASES:,}':>14}{f'compare {JUDGED:,}':>18}{'its reports':>14}")
    whole, old, new = drawn(CASES, 1), drawn(JUDGED, 1), drawn(JUDGED, 2)
    for name, write in {"JSON lines": lines, **WRITERS}.items():
        path = write(folder / name, whole, "whole")
        begin = time.process_time()
        opened.table(path, opened.of(path), Wanted())
        read = time.process_time() - begin
        places = [(write(folder / name, rows, system), "") for system, rows in (("old", old), ("new", new))]
        begin = time.process_time()
        report = files.compare(*places, Asked())
        compared = time.process_time() - begin
        begin = time.process_time()
        store.write(report, folder / "report")
        print(f"{name:<12}{path.stat().st_size / 1e6:>8.1f}{read:>14.1f}{compared:>18.1f}{time.process_time() - begin:>14.1f}", flush=True)


def agreement(folder: Path, shared: Path) -> None:
    systems = gsm8k(shared)
    print(f"\n{'baseline -> candidate':<38}" + "".join(f"{name:>10}" for name in WRITERS) + f"{'difference':>12}{'95 % bounds':>20}")
    for before, after in permutations(systems, 2):
        answers, numbers = [], set()
        for name, write in WRITERS.items():
            places = [(write(folder / "pairs" / name, systems[system], system), "") for system in (before, after)]
            (decision,) = files.compare(*places, Asked()).decisions
            found = decision.verdicts[0].estimate
            answers.append(decision.answer)
            numbers.add((found.difference, found.lower, found.upper))
        if len(set(answers)) > 1 or len(numbers) > 1:
            raise SystemExit(f"the formats do not agree: {answers}, {numbers}")
        ((difference, lower, upper),) = numbers
        bounds = f"{lower:+.4f} to {upper:+.4f}"
        print(
            f"{before + ' -> ' + after:<38}" + "".join(f"{answer:>10}" for answer in answers) + f"{difference:>+12.4f}{bounds:>20}",
            flush=True,
        )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        speed(Path(made))
        data = ROOT.parent / "shared" / "data"
        if data.is_dir():
            agreement(Path(made), data)
        else:
            print("\nthe six pairs need ../shared/data, which is not here")
