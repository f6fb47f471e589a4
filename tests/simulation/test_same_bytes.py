"""STATISTICS.md section 7, row 10: the same bytes for permuted rows, and on 1 and 8 threads."""

import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from ragguard.decision.decide import decide
from ragguard.decision.judge import judge
from ragguard.records.evidence import Check, PairedScores, Score, Unscored
from ragguard.records.metric import Metric, Scale
from ragguard.records.verdict import Estimate
from ragguard.statistics.estimate import estimate

GRADED = Check("golden", Metric("nDCG", 10), "blocking", limit=0.4, strict=True)
BINARY = Check("version-confusion", Metric("VersionAcc", 1), "blocking", limit=0.4)
MUST = Check("golden", Metric("nDCG", 10), "must", slice="canonical", limit=0.01)


def rows(check: Check) -> list[tuple[str, str, Score, Score]]:
    source = random.Random(str(check))
    values = [0.0, 1.0] if check is BINARY else [0.0, 0.1, 0.3, 0.63, 0.7, 1.0, 0.43067655807339306]
    found: list[tuple[str, str, Score, Score]] = []
    for case in range(400):
        intent = f"i{case}" if check is BINARY else f"i{case % 150}"
        candidate: Score = Unscored("timeout") if case in {17, 133} else source.choice(values)
        found.append((f"q{case}", intent, source.choice(values), candidate))
    return found


def decided(seed: int) -> str:
    """The whole decision as text, from rows shuffled by ``seed`` (0: as they are)."""
    jobs = []
    for check in (GRADED, BINARY, MUST):
        shuffled = rows(check)
        if seed:
            random.Random(seed).shuffle(shuffled)
        cases, intents, baseline, candidate = zip(*shuffled, strict=True)
        jobs.append(PairedScores(check, Scale(binary=check is BINARY), cases, intents, baseline, candidate))

    def run(pairs: PairedScores) -> tuple[str, Estimate]:
        return "baseline", estimate(pairs, alpha=0.05, endpoints=2)

    return repr(decide("tuned", judge([run(pairs) for pairs in jobs], alpha=0.05), ["forgetting"]))


def test_row_10_permuted_rows() -> None:
    expected = decided(0)
    assert "nan" not in expected
    assert all(decided(seed) == expected for seed in range(1, 12))


def test_row_10_one_and_eight_threads() -> None:
    def on(threads: int) -> list[str]:
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(decided, range(16)))

    assert set(on(1)) == set(on(8)) == {decided(0)}


@pytest.mark.slow
def test_row_10_one_and_eight_threads_of_numerical_libraries() -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import test_same_bytes; sys.stdout.write(test_same_bytes.decided(3))"
    folder = os.path.dirname(__file__)  # noqa: PTH120
    found = {
        subprocess.run(
            [sys.executable, "-c", code, folder],
            env={**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "PYTHONHASHSEED": threads},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for threads in ("1", "8")
    }
    assert found == {decided(0)}
