"""A plan's roll-outs: where their history is, and which one runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ragguard.data.collection import load as load_collection
from ragguard.errors import InputError, Problem, suggest
from ragguard.history.canaries import Canaries
from ragguard.history.place import of_plan
from ragguard.plan import load as plans
from ragguard.plan.load import LoadedPlan
from ragguard.records.canary import Canary
from ragguard.records.evidence import Mark


class NoHistory(InputError):  # noqa: N818 - named after what happened
    """There is no history, so that no roll-out is kept."""


@dataclass(frozen=True)
class Opened:
    """A plan, and the history that keeps its roll-outs."""

    loaded: LoadedPlan
    canaries: Canaries

    @property
    def name(self) -> str:
        """The plan's name."""
        return self.loaded.plan.name

    def marks(self, names: Iterable[str]) -> Mapping[str, Mark]:
        """What the plan's collection says of documents; nothing where it cannot be read, for what is not there stops no decision."""
        try:
            return load_collection((self.loaded.folder / self.loaded.plan.collection).resolve(), self.loaded.plan.split).marks(names)
        except InputError:
            return {}

    def running(self) -> Canary:
        """The roll-out that runs.

        Raises:
            InputError: none does.
        """
        found = self.canaries.last(self.name)
        if found is not None and found.state == "running":
            return found
        last = f"; the last one, {found.candidate!r}, is {found.state}" if found is not None else ""
        what = f"no canary of the plan {self.name!r} is running{last}"
        raise InputError(Problem(self.canaries.place.shown, what, "begin one with: ragguard canary start CANDIDATE --from REPORT"))

    def last(self) -> Canary:
        """The roll-out that runs, or ran last.

        Raises:
            InputError: there was none.
        """
        return self.canaries.last(self.name) or self.running()


def open_(plan: Path | LoadedPlan, history: str = "", *, create: bool = False) -> Opened:
    """Open the history of a plan's roll-outs, as that of its nights: as named, by RAGGUARD_HISTORY, by the plan, or beside it.

    Raises:
        InputError: the plan is wrong.
        NoHistory: there is no history, and it is not to be made (``create``).
        CannotJudge: it cannot be reached.
    """
    loaded = plans.load(plan) if isinstance(plan, Path) else plan
    place = of_plan(loaded.plan.nightly, loaded.folder, history)
    if not create and place.path is not None and not place.path.exists():
        fix = "begin one with: ragguard canary start CANDIDATE --from REPORT"
        raise NoHistory(Problem(place.shown, f"no canary of the plan {loaded.plan.name!r} is kept here", fix))
    return Opened(loaded, Canaries(place))


def known(loaded: LoadedPlan, candidate: str) -> None:
    """Raise InputError where a plan has no such candidate."""
    names = list(loaded.plan.candidates)
    if candidate not in names:
        raise InputError(Problem(loaded.source.where(("candidates",)), f"there is no candidate {candidate!r}", suggest(candidate, names)))


def moment(text: str) -> float:
    """Read a time: 2026-01-31T12:00:00Z, or seconds since 1970; "" is now.

    Raises:
        InputError: it is none.
    """
    if not text:
        return datetime.now(UTC).timestamp()
    try:
        found = float(text)
    except ValueError:
        found = _written(text)
    if not 0 <= found < 2**40:
        raise InputError(Problem("--at", f"{text!r} is no time", "write it as 2026-01-31T12:00:00Z"))
    return found


def _written(text: str) -> float:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(Problem("--at", f"{text!r} is no time", "write it as 2026-01-31T12:00:00Z")) from None
    return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).timestamp()
