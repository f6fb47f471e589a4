"""Looking at a check as often as one likes: betting processes that stay valid whenever one stops.

A process multiplies what a bettor's money would have become who bets against a hypothesis, intent by intent, a fixed share of it each
time. If the hypothesis is true, the chance that the money ever grows beyond 1 / alpha is at most alpha (Ville's inequality), so it may be
looked at after every intent. Nobody knows the best share beforehand: the mean over seven of them is a process too. Its state is seven
sums of logarithms, and the order of what was seen does not matter.

Source: Waudby-Smith and Ramdas 2024, J. R. Stat. Soc. B 86:1.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ragguard.statistics.paired import Array
from ragguard.statistics.power import guard

BETS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)
"""Shares of the money that are bet, alike each time."""


def log_money(gains: Array, looks: NDArray[np.int64] | None = None) -> Array:
    """Return the logarithm of the mean money of the seven bettors after each value, along the last axis.

    ``gains`` lie in (-1.1, inf), and their mean is at most 0 if the hypothesis is true. ``looks`` counts the values after which is looked
    (default: after each).
    """
    return log_mean(np.stack([_sums(bet, gains, looks) for bet in BETS]))


def log_mean(sums: Array) -> Array:
    """Return the logarithm of the mean, along the first axis, of what ``sums`` are the logarithms of."""
    highest = sums.max(axis=0)
    return np.asarray(highest + np.log(np.exp(sums - highest).mean(axis=0)))


def _sums(bet: float, gains: Array, looks: NDArray[np.int64] | None) -> Array:
    sums = np.cumsum(np.log1p(bet * gains), axis=-1)
    return np.asarray(sums if looks is None else sums[..., looks - 1])


def within_margin(differences: Array, margin: float, looks: NDArray[np.int64] | None = None) -> Array:
    """Return the log evidence against "worse than the baseline by ``margin`` or more" of differences in [-1, 1]."""
    return log_money(differences + margin, looks)


def worse(differences: Array, looks: NDArray[np.int64] | None = None) -> Array:
    """Return the log evidence against "not worse than the baseline" of differences in [-1, 1]."""
    return log_money(-differences, looks)


@dataclass(frozen=True, slots=True)
class Terms:
    """When a look is sure: at one-sided ``alpha`` for passing, and at ``alpha_fail`` for failing, which ``family`` checks share."""

    alpha: float
    alpha_fail: float
    family: int

    @property
    def passes_from(self) -> float:
        """The log evidence from which on a check passes."""
        return -math.log(self.alpha)

    @property
    def fails_from(self) -> float:
        """The log evidence from which on it fails."""
        return math.log(self.family / self.alpha_fail)


@dataclass(frozen=True, slots=True)
class Look:
    """What a check's processes say, look by look: it passes, it fails, or (neither) more cases are needed."""

    passes: NDArray[np.bool_]
    fails: NDArray[np.bool_]


def look(differences: Array, margin: float, terms: Terms, looks: NDArray[np.int64]) -> Look:
    """Look at a check's differences (one an intent, in a random order, along the last axis) after each number of ``looks``.

    Once one of its processes was sure at a look, it stays so. Passing needs as many intents as the fixed rule's guard does, failing a
    mean loss of at least the margin, as in the fixed rule.

    Raises:
        ValueError: a look is at no difference, or at more than there are.
    """
    if looks.min(initial=1) < 1 or looks.max(initial=0) > differences.shape[-1]:
        raise ValueError(f"of {differences.shape[-1]} differences, {looks.tolist()} cannot be looked at")
    enough = looks >= guard(terms.alpha, margin)
    passes = (within_margin(differences, margin, looks) >= terms.passes_from) & enough
    means = np.cumsum(differences, axis=-1)[..., looks - 1] / looks
    fails = (worse(differences, looks) >= terms.fails_from) & (means <= -margin)
    return Look(np.logical_or.accumulate(passes, axis=-1), np.logical_or.accumulate(fails, axis=-1))
