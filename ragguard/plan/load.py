"""Reads a plan and its suites, and reports everything that is wrong with them at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ragguard.errors import InputError, Problem, suggest
from ragguard.plan import named
from ragguard.plan.judges import JudgePlan, judge_of
from ragguard.plan.models import CheckPlan, GatePlan, SuitePlan
from ragguard.plan.parts import systems
from ragguard.plan.source import Source, read
from ragguard.plan.validate import validate
from ragguard.records.metric import Metric

MOST_ENDPOINTS = 5
"""More blocking endpoints than this cannot be powered (STATISTICS, section 3)."""


@dataclass(frozen=True)
class LoadedSuite:
    """A suite as written, and where."""

    plan: SuitePlan
    source: Source

    @property
    def folder(self) -> Path:
        """What its relative paths start from."""
        return self.source.path.parent


@dataclass(frozen=True)
class LoadedPlan:
    """A plan with its suites. Relative paths resolve from ``folder``."""

    plan: GatePlan
    source: Source
    suites: tuple[LoadedSuite, ...]

    @property
    def folder(self) -> Path:
        """What its relative paths start from."""
        return self.source.path.parent

    def uncapped(self) -> "LoadedPlan":
        """The same plan with every perturbation of every query, every intent attacked and every item, whatever its suites say."""
        return replace(self, suites=tuple(replace(suite, plan=_uncapped(suite.plan)) for suite in self.suites))

    @property
    def expanded(self) -> Mapping[str, str]:
        """Values that came from the environment, with the variable's name: what reports must not print."""
        return {value: name for source in (self.source, *(s.source for s in self.suites)) for value, name in source.expanded.items()}


def _uncapped(suite: SuitePlan) -> SuitePlan:
    tasks = suite.lm_eval and suite.lm_eval.model_copy(update={"limit": None})
    return suite.model_copy(update={"per_query": None, "targets": None, "lm_eval": tasks})


def load(path: Path) -> LoadedPlan:
    """Read ``gate.yaml`` and the suites it lists.

    Raises:
        InputError: with every problem of all files: unknown keys (and the near one), wrong values, missing files, unset variables.
    """
    return _load(read(path.resolve(), "plan"))


def from_values(values: dict[str, Any], folder: Path, name: str) -> LoadedPlan:
    """Make a plan from values instead of a file; paths start from ``folder``, and problems are said to be in ``name``.

    Raises:
        InputError: as ``load``.
    """
    return _load(Source(folder / "gate.yaml", name, values, values, {}, (), {}))


def _load(source: Source) -> LoadedPlan:
    problems = list(source.problems)
    plan = validate(GatePlan, source, problems)
    suites = _load_suites(source, problems)
    if plan is not None:
        problems += named.missing_files(plan, source)
        problems += named.keys_written_out(plan, source)
    problems += _across(source, suites, lambda check: plan is None or _counts(plan, check))
    problems += _names_from_outside([(source, "name"), *((suite.source, "suite") for suite in suites)])
    if problems or plan is None:
        raise InputError(dict.fromkeys(problems))
    return LoadedPlan(plan, source, tuple(suites))


def load_suite(path: Path) -> LoadedSuite:
    """Read one suite without a plan.

    Raises:
        InputError: with every problem of the file.
    """
    source = read(path.resolve(), "suite")
    problems = list(source.problems)
    suite = validate(SuitePlan, source, problems)
    if suite is not None:
        problems += _inside(suite, source)
        problems += _names_from_outside([(source, "suite")])
    if problems or suite is None:
        raise InputError(dict.fromkeys(problems))
    return LoadedSuite(suite, source)


def _load_suites(source: Source, problems: list[Problem]) -> list[LoadedSuite]:
    listed = source.values.get("suites")
    loaded: list[LoadedSuite] = []
    for index, name in enumerate(listed if isinstance(listed, list) else []):
        if not isinstance(name, str):
            continue
        try:
            suite_source = read((source.path.parent / name).resolve(), "suite")
        except InputError as error:
            problems += [Problem(source.where(("suites", index)), str(problem), "") for problem in error.problems]
            continue
        problems += suite_source.problems
        suite = validate(SuitePlan, suite_source, problems)
        if suite is not None:
            loaded.append(LoadedSuite(suite, suite_source))
            problems += _inside(suite, suite_source)
    return loaded


def _inside(suite: SuitePlan, source: Source) -> Iterator[Problem]:
    """What pydantic cannot see in one suite: checks on slices that it does not define.

    What lm-eval's groups are made of, each a slice too, is known when they are loaded.
    """
    if suite.lm_eval is not None:
        return
    for index, check in enumerate(suite.checks):
        known = (*suite.slices, *suite.makes)
        if check.slice and check.slice not in known:
            where = source.where(("checks", index, "slice"))
            yield Problem(where, f"slice {check.slice!r} is not defined under slices", suggest(check.slice, known))


def _counts(plan: GatePlan, check: CheckPlan) -> bool:
    """Whether a check is not among those that are left out of this plan."""
    metric = Metric.parse(check.metric)
    answered = any(system.answers for _, system in systems(plan)) or metric.cutoff is not None
    return not check.needs or (answered and (check.needs == "answers" or _has_judge(plan.judges, metric)))


def _has_judge(judges: Mapping[str, JudgePlan], metric: Metric) -> bool:
    try:
        return bool(judge_of(metric, judges)) if metric.judge else bool(judges)
    except ValueError:
        return False


def _across(source: Source, suites: list[LoadedSuite], counts: Callable[[CheckPlan], bool]) -> Iterator[Problem]:
    """What only the suites together show: names used twice, no blocking check, too many of them; not counting what is left out."""
    seen: dict[str, str] = {}
    for suite in suites:
        if suite.plan.suite in seen:
            other = seen[suite.plan.suite]
            yield Problem(suite.source.where(("suite",)), f"suite {suite.plan.suite!r} is also the name of {other}", "name each suite once")
        seen[suite.plan.suite] = suite.source.shown
    listed = source.values.get("suites")
    if not suites or not isinstance(listed, list) or len(suites) < len(listed):
        return
    blocking = [f"{s.plan.suite}/{c.metric}" for s in suites for c in s.plan.checks if c.tier == "blocking" and counts(c)]
    if not blocking:
        yield Problem(
            source.where(("suites",)), "no suite has a blocking check, so nothing could ever promote", "give one check tier: blocking"
        )
    if len(blocking) > MOST_ENDPOINTS:
        names = ", ".join(blocking)
        yield Problem(
            source.where(("suites",)),
            f"{len(blocking)} blocking checks ({names}); with more than {MOST_ENDPOINTS} an equal candidate would hardly ever pass",
            "make the others tier: veto",
        )


def _names_from_outside(named: Iterable[tuple[Source, str]]) -> Iterator[Problem]:
    """Names are printed everywhere, and what a variable holds is printed nowhere."""
    for source, key in named:
        if source.raw.get(key) != source.values.get(key):
            yield Problem(source.where((key,)), f"{key}: comes from the environment, and reports would print it", "write it out")
