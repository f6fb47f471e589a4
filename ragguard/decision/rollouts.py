"""Many roll-outs at once, looked at after every pair: the rules of ``rollout`` on matrices of differences.

Rows are roll-outs, columns pairs. What is played can be played on, block by block, so that long roll-outs fit into memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ragguard.decision.rollout import MARGIN, Rules, Tier, scaled
from ragguard.statistics.paired import Array
from ragguard.statistics.sequential import BETS, log_mean

NEVER = 10**9
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]

_BETS = np.array(BETS)[:, None, None]


@dataclass(frozen=True, slots=True)
class Watched:
    """What a guardrail may do: see ``rollout.Guardrail``."""

    margin: float = MARGIN
    tier: Tier = "blocking"
    minimum: int = 0


@dataclass(frozen=True)
class Sums:
    """What is kept of a guardrail in each roll-out: its pairs, the sum of their differences, and the logarithms of the bettors' money."""

    seen: Counts
    total: Array
    loss: Array
    within: tuple[Array, ...]


@dataclass(frozen=True)
class Played:
    """After how many pairs each roll-out would be rolled back, and left each stage; ``NEVER`` where it is not.

    ``alone`` says, by guardrail and stage, after how many pairs that guardrail alone has what the stage asks for (blocking ones only).
    """

    rolled: Counts
    left: tuple[Counts, ...]
    alone: tuple[tuple[Counts, ...], ...] = ()

    @property
    def rolled_back(self) -> Mask:
        """Rolled back before all traffic was the candidate's, as happens when both would come at one look."""
        return (self.rolled < NEVER) & (self.rolled <= self.left[-1])

    @property
    def promoted(self) -> Mask:
        """All traffic was the candidate's."""
        return (self.left[-1] < NEVER) & ~self.rolled_back

    def of(self, rows: Mask) -> "Played":
        """Some of the roll-outs."""
        alone = tuple(tuple(each[rows] for each in stages) for stages in self.alone)
        return Played(self.rolled[rows], tuple(each[rows] for each in self.left), alone)


def joined(parts: Sequence[Played]) -> Played:
    """Roll-outs that were played apart, as if together."""
    left = tuple(np.concatenate(stage) for stage in zip(*(each.left for each in parts), strict=True))
    alone = tuple(
        tuple(np.concatenate(stage) for stage in zip(*stages, strict=True)) for stages in zip(*(each.alone for each in parts), strict=True)
    )
    return Played(np.concatenate([each.rolled for each in parts]), left, alone)


@dataclass(frozen=True)
class Playing:
    """Roll-outs after so many ``pairs``, which can be played on."""

    watched: tuple[Watched, ...]
    rules: Rules
    pairs: int
    sums: tuple[Sums, ...]
    played: Played

    def on(self, guardrails: Sequence[Array]) -> "Playing":
        """Return the roll-outs after more pairs, one matrix a guardrail; NaN is a pair of which the signal says nothing."""
        looks = self.pairs + np.arange(1, guardrails[0].shape[1] + 1)
        found = [_seen(*each, self.rules, self._family) for each in zip(self.watched, self.sums, guardrails, strict=True)]
        rolled = np.minimum(self.played.rolled, _first(np.logical_or.reduce([each.falls for each in found]), looks))
        blocking = [(each, stages) for each, stages in zip(found, self.played.alone, strict=True) if each.sure]
        left: list[Counts] = []
        for stage, before in enumerate(self.played.left):
            after = left[-1][:, None] if left else 0
            sure = np.logical_and.reduce([each.sure[stage] for each, _ in blocking])
            left.append(np.minimum(before, _first(sure & (looks > after), looks)))
        alone = tuple(
            tuple(np.minimum(before, _first(sure, looks)) for before, sure in zip(stages, each.sure, strict=True))
            for each, stages in zip(found, self.played.alone, strict=True)
        )
        played_ = Played(rolled, tuple(left), alone)
        return replace(self, pairs=int(looks[-1]), sums=tuple(each.sums for each in found), played=played_)

    def of(self, rows: Mask) -> "Playing":
        """Some of the roll-outs."""
        sums = tuple(
            Sums(each.seen[rows], each.total[rows], each.loss[:, rows], tuple(stage[:, rows] for stage in each.within))
            for each in self.sums
        )
        return replace(self, sums=sums, played=self.played.of(rows))

    @property
    def _family(self) -> int:
        """The guardrails that share alpha."""
        return sum(each.tier != "advisory" for each in self.watched)


def begin(watched: Sequence[Watched], rows: int, rules: Rules) -> Playing:
    """Return roll-outs before their first pair."""
    never, stages = np.full(rows, NEVER), len(rules.stages)
    of_blocking = [stages if each.tier == "blocking" else 0 for each in watched]
    nothing = np.zeros((len(BETS), rows))
    sums = tuple(Sums(np.zeros(rows, dtype=np.int64), np.zeros(rows), nothing, (nothing,) * count) for count in of_blocking)
    return Playing(tuple(watched), rules, 0, sums, Played(never, (never,) * stages, tuple((never,) * count for count in of_blocking)))


def played(guardrails: Sequence[Array], rules: Rules, watched: Sequence[Watched] | None = None) -> Played:
    """Play roll-outs, one matrix a guardrail, each of which is blocking with a margin of 0.05 unless said."""
    return begin(watched or [Watched()] * len(guardrails), len(guardrails[0]), rules).on(guardrails).played


@dataclass(frozen=True)
class _Found:
    """What a guardrail says after each pair: roll back; and (of a blocking one), by stage, that it would let go on."""

    sums: Sums
    falls: Mask
    sure: tuple[Mask, ...]


def _seen(watched: Watched, before: Sums, differences: Array, rules: Rules, family: int) -> _Found:
    known = ~np.isnan(differences)
    values = np.where(known, differences, 0.0)
    seen = before.seen[:, None] + np.cumsum(known, axis=1)
    total = before.total[:, None] + np.cumsum(values, axis=1)
    if watched.tier == "advisory":
        return _Found(replace(before, seen=seen[:, -1], total=total[:, -1]), np.zeros(known.shape, dtype=bool), ())
    means = total / np.maximum(seen, 1)
    loss, money = _money(-values, before.loss, np.log(family / rules.alpha))
    falls = money & (means <= -watched.margin / 2) & (seen >= watched.minimum)
    falls |= (seen >= max(rules.emergency_pairs, watched.minimum)) & (means <= -rules.emergency)
    within, sure = list[Array](), list[Mask]()
    for stage, sums in zip(rules.stages, before.within, strict=False):
        margin = scaled(stage.margin, watched.margin)
        after, excluded = _money(np.where(known, values + margin, 0.0), sums, -np.log(rules.alpha))
        within.append(after)
        sure.append(excluded & (seen >= stage.pairs))
    return _Found(Sums(seen[:, -1], total[:, -1], loss, tuple(within)), falls, tuple(sure))


def _money(gains: Array, before: Array, needed: float) -> tuple[Array, Mask]:
    """The logarithms of the bettors' money after all gains, and after which of them their mean was at least ``needed`` (a logarithm)."""
    sums = np.cumsum(np.log1p(_BETS * gains), axis=-1) + before[..., None]
    highest = sums.max(axis=0)
    reached = highest >= needed + np.log(len(BETS))  # the mean is at least the highest one's share of it
    unsure = (highest >= needed) & ~reached
    reached[unsure] = log_mean(sums[:, unsure]) >= needed
    return sums[..., -1], reached


def _first(mask: Mask, looks: Counts) -> Counts:
    """The first look of each row at which ``mask`` holds."""
    return np.where(mask.any(axis=1), looks[mask.argmax(axis=1)], NEVER)
