"""A question asked several times, for systems that do not always say the same."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ragguard.errors import CannotJudge
from ragguard.reports import words

CONFIDENCE = 0.95
"""Of the interval that a message gives for the true share."""

_SHOWN, _WIDTH = 5, 200


class Drawn(Protocol):
    """What a system did one time."""

    @property
    def answer(self) -> str | None:
        """What it said."""

    @property
    def error(self) -> str:
        """Why it did nothing."""


_D = TypeVar("_D", bound=Drawn)


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something held: ``held`` of ``n`` times."""

    held: int
    n: int

    @property
    def share(self) -> float:
        """The share of times that it held."""
        return self.held / self.n

    def interval(self) -> tuple[float, float]:
        """The exact (Clopper-Pearson) two-sided 95 % interval of the true share."""
        from scipy.stats import binomtest

        found = binomtest(self.held, self.n).proportion_ci(CONFIDENCE, method="exact")
        return float(found.low), float(found.high)

    def chance(self, share: float) -> float:
        """The probability that it holds so few times or fewer where the true share is ``share`` (binomial, exact)."""
        from scipy.stats import binom

        return float(binom.cdf(self.held, self.n, share))


@dataclass(frozen=True, slots=True)
class Trial(Generic[_D]):
    """``n`` goes at one question, of which a share of at least ``threshold`` is to be good. Nothing is asked before ``assert_holds``."""

    n: int
    threshold: float
    ask: Callable[[], Sequence[_D]]
    question: str = ""

    def __post_init__(self) -> None:
        if self.n < 1 or not 0 < self.threshold <= 1:
            raise ValueError(f"trial(n={self.n}, threshold={self.threshold}): n is at least 1, threshold above 0 and at most 1")

    @property
    def enough(self) -> int:
        """How many good ones are wanted."""
        return math.ceil(self.n * self.threshold - 1e-9)

    def assert_holds(self, predicate: Callable[[_D], bool]) -> Tally:
        """Ask, and fail unless the predicate is true of enough goes. An assertion that fails in it counts as false.

        Raises:
            CannotJudge: the system failed at one of the goes, which says nothing about quality.
            TypeError: the predicate returned neither True nor False.
        """
        __tracebackhide__ = True
        drawn = self.ask()
        broken = [each.error for each in drawn if each.error]
        if broken:
            raise CannotJudge(f"{len(broken)} of {self.n} times the system failed on {self.question!r}; the first: {broken[0]}")
        good = [_holds(predicate, each) for each in drawn]
        tally = Tally(sum(good), self.n)
        if tally.held < self.enough:
            raise AssertionError(self._told(tally, [each for each, fine in zip(drawn, good, strict=True) if not fine]))
        return tally

    def _told(self, tally: Tally, bad: Sequence[_D]) -> str:
        low, high = tally.interval()
        said = Counter("nothing" if each.answer is None else words.clip(each.answer, _WIDTH) for each in bad)
        return "\n".join(
            [
                f"{tally.held} of {tally.n} times it held ({tally.share:.2f}); wanted {self.enough}, a share of {self.threshold:g}",
                f"the true share lies between {low:.2f} and {high:.2f} (exact binomial, {CONFIDENCE:.0%}); if it were {self.threshold:g}, "
                f"so few or fewer would be seen in {tally.chance(self.threshold):.2%} of such trials",
                f"asked: {words.clip(self.question, _WIDTH)}",
                *(f"{times} times: {text}" for text, times in said.most_common(_SHOWN)),
            ]
        )


def _holds(predicate: Callable[[_D], bool], drawn: _D) -> bool:
    try:
        held: object = predicate(drawn)
    except AssertionError:
        return False
    if type(held).__name__ not in ("bool", "bool_"):  # the second is numpy's
        raise TypeError(f"the predicate of a trial returned {held!r}; it must return True or False")
    return bool(held)
