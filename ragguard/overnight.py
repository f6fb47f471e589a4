"""What is seen over the nights of a plan: its history, two nights compared, and the page."""

import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from ragguard.decision import nights as pairs
from ragguard.decision import series
from ragguard.errors import InputError, Problem, suggest
from ragguard.history.nights import Nights, find
from ragguard.history.place import VARIABLE, of_plan
from ragguard.plan.nightly import NightlyPlan
from ragguard.plan.source import has_variable, read
from ragguard.records.history import Changes, History


@dataclass(frozen=True)
class _Plan:
    """What of a plan its history needs: the rest may be of another machine."""

    name: str
    folder: Path
    nightly: NightlyPlan


def history(plan: Path, named: str = "", last: int | None = None) -> tuple[History, str]:
    """Return a plan's history, and where it is; of what is shown, ``last`` nights. Drift is looked for over all nights.

    Raises:
        InputError: there is no such plan, no history, or no night of the plan in it.
    """
    read_ = _read(plan, named)
    nights = _open(read_, named)
    found = series.history(read_.name, nights.read(read_.name), read_.nightly.false_alarms)
    return found if last is None else series.cut(found, last), nights.place.shown


def compare(plan: Path, named: str, two: tuple[str, str], suite: str = "") -> Changes:
    """Set two nights side by side.

    Raises:
        InputError: as ``history``, or there is no such night.
        NotComparable: they asked different things.
    """
    read_ = _read(plan, named)
    every = _open(read_, named).read(read_.name, whole=True)
    return pairs.compare(find(every, two[0]), find(every, two[1]), suite)


def _read(path: Path, named: str) -> _Plan:
    """Read a plan's name and what it says of its nights; where the history is may be said elsewhere."""
    source = read(path.resolve(), "plan")
    name, said = source.values.get("name"), source.values.get("nightly") or {}
    if not isinstance(name, str):
        raise InputError(Problem(source.where(("name",)), "the plan has no name:", "add one"))
    try:
        nightly = NightlyPlan.model_validate(said)
    except ValidationError as error:
        where = source.where(("nightly", *error.errors()[0]["loc"]))
        raise InputError(Problem(where, "what it says of its nights is not valid", "run: ragguard check")) from error
    if nightly.history and has_variable(nightly.history) and not (named or os.environ.get(VARIABLE)):
        raise InputError(source.problems)
    return _Plan(name, path.resolve().parent, nightly)


def _open(plan: _Plan, named: str) -> Nights:
    nights = Nights(of_plan(plan.nightly, plan.folder, named), create=False)
    known = nights.plans()
    if plan.name not in known:
        raise InputError(Problem(nights.place.shown, f"has no night of the plan {plan.name!r}", suggest(plan.name, known)))
    return nights


def write(found: History, path: Path, place: str) -> None:
    """Write the page of a history.

    Raises:
        CannotJudge: it cannot be written.
    """
    from ragguard.reports.history import page
    from ragguard.store import write_atomically

    write_atomically(path, page.render(found, place).encode("utf-8", "replace"))
