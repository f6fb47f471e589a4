"""A quantile of both arms in many bootstrap samples: intents drawn with replacement, both arms of an intent together.

Only ranks near the quantile can become it, so that of all intents but those with a case there it is counted how many are drawn below, and
no more: a tenth of the work of drawing all of them, with the same distribution.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ragguard.statistics.paired import Array

RESAMPLES = 9_999

_SURE = 6
"""Standard deviations of the quantile's rank that are looked at on each side; beyond, all ranks are."""

_AT_ONCE = 1_000
"""Samples that are held in memory together."""

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class _Window:
    """Of one arm: its ``values`` at the ranks that are looked at, sorted; of each intent, how many cases rank ``below`` them, and which
    of the window's places its cases have (``places`` from ``start`` on, ``inside`` many).
    """

    values: Array
    below: Integers
    places: Integers
    start: Integers
    inside: Integers

    @classmethod
    def of(cls, values: Array, intents: Integers, count: int, quantile: float, reach: int) -> "_Window":
        n = len(values)
        low, high = max(math.floor(n * quantile) - reach, 0), min(math.ceil(n * quantile) + reach, n)
        order = np.argsort(values, kind="stable")
        seen = order[low:high]
        by_intent = np.argsort(intents[seen], kind="stable")
        inside = np.bincount(intents[seen], minlength=count)
        return cls(values[seen], np.bincount(intents[order[:low]], minlength=count), by_intent, np.cumsum(inside) - inside, inside)

    def among(self, intents: Integers) -> "_Window":
        """Return the window of some of the intents, numbered anew."""
        return replace(self, below=self.below[intents], start=self.start[intents], inside=self.inside[intents])

    def cells(self, picked: Integers, owner: Integers) -> Integers:
        """Return the place of each case of the picked intents, counted on by the window's width from owner to owner."""
        inside, width = self.inside[picked], len(self.values)
        if self.inside.max() <= 1:
            seen = inside > 0
            return np.asarray(owner[seen] * width + self.places[self.start[picked[seen]]])
        first = np.repeat(self.start[picked] - (np.cumsum(inside) - inside), inside)
        return np.asarray(np.repeat(owner, inside) * width + self.places[first + np.arange(len(first))])


def quantiles(
    before: Array, after: Array, intents: Integers, quantile: float, rng: np.random.Generator, resamples: int = RESAMPLES
) -> tuple[Array, Array]:
    """Return the quantile of ``before`` and of ``after`` in each bootstrap sample, linear between the nearest values (type 7).

    ``intents`` numbers the intent of each case from 0 on, without a gap; ``quantile`` lies in (0, 1).

    Raises:
        ValueError: there are less than two cases.
    """
    if len(before) < 2:
        raise ValueError(f"a bootstrap takes two cases or more, and there is {len(before)}")
    n, count = len(before), int(intents.max()) + 1
    largest = int(np.bincount(intents).max())
    reach = math.ceil(_SURE * math.sqrt(n * quantile * (1 - quantile) * largest)) + 2
    found = _within(before, after, intents, count, quantile, rng, resamples, reach)
    if found is None:
        found = _within(before, after, intents, count, quantile, rng, resamples, n)
    if found is None:
        raise ArithmeticError("a quantile lies at none of all ranks")
    return found


def _within(
    before: Array, after: Array, intents: Integers, count: int, quantile: float, rng: np.random.Generator, resamples: int, reach: int
) -> tuple[Array, Array] | None:
    """The quantiles, if all of them lie within ``reach`` ranks of where they are expected."""
    arms = [_Window.of(values, intents, count, quantile, reach) for values in (before, after)]
    draws = _Draws.of(arms, np.bincount(intents, minlength=count))
    made = []
    for begin in range(0, resamples, _AT_ONCE):
        found = draws.make(min(_AT_ONCE, resamples - begin), rng, quantile)
        if found is None:
            return None
        made.append(found)
    return np.concatenate([one for one, _ in made]), np.concatenate([other for _, other in made])


@dataclass(frozen=True)
class _Draws:
    """All ``count`` intents. Of those with a case at a rank that is looked at, ``near`` has a row each, of the others ``patterns`` a row
    for all ``counts`` that are alike: an intent's cases, and how many of them rank below in each arm. The arms know the near ones alone.
    """

    arms: list[_Window]
    count: int
    near: Integers
    patterns: Integers
    counts: Integers

    @classmethod
    def of(cls, arms: list[_Window], sizes: Integers) -> "_Draws":
        told = np.stack([sizes, *(arm.below for arm in arms)], axis=1)
        rows = np.flatnonzero(sum(arm.inside for arm in arms) > 0)
        others = np.delete(told, rows, axis=0)
        patterns, counts = np.unique(others, axis=0, return_counts=True) if len(others) else (others, np.zeros(0, dtype=np.int64))
        return cls([arm.among(rows) for arm in arms], len(told), told[rows], patterns, counts)

    def make(self, samples: int, rng: np.random.Generator, quantile: float) -> tuple[Array, Array] | None:
        drawn = rng.multinomial(self.count, np.append(len(self.near), self.counts) / self.count, size=samples)
        picked = rng.integers(0, len(self.near), int(drawn[:, 0].sum()))
        owner = np.repeat(np.arange(samples), drawn[:, 0])
        size, *below = (self._total(column, drawn, picked, owner) for column in range(3))
        found = [_at(arm, base, size, picked, owner, quantile) for arm, base in zip(self.arms, below, strict=True)]
        return None if found[0] is None or found[1] is None else (found[0], found[1])

    def _total(self, column: int, drawn: Integers, picked: Integers, owner: Integers) -> Integers:
        """Of each sample, the sum of a column of the intents' patterns."""
        near, others = self.near[:, column], drawn[:, 1:] @ self.patterns[:, column]
        if not near.any():
            return np.asarray(others)
        if (near == 1).all():
            return np.asarray(others + drawn[:, 0])
        return np.asarray(others + np.bincount(owner, near[picked], len(drawn)).astype(np.int64))


def _at(arm: _Window, below: Integers, size: Integers, picked: Integers, owner: Integers, quantile: float) -> Array | None:
    """The quantile of each sample, if all of them lie in the window."""
    samples, width = len(size), len(arm.values)
    cells = np.bincount(arm.cells(picked, owner), minlength=samples * width).reshape(samples, width)
    ranked = below[:, None] + np.cumsum(cells, axis=1)
    rank = (size - 1) * quantile
    lower = np.floor(rank).astype(np.int64)
    upper = np.minimum(lower + 1, size - 1)
    if (below > lower).any() or (ranked[:, -1] <= upper).any():
        return None
    values = [arm.values[(ranked > each[:, None]).argmax(axis=1)] for each in (lower, upper)]
    return np.asarray(values[0] + (rank - lower) * (values[1] - values[0]))
