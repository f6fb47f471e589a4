"""From stored events to evidence. Pure: no clock, no database.

Events belong to units (users, sessions, requests) of a side. A unit's window runs from its first event; when it is over, and ``lateness``
later, the unit enters once, with the means of its signals. A request that is a unit by itself has no window. Units enter in the order in
which they close (then by hash), whatever the order in which their events arrived, and however many looks there were in between; only what
arrives after its unit has closed may depend on them, and is counted as late.

Of traffic that both arms answered, a unit's value is a difference already. Of split traffic the units of the two arms wait in two queues
for each signal, and the oldest that wait make a pair: so which two are paired does not hang on their values.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ragguard.records.event import Side
from ragguard.statistics.betting import UNITS, Evidence, read_back

QUEUES: Mapping[Side, int] = {"baseline": 50, "candidate": 1_000}
"""How many units of an arm wait for a partner, at most; the oldest leave. Few of the baseline, so that pairs are near in time."""

BEFORE = "before"
"""What becomes of an event of one arm from before the roll-out."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that has not been counted yet. ``entered`` is the time of its unit's first event, where that has entered already."""

    id: str
    side: Side
    at: float
    cluster: str
    values: Mapping[str, float]
    entered: float | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """What counts when, in seconds: ``now``, how long a unit's window is, how late events may be, and when the roll-out began."""

    now: float
    window: float
    lateness: float
    started: float


@dataclass
class Signal:
    """What is kept of a signal: its evidence, the units that wait for a partner (oldest first), and of each arm how many units had a value
    and their sum (in units of ``betting``).
    """

    evidence: Evidence
    queues: dict[Side, list[float]] = field(default_factory=lambda: {"baseline": [], "candidate": []})
    sums: dict[Side, tuple[int, int]] = field(default_factory=lambda: {"baseline": (0, 0), "candidate": (0, 0)})

    def mean(self, side: Side) -> float | None:
        """The mean of an arm's units, None before the first."""
        count, total = self.sums[side]
        return total / UNITS / count if count else None

    def kept(self) -> dict[str, object]:
        """Return what JSON can hold; ``restored`` makes the same of it."""
        return {"evidence": self.evidence.kept(), "queues": self.queues, "sums": {side: list(each) for side, each in self.sums.items()}}

    def entering(self, units: Iterable[tuple[Side, float]]) -> list[float]:
        """Enter units, and return the differences of the pairs that they make."""
        found = []
        for side, value in units:
            if side == "both":
                found.append(value)
                continue
            count, total = self.sums[side]
            self.sums[side] = (count + 1, total + math.floor(value * UNITS))
            other: Side = "candidate" if side == "baseline" else "baseline"
            if self.queues[other]:
                partner = self.queues[other].pop(0)
                found.append(value - partner if side == "candidate" else partner - value)
            else:
                self.queues[side] = [*self.queues[side], value][-QUEUES[side] :]
        return found


def restored(kept: Mapping[str, object]) -> Signal:
    """Read a signal back; ValueError where it is none, or was counted otherwise."""
    evidence, queues, sums = (kept.get(name) for name in ("evidence", "queues", "sums"))
    if not isinstance(evidence, dict) or not isinstance(queues, dict) or not isinstance(sums, dict):
        raise ValueError("the kept state of a signal has not its evidence, queues and sums")  # noqa: TRY004 - as read_back
    waiting = {side: list(queues[side]) for side in QUEUES}
    return Signal(read_back(evidence), waiting, {side: (sums[side][0], sums[side][1]) for side in QUEUES})


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit whose window is over, or not: ``members`` are the events within it, ``beyond`` those after it."""

    side: Side
    cluster: str
    at: float
    closes: float
    members: tuple[Waiting, ...]
    beyond: tuple[Waiting, ...]

    @property
    def order(self) -> tuple[float, bytes, str]:
        """By what units stand in line."""
        return self.closes, hashlib.blake2b(self.cluster.encode("utf-8", "replace"), digest_size=16).digest(), self.side

    def values(self) -> dict[str, float]:
        """The means of its signals; exact sums, so that the order of its events does not matter."""
        names = {name for event in self.members for name in event.values}
        return {name: _mean([event.values[name] for event in self.members if name in event.values]) for name in names}


@dataclass(frozen=True)
class Folded:
    """What a look came to: the units that ``entered``, what became of events (``fates``: side and id, by status), and for each signal the
    pairs and their mean difference if those ``early`` units entered too whose window is not over.
    """

    entered: tuple[Unit, ...]
    fates: Mapping[str, Sequence[tuple[Side, str]]]
    early: Mapping[str, tuple[int, float]]


def fold(signals: dict[str, Signal], waiting: Iterable[Waiting], span: Span) -> Folded:
    """Enter what is over into ``signals``, which changes; the events of other units go on waiting."""
    fates: dict[str, list[tuple[Side, str]]] = {"entered": [], "late": [], "after": [], BEFORE: []}
    fresh = []
    for event in waiting:
        if event.side != "both" and event.at < span.started:
            fates[BEFORE].append((event.side, event.id))
        elif event.entered is not None:
            fates["late" if event.at <= event.entered + span.window else "after"].append((event.side, event.id))
        else:
            fresh.append(event)
    line = sorted(_units(fresh, span), key=lambda unit: unit.order)
    over = [unit for unit in line if unit.closes <= span.now]
    for unit in over:
        fates["entered"] += [(event.side, event.id) for event in unit.members]
        fates["after"] += [(event.side, event.id) for event in unit.beyond]
    _enter(signals, over)
    return Folded(tuple(over), fates, _early(signals, [unit for unit in line if unit.closes > span.now]))


def _units(events: Iterable[Waiting], span: Span) -> Iterable[Unit]:
    groups: dict[tuple[Side, str], list[Waiting]] = {}
    for event in events:
        groups.setdefault((event.side, event.cluster), []).append(event)
    for (side, cluster), members in groups.items():
        first = min(event.at for event in members)
        window = 0.0 if all(event.id == cluster for event in members) else span.window
        within = tuple(event for event in members if event.at <= first + window)
        beyond = tuple(event for event in members if event.at > first + window)
        yield Unit(side, cluster, first, first + window + span.lateness, within, beyond)


def _enter(signals: dict[str, Signal], units: Sequence[Unit]) -> None:
    values = [(unit.side, unit.values()) for unit in units]
    for name, signal in signals.items():
        differences = signal.entering((side, each[name]) for side, each in values if name in each)
        signal.evidence = signal.evidence.seen(differences)


def _early(signals: Mapping[str, Signal], units: Sequence[Unit]) -> dict[str, tuple[int, float]]:
    values, found = [(unit.side, unit.values()) for unit in units], {}
    for name, signal in signals.items():
        trial = Signal(signal.evidence, {side: list(queue) for side, queue in signal.queues.items()}, dict(signal.sums))
        more = trial.entering((side, each[name]) for side, each in values if name in each)
        pairs = signal.evidence.pairs + len(more)
        total = signal.evidence.total + sum(math.floor(each * UNITS) for each in more)
        found[name] = (pairs, total / UNITS / pairs if pairs else 0.0)
    return found


def _mean(values: Sequence[float]) -> float:
    return max(-1.0, min(1.0, math.fsum(values) / len(values)))
