"""How many intents it takes. Differences, margins and standard deviations are shares of the metric's range."""

import math

from scipy.special import chdtri, ndtr, ndtri

from ragguard.errors import InputError, Problem

BETA = 0.20
"""Chance that a plan leaves an equal candidate without a promotion, shared among its endpoints."""

_SUPERIORITY_DELTA = 0.05
"""The margin whose guard a check of superiority (margin 0) borrows."""


def guard(alpha: float, margin: float) -> int:
    """Return the least number of intents that may pass: so many that a share ``margin`` of broken ones shows with 1 - ``alpha``.

    Raises:
        InputError: alpha is not in (0, 0.5) or the margin not in [0, 1).
    """
    if not 0 < alpha < 0.5:
        raise InputError(Problem("alpha", f"{alpha} is not a one-sided error rate", "give one in (0, 0.5), for instance 0.05"))
    if not 0 <= margin < 1:
        raise InputError(Problem("margin", f"{margin} is not a share of the metric's range", "give one in [0, 1), for instance 0.05"))
    return max(2, math.ceil(math.log(alpha) / math.log1p(-(margin or _SUPERIORITY_DELTA))))


def mde(sd: float, intents: int, alpha: float) -> float:
    """Return the minimum detectable effect of ``intents`` intents: by spread (power 1 - BETA), or by the sheer number of cases.

    Raises:
        ValueError: there are none.
    """
    if intents < 1:
        raise ValueError("without any intent no effect can be seen")
    return max((_z(alpha) + _z(BETA)) * sd / math.sqrt(intents), -math.expm1(math.log(alpha) / intents))


def needed(sd: float, alpha: float, margin: float, endpoints: int, difference: float = 0.0) -> int | None:
    """Return the intents with which a candidate whose true difference is ``difference`` passes with probability 1 - BETA / K.

    ``endpoints`` is K, the number of blocking endpoints that must all pass (0: the check stands alone, as with 1). At least the guard;
    None: more cases will not help.
    """
    room = margin + difference
    if room <= 0:
        return None
    least = guard(alpha, margin)
    return max(least, math.ceil(((_z(alpha) + _z(BETA / max(endpoints, 1))) * sd / room) ** 2))


def chance(sd: float, intents: int, alpha: float, margin: float, difference: float = 0.0) -> float:
    """Return the chance that a candidate whose true difference is ``difference`` passes with so many intents; 0 below the guard."""
    if intents < guard(alpha, margin):
        return 0.0
    room = margin + difference
    if sd <= 0:
        return float(room > 0)
    return float(ndtr(room * math.sqrt(intents) / sd - _z(alpha)))


def sd_limit(sd: float, intents: int, level: float = 0.80) -> float:
    """Return the upper limit, at ``level``, of the standard deviation behind one seen in ``intents``, by chi-square.

    Raises:
        ValueError: there are less than two.
    """
    if intents < 2:
        raise ValueError(f"a standard deviation takes two intents or more, and there is {intents}")
    freedom = intents - 1
    return sd * math.sqrt(freedom / float(chdtri(freedom, level)))


def _z(tail: float) -> float:
    return -float(ndtri(tail))
