"""A share of yes among answers, those of one intent counted as belonging together."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from ragguard.records.calibration import Figure
from ragguard.statistics.clusters import Clusters, normal, student

WIDTHS = (0.1, 0.05)
"""Half the widths of the intervals that labels are counted for."""


def proportion(yes: NDArray[np.bool_], among: NDArray[np.bool_], clusters: Clusters, level: float, nobody: str) -> Figure:
    """Return the share of ``yes`` among the rows of ``among``, by the exact interval of Clopper and Pearson 1934.

    Where intents have several rows, these are counted as so many as their design effect leaves, and less for the design effect is but
    estimated: (normal quantile / Student's)^2 (Korn and Graubard 1998). ``nobody`` says why there is no share where ``among`` is empty.
    """
    own = clusters.among(among)
    if not own.n:
        return Figure(note=nobody)
    held = yes[among].astype(np.float64)
    share = float(held.mean())
    if own.count < 2:
        return Figure(share, None, None, own.n, own.count, "one intent tells nothing of the others")
    effect = own.effect(held - share)
    unsure = 1.0 if own.single else (normal(level) / student(level, own.count - 1)) ** 2
    lower, upper = exact(share, own.n / effect * unsure, level)
    rate = own.n / clusters.n
    needed = {f"{width:g}": math.ceil(_least(share, width, level) * effect / rate) for width in WIDTHS}
    return Figure(share, lower, upper, own.n, own.count, needed=needed)


def exact(share: float, n: float, level: float) -> tuple[float, float]:
    """Return Clopper and Pearson's interval of a share seen in ``n`` draws, which need not be whole."""
    tail, held, others = (1 - level) / 2, share * n, (1 - share) * n
    lower = float(betaincinv(held, others + 1, tail)) if held else 0.0
    upper = float(betaincinv(held + 1, others, 1 - tail)) if others else 1.0
    return min(lower, share), max(upper, share)


def _least(share: float, width: float, level: float) -> int:
    """The least number of draws with which the interval of a share is no wider than twice ``width``."""
    low, high = 1, math.ceil((normal(level) / width) ** 2 + 4 / width)  # four times what a half asks for
    while low < high:
        middle = (low + high) // 2
        lower, upper = exact(share, middle, level)
        low, high = (low, middle) if upper - lower <= 2 * width else (middle + 1, high)
    return low
