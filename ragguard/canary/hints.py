"""What may be the cause of what a look found, in the order in which the runbook looks. Hints change nothing."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from ragguard.history.turn import Turn
from ragguard.records.evidence import Mark

RECENT = 3_600.0
"""Seconds before the look of which the servers' own words are read."""

MOST = 2_000
"""Events, the last ones, that are looked at."""

OFTEN, MOSTLY = 5, 0.8
"""A cause shows in so many events, and is one where it has such a share of the bad ones."""

Marks = Callable[[Iterable[str]], Mapping[str, Mark]]
"""What the plan's collection says of documents; of those that it does not have, nothing."""


def nothing(_: Iterable[str]) -> Mapping[str, Mark]:
    """Where no collection is at hand."""
    return {}


@dataclass(frozen=True)
class _Seen:
    """An event of the candidate: whether each signal is bad (below the baseline's, or in the lower half), and the document that its answer
    rests on: the first that it cites, was given or was found.
    """

    bad: Mapping[str, bool]
    first: str


def of(turn: Turn, now: float, marks: Marks = nothing) -> tuple[str, ...]:
    """Return the hints at a look."""
    seen = [_seen(row.side, json.loads(row.signals), json.loads(row.kept)) for row in turn.recent(MOST)]
    known = marks({each.first for each in seen if each.first})
    found = [*_served(turn.canary.expected, turn.served(now - RECENT)), *_stale(seen, known), *_product(seen, known), *_refused(seen)]
    return tuple(found)


def _seen(side: str, values: Mapping[str, float], kept: Mapping[str, Any]) -> _Seen:
    told = kept.get("candidate", {}) if side == "both" else kept
    ranking = told.get("citations") or told.get("contexts") or told.get("retrieved") or [""]
    first = ranking[0] if isinstance(ranking[0], str) else str(ranking[0].get("id", ""))
    return _Seen({name: value < (0 if side == "both" else 0.5) for name, value in values.items()}, first)


def _served(expected: Mapping[str, str], served: Mapping[str, int]) -> Iterator[str]:
    """The candidate's server says it serves something else than it should."""
    wrong: dict[str, Counter[str]] = {key: Counter() for key in expected}
    total = 0
    for text, times in served.items():
        says = json.loads(text)
        total += times if says else 0
        for key, wanted in expected.items():
            if says and not _is(wanted, key, says):
                wrong[key][str(says.get(key, "none"))] += times
    for key, seen in sorted(wrong.items()):  # the adapter first
        if seen:
            found = ", ".join(f"{name} ({times})" for name, times in seen.most_common(3))
            what = "the adapter is not loaded" if key == "adapter" else f"another {key} is served"
            yield f"{what}: of {total} answers that say what is served, {seen.total()} came from {key} {found}; expected {expected[key]}"


def _is(wanted: str, key: str, says: Mapping[str, str]) -> bool:
    """Whether a server serves what is wanted. One that names the adapter as its model (vLLM does) serves it; beside an adapter, the
    model's name is not looked at, for the same reason.
    """
    if key == "adapter":
        return _name(wanted) in {_name(says[each]) for each in ("adapter", "model") if each in says}
    return key not in says or "adapter" in says or _name(says[key]) == _name(wanted)


def _name(text: str) -> str:
    """A folder's or repository's last part, which is what servers call it."""
    return PurePosixPath(text.rstrip("/")).name


def _stale(seen: Iterable[_Seen], known: Mapping[str, Mark]) -> Iterator[str]:
    bad = [each.first for each in seen if each.bad.get("VersionMismatch")]
    if len(bad) >= OFTEN:
        named = Counter(known[name].family or name if name in known else name for name in bad)
        most = ", ".join(f"{name} ({times})" for name, times in named.most_common(3))
        yield f"versions: {len(bad)} answers rest on a version that was not asked for: {most}; is the index fresh?"


def _product(seen: Iterable[_Seen], known: Mapping[str, Mark]) -> Iterator[str]:
    """Most of what is bad is of one product, and most of the rest is not."""
    products: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for each in seen:
        if each.first in known and known[each.first].product:
            products[any(each.bad.values())][known[each.first].product] += 1
    for name, times in products[True].most_common(1):
        of_all = products[False][name] / max(products[False].total(), 1)
        if times >= OFTEN and times >= MOSTLY * products[True].total() and of_all < 0.5 and products[False]:
            yield f"one product: {times} of {products[True].total()} bad answers are about {name}"


def _refused(seen: list[_Seen]) -> Iterator[str]:
    told = [each.bad["Refused"] for each in seen if "Refused" in each.bad]
    if sum(told) >= OFTEN:
        yield f"refusals: the candidate refuses to answer {sum(told)} of {len(told)} questions"
