"""The ratio of a quantile between two systems, as times and lengths are compared."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

RESAMPLES = 9_999
_AT_ONCE = 500
"""Resamples that are held in memory together."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """The candidate's quantile over the baseline's, with a two-sided interval; below 1 the candidate is less. ``n`` counts pairs."""

    quantile: float
    ratio: float
    lower: float
    upper: float
    n: int


def ratio(
    baseline: Sequence[float],
    candidate: Sequence[float],
    rng: np.random.Generator,
    *,
    quantile: float = 0.5,
    level: float = 0.95,
    resamples: int = RESAMPLES,
) -> Ratio:
    """Compare a quantile of positive numbers that belong together pair by pair, by the percentile bootstrap of the log ratio.

    Pairs are drawn together, so what a question costs both systems does not widen the interval. Quantiles are linear between the
    nearest values (type 7 of Hyndman and Fan 1996). The further out the quantile, the more pairs the interval needs to be true.

    Raises:
        ValueError: fewer than two pairs, lists of different lengths, a number that is not positive, or a quantile outside of (0, 1).
    """
    before, after = (np.asarray(each, dtype=np.float64) for each in (baseline, candidate))
    if len(before) != len(after) or len(before) < 2:
        raise ValueError(f"{len(before)} and {len(after)} values are not two or more pairs")
    if not (np.isfinite([before, after]).all() and min(before.min(), after.min()) > 0):
        raise ValueError("a ratio needs numbers above 0")
    if not 0 < quantile < 1:
        raise ValueError(f"{quantile} is no quantile between 0 and 1")

    def log_ratio(one: NDArray[np.float64], other: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
        return np.asarray(np.log(np.quantile(other, quantile, axis=axis)) - np.log(np.quantile(one, quantile, axis=axis)))

    found = stats.bootstrap(
        (before, after), log_ratio, paired=True, vectorized=True, method="percentile", n_resamples=resamples, batch=_AT_ONCE,
        confidence_level=level, rng=rng,
    ).confidence_interval  # fmt: skip
    point, lower, upper = (float(np.exp(each)) for each in (log_ratio(before, after), found.low, found.high))
    return Ratio(quantile, point, lower, upper, len(before))
