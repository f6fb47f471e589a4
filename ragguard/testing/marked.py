"""Tests marked ``ragguard(cases=...)``: one run for each golden case."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import pytest

from ragguard.data.collection import Collection
from ragguard.errors import CannotJudge, InputError, Problem, RagguardError, suggest
from ragguard.records.evidence import Case
from ragguard.records.report import CaseRun
from ragguard.reports import words
from ragguard.suites.resolve import Resolved, Suite
from ragguard.testing import plans
from ragguard.testing.cases import GoldenCase, Seen, recorded
from ragguard.testing.judged import Judged, judge
from ragguard.testing.options import KEY, Settings

ARGUMENT = "ragguard_case"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a marker asks for: the cases of a suite that have all ``tags``, and are in ``slice``; "" is the whole suite."""

    cases: str
    candidate: str | None = None
    tags: Sequence[str] = ()
    slice: str = ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A parameter of a test: a case of a suite, and whose it is."""

    suite: str
    candidate: str
    case: str


def parametrize(metafunc: pytest.Metafunc, marker: pytest.Mark) -> None:
    """Give a marked test its cases. What is wrong is a collection error, in one line.

    Where a class or a module bears the mark, tests without the argument are left alone.
    """
    if ARGUMENT not in metafunc.fixturenames and marker not in metafunc.definition.own_markers:
        return
    try:
        asked = _asked(metafunc.config, _wanted(marker), metafunc)
    except RagguardError as error:
        raise pytest.Collector.CollectError(f"{metafunc.definition.nodeid}: {error}") from error
    metafunc.parametrize(ARGUMENT, asked, ids=[each.case for each in asked], indirect=True)


def _wanted(marker: pytest.Mark) -> Wanted:
    try:
        return Wanted(*marker.args, **marker.kwargs)
    except TypeError as error:
        raise InputError(Problem("", f"the marker ragguard: {error}", "write @pytest.mark.ragguard(cases='golden')")) from error


def _asked(config: pytest.Config, wanted: Wanted, metafunc: pytest.Metafunc) -> list[_Asked]:
    if ARGUMENT not in metafunc.fixturenames:
        raise InputError(Problem("", f"is marked ragguard, and has no argument {ARGUMENT}", f"write def test(..., {ARGUMENT})"))
    settings = config.stash[KEY]
    resolved = _plan(config, settings)
    suite = _suite(resolved, wanted.cases)
    chosen = _chosen(suite, wanted)
    candidates = plans.candidates(resolved.loaded, wanted.candidate or settings.candidate)
    if len(candidates) > 1:
        fix = f"name one in the marker: candidate={candidates[0]!r}"
        raise InputError(Problem("", f"the plan has the candidates {', '.join(candidates)}", fix))
    return [_Asked(suite.name, candidates[0], case.id) for case in chosen]


def _plan(config: pytest.Config, settings: Settings) -> Resolved:
    if settings.plan is None:
        fix = "name one with --ragguard-plan, or as ragguard_plan in pytest's ini file"
        raise InputError(Problem("", "there is no plan to take golden cases from", fix))
    return plans.resolve(config, settings, settings.plan)


def _suite(resolved: Resolved, name: str) -> Suite:
    known = {suite.name: suite for suite in resolved.suites}
    if name not in known:
        raise InputError(Problem("", f"the plan has no suite {name!r}", suggest(name, known)))
    return known[name]


def _chosen(suite: Suite, wanted: Wanted) -> list[Case]:
    slices = suite.cases.slices
    if wanted.slice not in slices:
        raise InputError(Problem("", f"the suite {suite.name} has no slice {wanted.slice!r}", suggest(wanted.slice, filter(None, slices))))
    tags = {wanted.tags} if isinstance(wanted.tags, str) else set(wanted.tags)
    chosen = [case for case in suite.cases.cases if case.id in slices[wanted.slice] and tags <= set(case.query.tags)]
    if not chosen:
        known = {tag for case in suite.cases.cases for tag in case.query.tags}
        what = f"no case of the suite {suite.name} has the tags {', '.join(sorted(tags))}"
        raise InputError(Problem("", what, suggest(next(iter(sorted(tags - known)), ""), known)))
    return chosen


def case(request: pytest.FixtureRequest) -> GoldenCase:
    """What a marked test gets. Where the gate could not be run, the test is an error with that reason alone."""
    asked = getattr(request, "param", None)
    if not isinstance(asked, _Asked):
        pytest.fail(f"{ARGUMENT} is for tests that are marked: @pytest.mark.ragguard(cases='golden')", pytrace=False)
    try:
        return _case(request.config, asked)
    except RagguardError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def _case(config: pytest.Config, asked: _Asked) -> GoldenCase:
    settings = config.stash[KEY]
    resolved, judged = _plan(config, settings), judge(config)
    suite = _suite(resolved, asked.suite)
    case, collection = _found(suite, asked.case)
    run = _run(judged, asked)
    baseline = words.baseline(judged.report)
    arms = {True: "baseline", False: asked.candidate}

    def ask(n: int, of_baseline: bool) -> list[Seen]:
        from ragguard.testing.live import live

        return live(config, settings, resolved).ask(arms[of_baseline], case, collection, n)

    seen = partial(recorded, run, collection=collection)
    return GoldenCase(asked.suite, case, seen(baseline), seen(asked.candidate), ask)


def _found(suite: Suite, name: str) -> tuple[Case, Collection]:
    """A case, and the collection of whose corpus it is asked: that of the suite where it is an item of a task."""
    elsewhere = {case.id: part.collection for part in suite.parts for case in part.cases}
    return next(case for case in suite.cases.cases if case.id == name), elsewhere.get(name, suite.collection)


def _run(judged: Judged, asked: _Asked) -> CaseRun:
    """What the report has of a case. Raises CannotJudge where the candidate was not asked it."""
    judged.decision(asked.candidate)
    run = next((each for each in judged.report.cases if (each.suite, each.id) == (asked.suite, asked.case)), None)
    if run is None or asked.candidate not in run.scores:
        reasons = "; ".join(judged.decision(asked.candidate).reasons)
        raise CannotJudge(f"{asked.candidate} was not asked {asked.case} of the suite {asked.suite}: {reasons}")
    return run
