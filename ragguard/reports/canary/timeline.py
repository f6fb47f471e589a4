"""A roll-out's looks in order: the stages it went through, its log, and as many looks as a picture can show."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from ragguard.records.canary import Canary, Look
from ragguard.reports import figures
from ragguard.reports.canary import words

MOST = 240
"""Looks in a picture, at most; those that moved are always among them."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A stage: its share of the traffic, from when to when the candidate had it (None: never; still), after how many pairs it was left
    (those of the guardrail that had the least), and what became of it.
    """

    number: int
    percent: float
    asks: str
    entered: float | None
    left: float | None
    pairs: int | None
    end: str


def stays(canary: Canary, looks: Sequence[Look]) -> list[Stay]:
    """Every stage of the plan, and all traffic."""
    moved = [look for look in looks if look.moved]
    leaves = {look.stage - 1: look for look in moved if look.action == "advance"}
    stages = canary.rules["stages"]
    found = []
    for number in range(len(stages) + 1):
        before, after = leaves.get(number - 1), leaves.get(number)
        entered = canary.started if not number else before.at if before is not None else None
        here = entered is not None and after is None
        ends = after if after is not None else moved[-1] if here and canary.state != "running" and moved else None
        last = ends if ends is not None else looks[-1] if here and looks else None
        percent = float(stages[number]["percent"]) if number < len(stages) else 100.0
        end = "left" if after is not None else {"running": "here", "done": "all traffic"}.get(canary.state, canary.state) if here else ""
        asks = _asks(stages[number]) if number < len(stages) else ""
        found.append(Stay(number, percent, asks, entered, ends.at if ends is not None else None, _pairs(last), end or "not reached"))
    return found


def _asks(stage: dict[str, float]) -> str:
    return f"{stage['pairs']:,} pairs, and a drop of {stage['margin']:g} excluded"


def _pairs(look: Look | None) -> int | None:
    return min((each.pairs for each in look.guardrails if each.tier == "blocking"), default=None) if look is not None else None


@dataclass(frozen=True, slots=True)
class Entry:
    """Looks in a row that said the same action at the same stage: the last of them, and how many."""

    first: float
    last: Look
    looks: int


def log(looks: Sequence[Look]) -> list[Entry]:
    """What was decided, latest first; holds that follow each other are one entry."""
    found = []
    for (_, _, moved), group in groupby(looks, key=lambda look: (look.action, look.stage, look.moved)):
        alike = list(group)
        found += [Entry(each.at, each, 1) for each in alike] if moved else [Entry(alike[0].at, alike[-1], len(alike))]
    return found[::-1]


def row(entry: Entry, stages: Sequence[dict[str, float]]) -> list[object]:
    """An entry of the log, as a table shows it."""
    look = entry.last
    since = words.when(entry.first)
    since = since.split()[1] if words.when(look.at).startswith(since.split()[0]) else since
    again = f"{figures.count(entry.looks, 'look')}, since {since}" if entry.looks > 1 else ""
    percent = f"{float(stages[look.stage]['percent']):g} %" if look.stage < len(stages) else "100 %"
    share = "0 %" if look.action in ("rollback", "abort") else percent
    action = f"{look.action}{' (a person is needed)' if look.person else ''}"
    hints = "; ".join(f"look at: {hint}" for hint in look.hints)
    return [(words.when(look.at, seconds=True), again), action, share, ("; ".join(look.reasons), hints)]


def telling(looks: Sequence[Look]) -> list[Look]:
    """The looks that had guardrails: a person who ends a roll-out looks at none."""
    return [look for look in looks if look.guardrails]


def thinned(looks: Sequence[Look]) -> list[Look]:
    """At most about ``MOST`` looks, evenly chosen, with the first, the last, and all that moved and those before them."""
    if len(looks) <= MOST:
        return list(looks)
    step = len(looks) / MOST
    kept = {round(number * step) for number in range(MOST)} | {len(looks) - 1}
    kept |= {place for number, look in enumerate(looks) if look.moved for place in (number - 1, number)}
    return [look for number, look in enumerate(looks) if number in kept]
