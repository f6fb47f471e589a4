"""STATISTICS.md section 5: how often a candidate whose 95th percentile is longer by exactly the margin passes, and an equal one."""

import numpy as np
import pytest
from numpy.typing import NDArray
from populations import accepted, accepted_at_least

from ragguard.statistics.bootstrap import quantiles
from ragguard.statistics.seeds import keyed

Array = NDArray[np.float64]
TRIALS = 2_000
RESAMPLES = 499
ALPHA, MARGIN = 0.05, 0.10


def drawn(rng: np.random.Generator, kind: str, n: int) -> tuple[Array, Array]:
    """Times of both arms, to which a case's difficulty is common; what is an arm's own has a "heavy" tail, or two modes ("timeouts")."""
    common = rng.normal(0, 0.5, n)
    own = rng.normal(0, 0.3, (2, n))
    if kind == "heavy":
        own = 0.2 * np.log1p(rng.pareto(3.0, (2, n)))
    if kind == "timeouts":
        own = own + np.where(rng.random((2, n)) < 0.08, 1.5, 0.0)
    return np.exp(common + own[0]), np.exp(common + own[1])


def bounds(kind: str, n: int, slower: float, quantile: float, trials: int) -> Array:
    """The upper bound of the ratio, of each trial."""
    rng, found = np.random.default_rng(n), []
    for trial in range(trials):
        before, after = drawn(rng, kind, n)
        one, other = quantiles(before, slower * after, np.arange(n), quantile, keyed("trial", str(trial)), RESAMPLES)
        found.append(np.quantile(other / one, 1 - ALPHA))
    return np.array(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "n", "quantile"), [("plain", 500, 0.95), ("heavy", 500, 0.95), ("timeouts", 800, 0.95), ("plain", 2000, 0.99)]
)
def test_longer_by_the_margin_passes_about_alpha_of_the_time(kind: str, n: int, quantile: float) -> None:
    count = int((bounds(kind, n, 1 + MARGIN, quantile, TRIALS) < 1 + MARGIN).sum())
    assert accepted(count, TRIALS, 0.06), count / TRIALS
    assert kind == "heavy" or count > 0.01 * TRIALS, count / TRIALS  # where the arms differ least, it is far below


@pytest.mark.slow
def test_an_equal_tail_passes_with_enough_cases() -> None:
    count = int((bounds("plain", 3_000, 1.0, 0.95, 500) < 1 + MARGIN).sum())
    assert accepted_at_least(count, 500, 0.9), count / 500
