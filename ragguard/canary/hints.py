"""What may be the cause of what a look found, in the order in which the runbook looks. Hints change nothing."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from ragguard.history.turn import Turn

RECENT = 3_600.0
"""Seconds before the look that a server's own words are read of."""


def of(turn: Turn, now: float) -> tuple[str, ...]:
    """Return the hints at a look."""
    return tuple(_served(turn.canary.expected, turn.served(now - RECENT)))


def _served(expected: Mapping[str, str], served: Mapping[str, int]) -> Iterator[str]:
    """The candidate's server says it serves something else than it should."""
    wrong: dict[str, Counter[str]] = {key: Counter() for key in expected}
    total = 0
    for text, times in served.items():
        says = json.loads(text)
        if not says:
            continue
        total += times
        for key, wanted in expected.items():
            if not _is(wanted, key, says):
                wrong[key][str(says.get(key, "none"))] += times
    for key, seen in sorted(wrong.items()):  # the adapter first
        if seen:
            found = ", ".join(f"{name} ({times})" for name, times in seen.most_common(3))
            what = "the adapter is not loaded" if key == "adapter" else f"another {key} is served"
            yield f"{what}: of {total} answers that say what is served, {seen.total()} came from {key} {found}; expected {expected[key]}"


def _is(wanted: str, key: str, says: Mapping[str, str]) -> bool:
    """Whether a server serves what is wanted; a server that names an adapter as its model (as vLLM does) serves it."""
    names = {_name(says[each]) for each in ({key, "model"} if key == "adapter" else {key}) if each in says}
    if key == "model" and "adapter" in says:
        names.add(_name(wanted))  # the model's name is then often the adapter's
    return _name(wanted) in names or (key != "adapter" and key not in says)


def _name(text: str) -> str:
    """A folder's or repository's last part, which is what servers call it."""
    return PurePosixPath(text.rstrip("/")).name
