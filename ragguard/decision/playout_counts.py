"""What played roll-outs came to: shares, pairs and hours."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ragguard.decision.playouts import Candidate, Signal, begin_of_loss
from ragguard.decision.rollout import Rules, scaled
from ragguard.decision.rollouts import NEVER, Counts, Mask, Played
from ragguard.decision.simulate import share
from ragguard.records.playout import Kind, Need, Spread, Stay
from ragguard.statistics.paired import Array

FOREVER = 1e12
"""Hours, of what never happens."""


@dataclass(frozen=True, slots=True)
class Clock:
    """When pairs come. ``per_hour`` units an hour arrive; each enters ``delay`` hours after it began. Where traffic is split, pairs come as
    fast as units of the smaller arm; where it is ``paired``, as fast as those of the candidate.
    """

    per_hour: float
    percents: tuple[float, ...]
    delay: float
    paired: bool

    def hours(self, played: Played) -> tuple[tuple[Array, ...], Array]:
        """Return when each roll-out left each stage, and when it was rolled back, in hours from its start; ``FOREVER`` where it did not.

        Units that began before a stage was left, and have not entered then, count for the next: they began at the pace of that stage.
        """
        rows = len(played.rolled)
        now, begun, pace = np.zeros(rows), np.zeros(rows), self.pace(0)
        back, leaves = np.full(rows, FOREVER), list[Array]()
        for stage, left in enumerate(played.left):
            own = self.pace(stage)
            ends = np.minimum(played.rolled, left)
            ahead = np.minimum(ends, NEVER) - begun
            then = np.maximum(now + ahead / np.where(ahead < 0, pace, own) + self.delay, now)
            back = np.where((played.rolled <= left) & (played.rolled < NEVER) & (back == FOREVER), then, back)
            then = np.where((left < NEVER) & (back == FOREVER), then, FOREVER)
            begun, now, pace = begun + own * (then - now), then, own
            leaves.append(then)
        return tuple(leaves), back

    def pace(self, stage: int) -> float:
        """Pairs an hour."""
        percent = self.percents[stage]
        return self.per_hour * (percent if self.paired else min(percent, 100 - percent)) / 100


def kind(candidate: Candidate, played: Played, clock: Clock | None) -> Kind:
    """Count how the roll-outs of one kind of candidate ended."""
    back, on, rows = played.rolled_back, played.promoted, len(played.rolled)
    begins = begin_of_loss(played, candidate)
    false = back & ((played.rolled <= begins) if candidate.drop else True)
    true = back & (~false if candidate.drop else True)
    hours_back, hours_on = _hours(candidate, played, clock, true, on)
    return Kind(
        drop=candidate.drop,
        only=candidate.only,
        stage=candidate.stage,
        rolled_back=share(int(back.sum()), rows),
        falsely=share(int(false.sum()), rows),
        promoted=share(int(on.sum()), rows),
        neither=share(int((~back & ~on).sum()), rows),
        pairs_back=_spread((played.rolled - begins)[true]),
        pairs_on=_spread(played.left[-1][on]),
        hours_back=hours_back,
        hours_on=hours_on,
    )


def _hours(candidate: Candidate, played: Played, clock: Clock | None, back: Mask, on: Mask) -> tuple[Spread | None, Spread | None]:
    if clock is None:
        return None, None
    leaves, ends = clock.hours(played)
    begins = leaves[candidate.stage - 1] if candidate.stage else np.zeros(len(ends))
    return _spread(ends[back] - begins[back]), _spread(leaves[-1][on])


def _spread(values: Array | Counts) -> Spread | None:
    if not values.size:
        return None
    low, median, high = np.quantile(values, (0.05, 0.5, 0.95))
    return Spread(float(values.mean()), float(median), float(low), float(high))


def needs(signals: Sequence[Signal], rules: Rules, equal: Played) -> tuple[Need, ...]:
    """What each blocking guardrail takes for each stage, from roll-outs of an equal candidate."""
    stays = ~equal.rolled_back
    return tuple(
        Need(signal.name, number, scaled(stage.margin, signal.watched.margin), _median(alone[number][stays]))
        for signal, alone in zip(signals, equal.alone, strict=True)
        for number, stage in enumerate(rules.stages)
        if signal.watched.tier == "blocking"
    )


def stays(signals: Sequence[Signal], rules: Rules, equal: Played, clock: Clock | None) -> tuple[Stay, ...]:
    """How long an equal candidate stays in each stage."""
    kept = equal.of(~equal.rolled_back)
    nothing = np.zeros(len(kept.rolled))
    leaves = clock.hours(kept)[0] if clock is not None else ()
    found = []
    for number, stage in enumerate(rules.stages):
        left = kept.left[number] < NEVER
        pairs = kept.left[number] - (kept.left[number - 1] if number else nothing)
        hours = leaves[number] - (leaves[number - 1] if number else nothing) if leaves else np.full(len(left), np.inf)
        pairs_, hours_ = (_median(np.where(left, each, np.inf)) for each in (pairs, hours))
        found.append(Stay(number, stage.percent, pairs_, hours_, _slowest(signals, kept, number)))
    return tuple(found)


def bottleneck(found: Sequence[Stay]) -> int:
    """The number of the stay that takes longest: one that most never leave, else by hours, else by pairs."""
    endless = [each.stage for each in found if each.pairs is None]
    if endless:
        return endless[0]
    return max(found, key=lambda each: (each.hours or 0.0, each.pairs or 0.0)).stage


def _median(values: Array | Counts) -> float | None:
    """The median; None where half of them or more are never."""
    found = float(np.median(values)) if values.size else np.inf
    return found if found < NEVER / 2 else None


def _slowest(signals: Sequence[Signal], played: Played, stage: int) -> str:
    rows = [(signal.name, alone[stage]) for signal, alone in zip(signals, played.alone, strict=True) if alone]
    last = np.argmax(np.stack([counts for _, counts in rows]), axis=0)
    return rows[Counter(last.tolist()).most_common(1)[0][0]][0] if last.size else rows[0][0]
