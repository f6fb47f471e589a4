"""The betting processes of a canary: what is kept of a guardrail's paired differences, and what it says.

Sums of logarithms are kept in whole units of 2^-40, rounded down one by one. So adding is exact: events in any order, and parts that were
counted apart and merged, give the same state to the byte; and rounding never overstates the evidence (less than 1e-6 in a million pairs).

Source: STATISTICS.md, section 6; Waudby-Smith and Ramdas 2024, J. R. Stat. Soc. B 86:1.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ragguard.statistics.sequential import BETS, log_mean

UNITS = 2**40
"""Units in 1 of a difference or of a logarithm."""

Sums = tuple[int, ...]
"""One sum of logarithms a bet, in units."""

NOTHING: Sums = (0,) * len(BETS)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is kept of one guardrail: ``pairs`` differences (candidate - baseline, in [-1, 1], higher is better), their sum in units, the
    process against "not worse" (``loss``), and for each margin the one against "worse by the margin or more" (``within``).
    """

    margins: tuple[float, ...]
    pairs: int
    total: int
    loss: Sums
    within: tuple[Sums, ...]

    @property
    def mean(self) -> float:
        """The mean difference; 0 before the first pair."""
        return self.total / UNITS / self.pairs if self.pairs else 0.0

    @property
    def log_loss(self) -> float:
        """The log evidence that the candidate is worse."""
        return _log_mean(self.loss)

    def log_within(self, margin: float) -> float:
        """The log evidence that the candidate is not worse by ``margin`` or more; KeyError if it is not followed."""
        if margin not in self.margins:
            raise KeyError(f"no process follows the margin {margin:g}, only {self.margins}")
        return _log_mean(self.within[self.margins.index(margin)])

    def seen(self, differences: Iterable[float]) -> "Evidence":
        """Return the state after more differences; ValueError on one outside [-1, 1]."""
        found = self
        for difference, times in Counter(map(float, differences)).items():
            found = found.merged(_one(self.margins, difference, times))
        return found

    def merged(self, other: "Evidence") -> "Evidence":
        """Return the state of both, which must have seen different pairs; ValueError if they follow other margins."""
        if self.margins != other.margins:
            raise ValueError(f"states with the margins {self.margins} and {other.margins} cannot be merged")
        within = tuple(_added(mine, theirs) for mine, theirs in zip(self.within, other.within, strict=True))
        return Evidence(self.margins, self.pairs + other.pairs, self.total + other.total, _added(self.loss, other.loss), within)

    def kept(self) -> dict[str, object]:
        """Return what JSON can hold; ``read_back`` makes the same state of it."""
        return {
            "bets": list(BETS),
            "margins": list(self.margins),
            "pairs": self.pairs,
            "total": self.total,
            "loss": list(self.loss),
            "within": [list(each) for each in self.within],
        }


def unseen(margins: Iterable[float]) -> Evidence:
    """Return the state before the first pair; ``margins`` lie in (0, 1)."""
    found = tuple(margins)
    if not found or any(not 0 < margin < 1 for margin in found) or len(set(found)) < len(found):
        raise ValueError(f"{found} are not different margins between 0 and 1")
    return Evidence(found, 0, 0, NOTHING, (NOTHING,) * len(found))


def read_back(row: Mapping[str, object]) -> Evidence:
    """Return the state that ``kept`` gave; ValueError where it is none, or was counted with other bets."""
    margins, pairs, total, loss, within = (row.get(name) for name in ("margins", "pairs", "total", "loss", "within"))
    if row.get("bets") != list(BETS):
        raise ValueError(f"the kept state was counted with the bets {row.get('bets')}, not {list(BETS)}")
    if not isinstance(margins, list) or not isinstance(within, list) or len(within) != len(margins):
        raise ValueError("the kept state has not one process for each margin")
    if not isinstance(pairs, int) or not isinstance(total, int) or pairs < 0 or abs(total) > pairs * UNITS:
        raise ValueError(f"the kept state has {pairs!r} pairs with the sum {total!r}")
    if not all(isinstance(margin, float) for margin in margins):
        raise ValueError(f"the kept state has the margins {margins}, which are not all numbers")
    empty = unseen(margins)
    return Evidence(empty.margins, pairs, total, _whole(loss), tuple(map(_whole, within)))


def _whole(sums: object) -> Sums:
    if not isinstance(sums, list) or len(sums) != len(BETS) or not all(isinstance(each, int) for each in sums):
        raise ValueError(f"the kept state has {sums!r} where {len(BETS)} whole numbers belong")
    return tuple(sums)


def _one(margins: tuple[float, ...], difference: float, times: int) -> Evidence:
    """The state of so many pairs that differ alike: each is rounded, so that the sum is that of one by one."""
    if not -1 <= difference <= 1:
        raise ValueError(f"{difference} is no difference between -1 and 1")
    within = tuple(_logs(difference + margin, times) for margin in margins)
    return Evidence(margins, times, math.floor(difference * UNITS) * times, _logs(-difference, times), within)


def _logs(gain: float, times: int) -> Sums:
    return tuple(math.floor(math.log1p(bet * gain) * UNITS) * times for bet in BETS)


def _added(mine: Sums, theirs: Sums) -> Sums:
    return tuple(map(sum, zip(mine, theirs, strict=True)))


def _log_mean(sums: Sums) -> float:
    return float(log_mean(np.array(sums, dtype=np.float64) / UNITS))
