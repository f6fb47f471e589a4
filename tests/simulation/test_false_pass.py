"""STATISTICS.md section 7, rows 1, 2, 4 and 9: how often something that is worse by exactly the margin passes."""

import numpy as np
import pytest
from populations import Array, Population, accepted, clustered, losing
from scipy.stats import binom

from ragguard.statistics.binary import tango_exceeds
from ragguard.statistics.paired import hall_bounds, lower_bound, moments_of_rows
from ragguard.statistics.power import guard

TRIALS = 10_000
ALPHA = 0.05
CELLS = [
    (metric, noise, kind, size)
    for metric in ("nDCG@10", "RR")
    for noise in (0.5, 0.7, 1.0)
    for kind in ("smooth", "half", "collapse")
    for size in (59, 100, 200, 500)
]


def false_passes(population: Population, size: int, *, strict: bool, seed: int = 11) -> int:
    samples = moments_of_rows(population.sample(np.random.default_rng(seed), TRIALS, size))
    return int((lower_bound(samples, ALPHA, strict=strict) > population.mean).sum())


def test_simulator_has_the_ties_and_the_spread_of_real_retrieval() -> None:
    for metric, noise in (("nDCG@10", 0.5), ("nDCG@10", 1.0), ("RR", 0.5), ("RR", 1.0)):
        population = losing(metric, noise, 0.05, "smooth")
        assert 0.40 <= (population.difference == 0).mean() <= 0.62
        assert 0.15 <= population.difference.std() <= 0.32
        assert population.mean == pytest.approx(-0.05, abs=0.001)
        assert (population.baseline == 1).mean() == pytest.approx(0.5, abs=0.02)
    assert (losing("nDCG@10", 0.5, 0.05, "smooth").baseline == 0).mean() == pytest.approx(0.11, abs=0.02)


@pytest.mark.slow
def test_row_1_graded_metrics_at_the_margin() -> None:
    counts = {cell: false_passes(losing(cell[0], cell[1], 0.05, cell[2]), cell[3], strict=False) for cell in CELLS}
    too_many = {cell: count / TRIALS for cell, count in counts.items() if not accepted(count, TRIALS, 0.07)}
    assert not too_many
    assert accepted(sum(counts.values()), TRIALS * len(counts), 0.055), sum(counts.values()) / TRIALS / len(counts)


@pytest.mark.slow
def test_row_1_strict_at_the_margin() -> None:
    counts = {cell: false_passes(losing(cell[0], cell[1], 0.05, cell[2]), cell[3], strict=True) for cell in CELLS}
    assert not {cell: count / TRIALS for cell, count in counts.items() if not accepted(count, TRIALS, 0.05)}


@pytest.mark.parametrize(("share", "loss"), [(0.05, 1.0), (0.1, 0.5), (0.0625, 0.8)])
def test_row_1_nothing_but_a_few_queries_that_collapse(share: float, loss: float) -> None:
    rng = np.random.default_rng(3)
    for size in (59, 80, 100, 200, 500):
        samples = moments_of_rows(-loss * (rng.random((TRIALS, size)) < share))
        assert accepted(int((lower_bound(samples, ALPHA) > -share * loss).sum()), TRIALS, 0.07)
        assert accepted(int((lower_bound(samples, ALPHA, strict=True) > -share * loss).sum()), TRIALS, 0.05)


def tango_size(n: int, delta: float, wins: float) -> float:
    """The exact chance that Tango passes when the candidate alone succeeds with chance ``wins``, the baseline ``wins + delta``."""
    count = np.arange(n + 1)
    lost, won = count[:, None], count[None, :]
    inside = lost + won <= n
    passing = tango_exceeds(np.where(inside, won, 0), np.where(inside, lost, 0), n, -delta, ALPHA) & inside
    chance = binom.pmf(lost, n, wins + delta) * binom.pmf(won, n - np.minimum(lost, n), wins / (1 - wins - delta))
    return float(chance[passing].sum())


@pytest.mark.slow
def test_row_2_tango_by_exact_enumeration() -> None:
    worst = {
        (n, delta): max(tango_size(n, delta, wins) for wins in (0.0, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.4))
        for n in (30, 45, 59, 75, 100, 150, 200, 300, 500)
        for delta in (0.01, 0.02, 0.03, 0.05, 0.1)
        if n >= guard(ALPHA, delta)
    }
    assert {cell: size for cell, size in worst.items() if size > 0.0605} == {}
    assert max(worst.values()) > 0.04  # an interval that never passes anything would be no better


SIZES = np.array([1, 1, 2, 2, 3, 3, 5, 5, 8, 10])


def correlation(differences: Array) -> float:
    """The intra-class correlation, by analysis of variance."""
    size = differences.shape[1]
    between, within = size * differences.mean(axis=1).var(ddof=1), differences.var(axis=1, ddof=1).mean()
    return float((between - within) / (between + (size - 1) * within))


@pytest.mark.slow
@pytest.mark.parametrize("icc", [0.3, 0.7, 0.78])
@pytest.mark.parametrize("intents", [20, 40, 100])
def test_row_4_paraphrases_belong_together(icc: float, intents: int) -> None:
    population = clustered(icc)
    assert correlation(population) <= 0.6
    sizes = np.resize(SIZES, intents)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    columns = np.concatenate([np.arange(size) for size in sizes])
    picked = np.random.default_rng(intents).integers(0, len(population), (TRIALS, intents))
    cases = population[np.repeat(picked, sizes, axis=1), columns]
    by_intent = moments_of_rows(np.add.reduceat(cases, starts, axis=1) / sizes)
    count = int((hall_bounds(by_intent, ALPHA)[0] > population.mean()).sum())
    assert accepted(count, TRIALS, 0.075), count / TRIALS
    ignoring = (hall_bounds(moments_of_rows(cases), ALPHA)[0] > population.mean()).mean()
    assert icc < 0.5 or ignoring > 0.10


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["smooth", "collapse"])
def test_row_9_three_declared_looks(kind: str) -> None:
    population = losing("nDCG@10", 0.7, 0.05, kind)
    samples = population.sample(np.random.default_rng(9), TRIALS, 300)
    looks = [size for size in (100, 200, 300) if size >= guard(ALPHA / 3, 0.05)]
    passed = [lower_bound(moments_of_rows(samples[:, :size]), ALPHA / 3) > population.mean for size in looks]
    assert len(looks) == 3
    count = int(np.any(passed, axis=0).sum())
    assert accepted(count, TRIALS, 0.055), count / TRIALS
