"""A suite with some of its cases only."""

from collections.abc import Collection as Some
from dataclasses import replace

from ragguard.suites.golden import Part
from ragguard.suites.resolve import Suite


def restricted(suite: Suite, cases: Some[str], *, note: str = "") -> Suite:
    """Return the suite with these of its cases, by id; its checks, and what it is called by, stay. ``note`` is added to its own."""
    kept, own = frozenset(cases), suite.cases
    parts = (Part(part.collection, tuple(case for case in part.cases if case.id in kept)) for part in own.elsewhere)
    some = replace(
        own,
        cases=tuple(case for case in own.cases if case.id in kept),
        slices={name: members & kept for name, members in own.slices.items()},
        elsewhere=tuple(part for part in parts if part.cases),
        unlabelled={name: members & kept for name, members in own.unlabelled.items()},
        note="; ".join(filter(None, [own.note, note])),
    )
    return replace(suite, cases=some)
