"""What is seen over the nights of a plan: its history, two nights compared, and the page."""

from pathlib import Path

from ragguard.decision import nights as pairs
from ragguard.decision import series
from ragguard.errors import InputError, Problem, suggest
from ragguard.history.nights import Nights, find
from ragguard.nightly import history_of
from ragguard.plan import load as plans
from ragguard.plan.load import LoadedPlan
from ragguard.records.history import Changes, History


def history(plan: Path, named: str = "", last: int | None = None) -> tuple[History, str]:
    """Return a plan's history, and where it is; of what is shown, ``last`` nights. Drift is looked for over all nights.

    Raises:
        InputError: there is no such plan, no history, or no night of the plan in it.
    """
    loaded = plans.load(plan)
    nights = _open(loaded, named)
    found = series.history(loaded.plan.name, nights.read(loaded.plan.name), loaded.plan.nightly.false_alarms)
    return found if last is None else series.cut(found, last), nights.place.shown


def compare(plan: Path, named: str, two: tuple[str, str], suite: str = "") -> Changes:
    """Set two nights side by side.

    Raises:
        InputError: as ``history``, or there is no such night.
        NotComparable: they asked different things.
    """
    loaded = plans.load(plan)
    every = _open(loaded, named).read(loaded.plan.name, whole=True)
    return pairs.compare(find(every, two[0]), find(every, two[1]), suite)


def _open(loaded: LoadedPlan, named: str) -> Nights:
    nights = Nights(history_of(loaded, named), create=False)
    name, known = loaded.plan.name, nights.plans()
    if name not in known:
        raise InputError(Problem(nights.place.shown, f"has no night of the plan {name!r}", suggest(name, known)))
    return nights


def write(found: History, path: Path, place: str) -> None:
    """Write the page of a history.

    Raises:
        CannotJudge: it cannot be written.
    """
    from ragguard.reports.history import page
    from ragguard.store import write_atomically

    write_atomically(path, page.render(found, place).encode("utf-8", "replace"))
