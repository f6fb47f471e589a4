"""From a suite as written to a suite that can run: its collection loaded, its cases made, its checks as records."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

from ragguard.data.collection import Collection
from ragguard.data.labels import Labels
from ragguard.data.pairs import Pairs
from ragguard.errors import InputError, Problem
from ragguard.plan.load import LoadedPlan, LoadedSuite
from ragguard.plan.models import CheckPlan
from ragguard.records.evidence import Case, Check
from ragguard.records.metric import TASK_SCORE, Metric, Scale
from ragguard.store import fingerprint
from ragguard.suites import benchmarks, forgetting, labelled, opening
from ragguard.suites.golden import Cases, Part
from ragguard.suites.harness import tasks as harness
from ragguard.suites.harness.tasks import Task, Tasks
from ragguard.suites.runner import build
from ragguard.suites.users_own import refuse_code

FOLLOWING = ("asked", "products", "types", "orders")
ELSEWHERE = {"description", "collection", "split", "collections", "similarity", "lm_eval", "labels", "unlabelled"}
"""What a suite says that its fingerprint covers by content, if at all. Labels come in after the answers, as scores do."""


@dataclass(frozen=True)
class Suite:
    """A suite that can run. ``metrics`` are those of its checks and those it only reports; ``fingerprint`` covers all that it asks.

    ``pairs`` are the files of sentence pairs that a suite of kind forgetting names, and ``tasks`` those of lm-eval. ``labels`` are what
    people say of answers, and ``corrected`` the judged metrics whose checks that corrects.
    """

    loaded: LoadedSuite
    collection: Collection
    cases: Cases
    checks: tuple[Check, ...]
    metrics: tuple[Metric, ...]
    fingerprint: str
    pairs: tuple[Pairs, ...] = ()
    tasks: tuple[Task, ...] = ()
    labels: Labels | None = None
    corrected: frozenset[Metric] = frozenset()

    @property
    def name(self) -> str:
        """The suite's name."""
        return self.loaded.plan.suite

    def place(self, check: Check) -> int:
        """The number of a check among those that the suite's file has, from 0; some of them may have been left out."""
        keys = [(Metric.parse(each.metric), each.slice, each.tier) for each in self.loaded.plan.checks]
        return keys.index((check.metric, check.slice, check.tier))

    def needs(self, check: Check) -> str:
        """What the suite's file says that a check needs, or is left out without: ``answers``, ``judge``, or nothing."""
        return self.loaded.plan.checks[self.place(check)].needs or ""

    @property
    def collections(self) -> tuple[Collection, ...]:
        """The suite's collection, then those pooled with it; without what attacks planted. None where it asks no query."""
        if not self.parts:
            return ()
        further = (part.collection for part in self.cases.elsewhere)
        return (self.collection, *(other for other in further if other.folder != self.collection.folder))

    @property
    def where(self) -> str:
        """The names of the collections' folders, and how many tasks of lm-eval there are."""
        tasks = f"{len(self.tasks)} lm-eval task{'s' if len(self.tasks) > 1 else ''}" if self.tasks else ""
        return ", ".join(filter(None, [*(collection.folder.name for collection in self.collections), tasks]))

    def members(self, check: Check) -> frozenset[str]:
        """The cases that a check is about; where labels correct its judge, those that he alone sees are among them."""
        own = self.cases.slices[check.slice]
        return own | self.cases.alone(check.slice) if check.metric in self.corrected else own

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The cases by the corpus that they are asked of, the suite's own first; items of tasks are asked of none."""
        elsewhere = {case.id for part in self.cases.elsewhere for case in part.cases}
        here = Part(self.collection, tuple(case for case in self.cases.cases if case.id not in elsewhere and not case.task))
        return tuple(part for part in (here, *self.cases.elsewhere) if part.cases)

    @cached_property
    def whole(self) -> tuple[Case, ...]:
        """The cases of the suite-wide slice."""
        return tuple(case for case in self.cases.cases if case.id in self.cases.slices[""])

    @cached_property
    def unlabelled(self) -> tuple[Case, ...]:
        """The cases that are asked for a judge alone."""
        return tuple(case for case in self.cases.cases if case.id in self.cases.alone())


@dataclass(frozen=True)
class Resolved:
    """A plan of which every name, file and collection has been found; nothing has been trained or run.

    ``versions`` names each metric with the version of its definition, and with the fingerprint of the judge whose word it is;
    ``question`` is the hash of all that is asked (cases, margins, alpha, endpoints, seed, metric versions), taken before anything is
    scored. ``warnings`` stop nobody.
    """

    loaded: LoadedPlan
    suites: tuple[Suite, ...]
    scales: Mapping[Metric, Scale]
    versions: Mapping[str, str]
    warnings: tuple[str, ...] = ()

    @property
    def alpha_pass(self) -> float:
        """The error rate of the pass side: shared over candidates and looks."""
        return self.alpha_fail / len(self.loaded.plan.candidates)

    @property
    def alpha_fail(self) -> float:
        """The error rate of the fail side: shared over looks."""
        return self.loaded.plan.alpha / self.loaded.plan.looks

    @property
    def endpoints(self) -> int:
        """Number of blocking checks, among which the power is shared."""
        return sum(check.tier == "blocking" for suite in self.suites for check in suite.checks)

    def scale(self, suite: Suite, check: Check) -> Scale:
        """What the numbers of a check's metric mean: of items that are right or wrong, 0 and 1 are all there is."""
        scale = self.scales[check.metric]
        if check.metric.base != TASK_SCORE:
            return scale
        members = suite.cases.slices[check.slice]
        looked_at = (task for task in suite.tasks if any(case.id in members for case in task.cases))
        return replace(scale, binary=all(task.binary for task in looked_at))

    @property
    def golden(self) -> dict[str, str]:
        """Every golden query's text by id: what no training may see."""
        found: dict[str, str] = {}
        for collection in self.collections:
            for query in collection.queries.values():
                taken = found.get(query.id, query.text) != query.text
                found[f"{collection.folder.name}/{query.id}" if taken else query.id] = query.text
        known = set(found.values())
        asked = {f"{suite.name}/{case.id}": case.text for suite in self.suites for case in suite.unlabelled if case.text not in known}
        return found | asked

    @property
    def collections(self) -> list[Collection]:
        """Every collection that a case is asked of, once."""
        return list({id(part.collection): part.collection for suite in self.suites for part in suite.parts}.values())

    @property
    def question(self) -> str:
        """The hash of all that is asked."""
        plan = self.loaded.plan
        asked = [plan.seed, plan.alpha, plan.looks, plan.depth, len(plan.candidates)]
        labels = {suite.name: suite.labels.fingerprint for suite in self.suites if suite.labels is not None}
        return fingerprint("question", asked, [suite.fingerprint for suite in self.suites], self.versions, *([labels] if labels else []))


def resolve(
    loaded: LoadedPlan, scale_of: Callable[[Metric], Scale], version_of: Callable[[Metric], str], *, allow_code: bool = False
) -> Resolved:
    """Load every collection once, make every suite's cases, and look every metric up.

    ``scale_of`` and ``version_of`` are the metric catalog's; they raise ValueError for what it does not know. Perturbations of the
    user's own run only with ``allow_code``.

    Raises:
        InputError: with the problems of all collections, suites and metrics together.
    """
    problems: list[Problem] = []
    scales = _scales(loaded, scale_of, problems)
    known: dict[tuple[Path, str], Collection] = {}
    suites = []
    for suite in loaded.suites:
        try:
            if not allow_code:
                refuse_code(suite)
            suites.append(_suite(suite, harness.load(suite, allow_code=allow_code), *opening.collections(loaded, suite, known)))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(dict.fromkeys(problems))
    return Resolved(loaded, tuple(suites), scales, {str(metric): version_of(metric) for metric in scales})


def _scales(loaded: LoadedPlan, scale_of: Callable[[Metric], Scale], problems: list[Problem]) -> dict[Metric, Scale]:
    scales: dict[Metric, Scale] = {}
    for suite in loaded.suites:
        named = [(("checks", i, "metric"), check.metric) for i, check in enumerate(suite.plan.checks)]
        for location, name in [*named, *((("report", i), name) for i, name in enumerate(suite.plan.report))]:
            metric = Metric.parse(name)
            try:
                scales[metric] = scale_of(metric)
            except ValueError as error:
                problems.append(Problem(suite.source.where(location), str(error)))
    return scales


def _suite(suite: LoadedSuite, tasks: Tasks | None, collection: Collection, *further: Collection) -> Suite:
    cases = build(suite, collection, *further, tasks=tasks)
    labels = labelled.read(suite)
    warnings = (*(harness.lacking(tasks) if tasks is not None else ()), *labelled.strangers(suite, labels, cases))
    cases = replace(cases, warnings=(*cases.warnings, *warnings))
    checks = tuple(_check(suite, check, cases, tasks) for check in suite.plan.checks)
    metrics = tuple(dict.fromkeys([*(check.metric for check in checks), *map(Metric.parse, suite.plan.report)]))
    benchmarks.verify(suite)
    pairs = forgetting.pairs(suite)
    asked = _fingerprint(suite, collection, cases, pairs, tasks)
    return Suite(suite, collection, cases, checks, metrics, asked, pairs, tasks.tasks if tasks is not None else (), labels)


def _check(suite: LoadedSuite, check: CheckPlan, cases: Cases, tasks: Tasks | None) -> Check:
    # Where a task's data could not be had, its one case stands for all its items: no share of missing ones is small.
    missing = {case.id for task in tasks.tasks if task.absent for case in task.cases} if tasks is not None else set()
    blind = check.metric == TASK_SCORE and not missing.isdisjoint(cases.slices[check.slice])
    return Check(
        suite=suite.plan.suite,
        metric=Metric.parse(check.metric),
        tier=check.tier,
        margin=check.margin,
        slice=check.slice,
        limit=check.limit,
        strict=check.strict,
        max_unscored=0.0 if blind else suite.plan.max_unscored,
    )


def _fingerprint(suite: LoadedSuite, collection: Collection, cases: Cases, pairs: tuple[Pairs, ...], tasks: Tasks | None) -> str:
    asked = suite.plan.model_dump(mode="json", exclude=ELSEWHERE)
    # What answers follows from the query and the collection; planted orders stand in a planted document: all of them are in here.
    made = [{key: value for key, value in asdict(case).items() if key not in FOLLOWING} for case in cases.cases]
    elsewhere = [part.collection.fingerprint for part in cases.elsewhere]
    named = [[each.name, each.fingerprint] for each in pairs]
    corrected = [sorted(cases.alone())] if suite.plan.labels else []
    return fingerprint(
        "suite", asked, collection.fingerprint, made, elsewhere, named, tasks.fingerprint if tasks is not None else [], *corrected
    )
