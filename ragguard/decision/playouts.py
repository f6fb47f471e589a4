"""Simulated roll-outs, drawn from what signals are like, played, and counted."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ragguard.decision.rollout import Rules
from ragguard.decision.rollouts import NEVER, Counts, Mask, Played, Playing, Watched, begin, joined
from ragguard.statistics.paired import Array
from ragguard.statistics.redraw import Random

AT_ONCE, BLOCK = 250, 64
"""Roll-outs, and pairs of them, that are held in memory together."""

DROPS = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Planted losses, in margins."""


@dataclass(frozen=True)
class Signal:
    """A guardrail's values before a roll-out: one a request, in [0, 1], higher is better.

    ``baseline`` are values of the baseline; ``candidate`` those of an equal candidate on the same requests where both arms answer each
    request (shadow), None where traffic is split, and a pair is of two requests. ``values`` is the share of requests that have one.
    """

    name: str
    watched: Watched
    baseline: Array
    candidate: Array | None = None
    values: float = 1.0
    source: str = ""

    @cached_property
    def level(self) -> float:
        """The mean of the baseline, and of an equal candidate."""
        both = self.baseline if self.candidate is None else np.concatenate([self.baseline, self.candidate])
        return float(both.mean())

    @property
    def sd(self) -> float:
        """The standard deviation of the difference of a pair, for an equal candidate."""
        if self.candidate is None:
            return float(np.sqrt(2.0) * self.baseline.std())
        return float(np.sqrt(((self.candidate - self.baseline) ** 2).mean()))

    def lost(self, margins: float) -> float:
        """The share of its values that a candidate loses to be worse by so many margins; above 1 there is not so much to lose."""
        return margins * self.watched.margin / self.level if margins else 0.0

    def draw(self, random: np.random.Generator, rows: int, first: int, columns: int, lost: float) -> tuple[Array, Array]:
        """Differences of pairs, from number ``first`` on, of an equal candidate, and of one that lost a share ``lost`` of its values."""
        size = (rows, columns)
        one = random.integers(0, len(self.baseline), size)
        if self.candidate is None:
            before, after = self.baseline[one], self.baseline[random.integers(0, len(self.baseline), size)]
        else:
            swapped = random.random(size) < 0.5
            before, after = (np.where(swapped, *each) for each in _both(self.baseline[one], self.candidate[one]))
        kept = random.random(size) >= lost
        absent = self._absent(first, columns)
        good, bad = after - before, after * kept - before
        good[:, absent], bad[:, absent] = np.nan, np.nan
        return good, bad

    def _absent(self, first: int, columns: int) -> Mask:
        """The pairs that have no value of it: all but every so-many-th."""
        numbers = np.floor(np.arange(first, first + columns + 1) * self.values)
        return np.asarray(numbers[1:] == numbers[:-1])


def _both(one: Array, other: Array) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    return (one, other), (other, one)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A kind of candidate: worse by ``drop`` margins of each blocking guardrail, or of ``only`` that one, from the stage ``stage`` on.

    ``waiting`` pairs had begun when that stage was entered, and are as they were before.
    """

    drop: float = 0.0
    only: str = ""
    stage: int = 0
    waiting: int = 0

    @property
    def named(self) -> str:
        """Under which name its random numbers are drawn."""
        return f"{self.drop:g}/{self.only}/{self.stage}"

    def loses(self, signal: Signal) -> float:
        """The margins that it loses of a signal."""
        return self.drop if signal.watched.tier == "blocking" and self.only in ("", signal.name) else 0.0


def candidates(signals: Sequence[Signal], stages: int, waiting: int = 0) -> Iterator[Candidate]:
    """Every kind that is played; "only" is the blocking guardrail that is hardest to see, by its spread and how often it has a value.

    ``waiting`` pairs have begun when the last stage is entered.
    """
    blocking = [each for each in signals if each.watched.tier == "blocking"]
    hardest = max(blocking, key=lambda each: each.sd**2 / each.values / each.watched.margin**2).name
    yield from (Candidate(drop) for drop in DROPS)
    if len(blocking) > 1:
        yield from (Candidate(drop, only=hardest) for drop in DROPS[1:])
    if stages > 1:
        yield from (Candidate(drop, stage=stages - 1, waiting=waiting) for drop in DROPS[1:])


def play(signals: Sequence[Signal], rules: Rules, kind: Candidate, rollouts: int, random: Random, step: Callable[[int], None]) -> Played:
    """Play roll-outs of one kind of candidate until they end, or ``rules.labels`` pairs are judged.

    ``random`` gives the random numbers of a purpose, and ``step`` is told how many roll-outs were played.
    """
    parts = []
    for number, first in enumerate(range(0, rollouts, AT_ONCE)):
        rows = min(AT_ONCE, rollouts - first)
        parts.append(_batch(signals, rules, kind, rows, random(f"{kind.named}/{number}")))
        step(rows)
    return joined(parts)


def _batch(signals: Sequence[Signal], rules: Rules, kind: Candidate, rows: int, random: np.random.Generator) -> Played:
    lost = [each.lost(kind.loses(each)) for each in signals]
    playing = begin([each.watched for each in signals], rows, rules)
    places, found = np.arange(rows), playing.played
    most = math.ceil(rules.labels / max(each.values for each in signals if each.watched.tier != "advisory"))
    while places.size and playing.pairs < most:
        columns = min(BLOCK, most - playing.pairs)
        drawn = [each.draw(random, places.size, playing.pairs, columns, share) for each, share in zip(signals, lost, strict=True)]
        playing = _played_on(playing, kind, *zip(*drawn, strict=True))
        found = _noted(found, places, playing.played)
        goes_on = ~(playing.played.rolled_back | playing.played.promoted)
        playing, places = playing.of(goes_on), places[goes_on]
    return found


def _played_on(playing: Playing, kind: Candidate, good: Sequence[Array], bad: Sequence[Array]) -> Playing:
    """Play a block; where the loss begins within it is known when it was played without."""
    if not kind.stage:
        return playing.on(bad)
    numbers = playing.pairs + np.arange(good[0].shape[1])
    begins = begin_of_loss(playing.played, kind)
    if (begins >= NEVER).any():
        begins = begin_of_loss(playing.on(_from(begins, numbers, good, bad)).played, kind)
    return playing.on(_from(begins, numbers, good, bad))


def begin_of_loss(played: Played, kind: Candidate) -> Counts:
    """The pairs of each roll-out that come before the loss; ``NEVER`` or more where it never begins."""
    return played.left[kind.stage - 1] + kind.waiting if kind.stage else np.zeros(len(played.rolled), dtype=np.int64)


def _from(begins: Counts, numbers: Counts, good: Sequence[Array], bad: Sequence[Array]) -> list[Array]:
    late = numbers >= begins[:, None]
    return [np.where(late, after, before) for before, after in zip(good, bad, strict=True)]


def _noted(found: Played, places: Counts, now: Played) -> Played:
    """What was found, with what is known now of the roll-outs that still were played."""

    def put(before: Counts, after: Counts) -> Counts:
        filled = before.copy()
        filled[places] = after
        return filled

    alone = tuple(tuple(map(put, *stages)) for stages in zip(found.alone, now.alone, strict=True))
    left = tuple(put(*stage) for stage in zip(found.left, now.left, strict=True))
    return replace(found, rolled=put(found.rolled, now.rolled), left=left, alone=alone)
