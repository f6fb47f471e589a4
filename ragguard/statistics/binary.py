"""Paired proportions: Tango's score interval, and McNemar's exact test.

Throughout, of ``n`` pairs the candidate alone succeeds in ``wins`` and the baseline alone in ``losses``.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import bdtr, ndtri

from ragguard.statistics.paired import SMALLEST, Array

_EDGE = 1e-9
"""How far from the estimate the search begins: the score equation has a false root at the estimate when no pair differs."""


def tango_bounds(wins: int, losses: int, n: int, alpha: float) -> tuple[float, float]:
    """Return the lower and the upper one-sided score bound, each at ``alpha``, of P(candidate succeeds) - P(baseline succeeds).

    Source: Tango 1998, Stat. Med. 17:891; recommended by Fagerland, Lydersen, Laake 2013, Stat. Med. 32:2850.
    """
    return _lower(wins, losses, n, alpha), -_lower(losses, wins, n, alpha)


def _lower(wins: int, losses: int, n: int, alpha: float) -> float:
    if losses == n:
        return -1.0
    z = -float(ndtri(alpha))

    def excess(delta: float) -> float:
        return wins - losses - n * delta - z * math.sqrt(float(score_variance(wins, losses, n, delta)))

    return float(brentq(excess, -1.0, (wins - losses) / n - _EDGE, xtol=1e-12))


def score_variance(wins: Array | int, losses: Array | int, n: int, delta: float) -> Array:
    """Return the variance of wins - losses if the true difference were ``delta``, the rest estimated by maximum likelihood."""
    b = -np.asarray(wins + losses, dtype=np.float64) + (2 * n - wins + losses) * delta
    c = -np.asarray(losses, dtype=np.float64) * delta * (1 - delta)
    q = (np.sqrt(np.maximum(b * b - 8 * n * c, 0.0)) - b) / (4 * max(n, 1))
    return np.asarray(np.maximum(n * (2 * q + delta * (1 - delta)), 0.0))


def tango_exceeds(wins: Array, losses: Array, n: int, delta: float, alpha: float) -> NDArray[np.bool_]:
    """Tell, sample by sample, whether Tango's lower bound at ``alpha`` lies above ``delta`` (in (-1, 0))."""
    z = -float(ndtri(alpha))
    return np.asarray(wins - losses - n * delta > z * np.sqrt(score_variance(wins, losses, n, delta)))


def mcnemar_worse(wins: Array | int, losses: Array | int) -> Array:
    """Return the exact one-sided p-value of "the candidate is not worse", given the pairs that differ. In (0, 1]."""
    return np.asarray(np.maximum(_at_most(wins, np.add(wins, losses)), SMALLEST))


def mcnemar_uneven(one: int, other: int) -> float:
    """Return the exact two-sided p-value of "both kinds of discordant pairs are equally likely". In (0, 1]."""
    return float(np.clip(2 * _at_most(min(one, other), one + other), SMALLEST, 1.0))


def _at_most(k: Array | int, n: Array | int) -> Array:
    return np.asarray(bdtr(np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.int64), 0.5))
