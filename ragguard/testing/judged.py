"""The gate, run when the first test asks for it and once a session; a report that is there already takes its place."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from ragguard.errors import CannotJudge, InputError, NotComparable, Problem, suggest
from ragguard.plan.source import display
from ragguard.records.report import Report
from ragguard.records.verdict import Decision
from ragguard.reports import store as reports
from ragguard.systems.protocols import Progress
from ragguard.systems.silent import Silent
from ragguard.testing import plans, shared, summary
from ragguard.testing.options import KEY, Settings


@dataclass(frozen=True, slots=True)
class Judged:
    """A report, and the folder that it lies in."""

    report: Report
    folder: Path

    def decision(self, candidate: str | None = None) -> Decision:
        """The decision on a candidate, who need not be named where there is one alone.

        Raises:
            InputError: the report has no such candidate, or several and none was named.
        """
        known = {decision.candidate: decision for decision in self.report.decisions}
        if candidate is None and len(known) == 1:
            return next(iter(known.values()))
        if candidate is None:
            raise InputError(Problem(display(self.folder), f"judges {', '.join(known)}", "name one of them: candidate=..."))
        if candidate not in known:
            raise InputError(Problem(display(self.folder), f"has no candidate {candidate!r}", suggest(candidate, known)))
        return known[candidate]


_Source: TypeAlias = Callable[[], tuple[Report, Path]]
_DONE = pytest.StashKey[dict[Path, Judged | Exception]]()


def judge(config: pytest.Config, plan: Path | None = None) -> Judged:
    """Return the report on a plan (default: that of the settings), gating it if nobody did; a gate that failed is not tried again.

    Raises:
        InputError: the plan, the data or the usage is wrong; or no plan is named.
        CannotJudge: the baseline could not be run.
    """
    settings = config.stash[KEY]
    plan = plan or settings.plan
    done = config.stash.setdefault(_DONE, {})
    key = plan or settings.report or Path()
    if key not in done:
        try:
            done[key] = _judge(config, settings, plan)
        except Exception as error:  # noqa: BLE001 - whatever it was, it would be the same again
            done[key] = error
    found = done[key]
    if isinstance(found, Exception):
        raise found
    return found


def _judge(config: pytest.Config, settings: Settings, plan: Path | None) -> Judged:
    if settings.report is not None:
        source: _Source = partial(_stored, config, settings, settings.report, plan)
    elif plan is not None:
        source = partial(_gate, config, settings, plan)
    else:
        fix = "name one with --ragguard-plan, as ragguard_plan in pytest's ini file, or by a fixture ragguard_plan of your own"
        raise InputError(Problem("", "there is no plan to gate", fix))
    here: list[Report] = []

    def do() -> dict[str, Any]:
        report, folder = source()
        here.append(report)
        return {"folder": str(folder), "run": report.run, "told": summary.lines(report, folder)}

    outcome = shared.once(config, f"{plan} {settings.report}", do)
    folder = Path(outcome["folder"])
    report = here[0] if here else reports.read(folder)
    if report.run != outcome["run"]:
        raise CannotJudge(f"{folder} was overwritten while the tests ran; give each run of tests an --ragguard-out of its own")
    return Judged(report, folder)


def _stored(config: pytest.Config, settings: Settings, place: Path, plan: Path | None) -> tuple[Report, Path]:
    """Read a report, which must be of the plan, where one is named."""
    report = reports.read(place)
    resolved = plans.resolve(config, settings, plan) if plan is not None else None
    if resolved is not None and report.question != resolved.question:
        what = f"was made of another question than {resolved.loaded.source.shown} asks: other cases, checks, margins, or caps (--full)"
        raise NotComparable(Problem(display(place), what, "gate the plan again, or name the plan that the report is of"))
    return report, place.parent


def _gate(config: pytest.Config, settings: Settings, plan: Path) -> tuple[Report, Path]:
    """Gate a plan, whole, and write its report."""
    from ragguard import gate

    about: dict[str, Any] = {"candidate": settings.candidate, "allow_code": settings.allow_code, "full": settings.full}
    with _quietly(), _progress(config) as progress:
        report = gate.run(plan, **about, store=settings.store, progress=progress)
    folder = settings.out or plan.parent / "reports" / report.plan
    reports.write(report, folder)
    return report, folder


@contextmanager
def _quietly() -> Iterator[None]:
    """Let warnings of libraries be shown at the end, even where the user's tests take them for errors; and no chatter of theirs."""
    before = logging.root.manager.disable
    logging.disable(max(before, logging.INFO))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            yield
    finally:
        logging.disable(before)


@contextmanager
def _progress(config: pytest.Config) -> Iterator[Progress]:
    """Show how far the gate is where -v asks for it, past pytest's capturing; xdist's workers have no terminal."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if config.get_verbosity() < 1 or capture is None or shared.is_worker(config):
        yield Silent()
        return
    from ragguard.reports import progress

    with capture.global_and_fixture_disabled(), progress.make(quiet=False) as shown:
        yield shown
