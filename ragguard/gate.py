"""The order of things: resolve, train, run, score, compare, decide. The only module that knows it."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from pydantic import TypeAdapter

from ragguard.data.collection import Collection
from ragguard.decision.decide import decide
from ragguard.decision.judge import judge
from ragguard.errors import CannotJudge, InputError, Problem, suggest
from ragguard.metrics import catalog
from ragguard.metrics.scoring import score_all
from ragguard.plan import load as plans
from ragguard.plan.load import LoadedPlan
from ragguard.records.evidence import Case, Observation, PairedScores, Score
from ragguard.records.metric import Metric
from ragguard.records.report import Arm, Report, Role, Times
from ragguard.records.verdict import Decision, Estimate
from ragguard.reports.assemble import ArmScores, assemble
from ragguard.reports.document import to_json
from ragguard.reports.redaction import hider
from ragguard.statistics.estimate import estimate
from ragguard.store import Store, fingerprint, write_atomically
from ragguard.suites.resolve import Resolved, Suite, resolve
from ragguard.suites.runner import Asker
from ragguard.systems.protocols import Progress
from ragguard.train.arms import Ready, Workshop, prepare, system_of, train_system
from ragguard.train.survey import survey

_SCORES = TypeAdapter(dict[str, dict[str, Score]])

Note: TypeAlias = str | int | float


class Silent:
    """Progress that nobody sees."""

    def start(self, label: str, total: int) -> None:
        """Do nothing."""

    def advance(self, n: int) -> None:
        """Do nothing."""


@dataclass
class _Run:
    """What a run gathers on its way."""

    resolved: Resolved
    workshop: Workshop
    arms: dict[str, Arm] = field(default_factory=dict)
    scores: dict[str, dict[str, ArmScores]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    outages: dict[str, str] = field(default_factory=dict)
    expanded: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - begin, 3)


def load(plan: LoadedPlan | Path | str) -> Resolved:
    """Read a plan (or take one that was read) and resolve everything that it names, without training or running anything.

    Raises:
        InputError: with every problem found.
    """
    resolved = resolve(plan if isinstance(plan, LoadedPlan) else plans.load(Path(plan)), catalog.scale, catalog.version)
    nowhere = [problem for suite in resolved.suites for problem in _says_nothing(suite)]
    if nowhere:
        raise InputError(nowhere)
    return resolved


def _says_nothing(suite: Suite) -> Iterator[Problem]:
    """The version metrics that apply to no case of their check, or of the suite that reports them: no run could ever score them."""
    checks = [(("checks", i), check.metric, check.slice) for i, check in enumerate(suite.checks)]
    shown = [(("report", i), Metric.parse(name), "") for i, name in enumerate(suite.loaded.plan.report)]
    for location, metric, slice_ in (*checks, *shown):
        definition = catalog.resolve(metric)
        members = [case for case in suite.cases.cases if case.id in suite.cases.slices[slice_]] if definition.needs_marks else []
        given = [reason for case in members if (reason := definition.applicable(metric, case)) is not None]
        if members and len(given) == len(members):
            what = f"{metric} applies to none of its {len(members)} cases: {given[0].not_applicable}"
            right = suite.loaded.plan.kind == "version-confusion"
            fix = "drop it, or name another slice" if right else "give the suite kind: version-confusion"
            yield Problem(suite.loaded.source.where(location), what, fix)


def run(
    plan: LoadedPlan | Path | str,
    *,
    candidate: str | None = None,
    allow_code: bool = False,
    progress: Progress | None = None,
    store: Path | None = None,
) -> Report:
    """Gate a plan: train what is to be trained, run every suite on every system, compare, decide.

    ``candidate`` gates one of several; error rates stay those of the whole plan. ``store`` is where results are kept (default:
    ``.ragguard`` beside the plan, or RAGGUARD_STORE). Nothing is written but there: reports are ``ragguard.reports.store.write``'s.

    Raises:
        InputError: the plan, the data or the usage is wrong (exit code 3).
        CannotJudge: the baseline could not be run; a candidate that could not is decided ``error`` (exit code 4).
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    resolved = load(plan)
    gated = _gated(resolved.loaded, candidate)
    state = _Run(resolved, _workshop(resolved, store, progress, allow_code), expanded=dict(resolved.loaded.expanded))
    survey(state.workshop, [*_references(resolved.loaded), *gated], _collections(resolved))
    _run_reference(state, "baseline")
    if resolved.loaded.plan.anchor is not None:
        _run_reference(state, "anchor")
    for name in gated:
        _run_candidate(state, name)
    decisions = tuple(_decide(state, name) for name in gated)
    report = assemble(resolved, tuple(state.arms.values()), state.scores, decisions, Times(started, state.seconds), state.expanded)
    write_atomically(state.workshop.store.folder / "runs" / report.run / "report.json", to_json(report))
    return report


def train(
    plan: Path | str, *, candidate: str | None = None, allow_code: bool = False, progress: Progress | None = None, store: Path | None = None
) -> dict[str, Path]:
    """Train the candidates that have a recipe; return the checkpoints' folders by ``candidate/place``.

    Raises:
        InputError: as ``run``.
        CannotJudge: a training failed.
    """
    resolved = load(plan)
    workshop = _workshop(resolved, store, progress, allow_code)
    survey(workshop, _gated(resolved.loaded, candidate), _collections(resolved))
    return {
        f"{name}/{place}": checkpoint.folder
        for name in _gated(resolved.loaded, candidate)
        for place, checkpoint in train_system(workshop, system_of(resolved.loaded, name)).items()
    }


def _workshop(resolved: Resolved, store: Path | None, progress: Progress | None, allow_code: bool) -> Workshop:
    kept = Store(store or store_folder(resolved.loaded.folder))
    return Workshop(resolved.loaded, resolved.suites[0].collection, resolved.golden, kept, progress or Silent(), allow_code)


def look_ahead(resolved: Resolved) -> None:
    """Check what the systems of a plan name, as far as that runs nothing and asks nothing of the network.

    Raises:
        InputError: with every problem found.
    """
    arms = [*_references(resolved.loaded), *resolved.loaded.plan.candidates]
    survey(_workshop(resolved, None, None, allow_code=True), arms, _collections(resolved), reach_out=False)


def _references(loaded: LoadedPlan) -> list[str]:
    return ["baseline", *(["anchor"] if loaded.plan.anchor is not None else [])]


def _collections(resolved: Resolved) -> list[Collection]:
    return list({id(suite.collection): suite.collection for suite in resolved.suites}.values())


def store_folder(folder: Path) -> Path:
    """Where a plan's results are kept: RAGGUARD_STORE, else ``.ragguard`` beside the plan."""
    return Path(os.environ.get("RAGGUARD_STORE") or folder / ".ragguard")


def _gated(loaded: LoadedPlan, candidate: str | None) -> list[str]:
    names = list(loaded.plan.candidates)
    if candidate is not None and candidate not in names:
        raise InputError(Problem(loaded.source.where(("candidates",)), f"there is no candidate {candidate!r}", suggest(candidate, names)))
    return names if candidate is None else [candidate]


def _run_reference(state: _Run, role: Role) -> None:
    try:
        _run_arm(state, role, role)
    except CannotJudge as error:
        raise CannotJudge(f"the {role} could not be run, so there is nothing to judge by: {error}") from error


def _run_candidate(state: _Run, name: str) -> None:
    try:
        _run_arm(state, name, "candidate")
    except CannotJudge as error:
        state.outages[name] = hider(state.expanded)(str(error))
        state.arms.setdefault(name, Arm(name, "candidate", ""))


def _run_arm(state: _Run, name: str, role: Role) -> None:
    with state.timed(f"{name}/prepare"):
        ready = prepare(state.workshop, name if role == "candidate" else role)
    state.expanded |= ready.expanded
    if ready.seconds is not None:
        state.seconds[f"{name}/train"] = ready.seconds
    _not_the_baseline(state, name, role, ready)
    state.arms[name] = Arm(name, role, ready.retriever.fingerprint, ready.description, {}, ready.provenance)
    asker, notes = Asker(ready.retriever, state.workshop.store, state.workshop.progress), dict[str, Note]()
    for suite in state.resolved.suites:
        with state.timed(f"{name}/{suite.name}"):
            state.scores.setdefault(suite.name, {})[name] = _scored(state, suite, asker)
            notes |= _noted(state, suite, asker)
    state.arms[name] = replace(state.arms[name], notes={**notes, **asker.strange()})


def _noted(state: _Run, suite: Suite, asker: Asker) -> dict[str, Note]:
    """What the system says of itself on a suite's corpus, if no suite before has the same; named after the suite unless it is the first."""
    suites = state.resolved.suites
    first = next(other for other in suites if other.collection.corpus_fingerprint == suite.collection.corpus_fingerprint)
    if first is not suite:
        return {}
    before = "" if suite is suites[0] else f"{suite.name}: "
    return {f"{before}{key}": value for key, value in asker.notes(suite.collection).items()}


def _not_the_baseline(state: _Run, name: str, role: Role, ready: Ready) -> None:
    if role == "candidate" and ready.retriever.fingerprint == state.arms["baseline"].fingerprint:
        where = state.resolved.loaded.source.where(("candidates", name))
        what = f"the candidate {name!r} is the baseline: both have fingerprint {ready.retriever.fingerprint[:12]}"
        raise InputError(Problem(where, what, "check that its model is the one you trained"))


def _scored(state: _Run, suite: Suite, asker: Asker) -> ArmScores:
    scores = ArmScores()
    plan = state.resolved.loaded.plan
    for key, batch, observations in asker.observe(suite.cases.cases, suite.collection, plan.depth):
        scores.add(batch, observations, _score(state, suite, key, batch, observations), plan.show)
    return scores


def _score(
    state: _Run, suite: Suite, key: str, batch: Sequence[Case], observations: Sequence[Observation]
) -> dict[Metric, Mapping[str, Score]]:
    names = {str(metric): metric for metric in suite.metrics}
    versions = {name: catalog.version(metric) for name, metric in names.items()}
    needed = any(catalog.resolve(metric).needs_marks for metric in suite.metrics)
    marks = suite.collection.marks({ranked.id for each in observations for ranked in each.ranking}) if needed else None
    # The answers are all that `key` covers; the same ones over other versions or statuses have other scores.
    known = {name: astuple(mark) for name, mark in marks.items()} if marks is not None else None
    expected = [[case.id, dict(case.relevant), case.query.tags, _asked(case)] for case in batch]
    kept_as = fingerprint("scores", key, versions, expected, known)
    kept = state.workshop.store.get("scores", kept_as)
    if kept is None:
        made = score_all(suite.metrics, batch, {observation.case: observation for observation in observations}, marks)
        kept = _SCORES.dump_json({str(metric): dict(values) for metric, values in made.items()})
        state.workshop.store.put("scores", kept_as, kept)
    return {names[name]: values for name, values in _SCORES.validate_json(kept).items()}


def _asked(case: Case) -> tuple[str, str, tuple[str, ...]] | None:
    asks = case.query.asks
    return (asks.family, asks.mode, case.asked) if asks is not None else None


def _decide(state: _Run, name: str) -> Decision:
    ran = [suite for suite in state.resolved.suites if name in state.scores.get(suite.name, {})]
    not_run = tuple(suite.name for suite in state.resolved.suites if suite not in ran)
    references = ["baseline", *(["anchor"] if "anchor" in state.arms else [])]
    estimates = [(reference, estimated) for reference in references for estimated in _estimates(state, ran, reference, name)]
    decision = decide(name, judge(estimates, alpha=state.resolved.alpha_fail), not_run)
    return decision if name not in state.outages else _with_outage(decision, f"{name} could not be run: {state.outages[name]}")


def _with_outage(decision: Decision, reason: str) -> Decision:
    """An outage is the reason of an error; but what failed before it stays failed."""
    return replace(decision, reasons=(*decision.reasons, reason) if decision.answer == "block" else (reason,))


def _estimates(state: _Run, suites: Sequence[Suite], reference: str, name: str) -> Iterator[Estimate]:
    resolved = state.resolved
    for suite in suites:
        arms = state.scores[suite.name]
        for check in suite.checks:
            cases = [case for case in suite.cases.cases if case.id in suite.cases.slices[check.slice]]
            pairs = PairedScores(
                check=check,
                scale=resolved.scales[check.metric],
                cases=tuple(case.id for case in cases),
                intents=tuple(case.query.intent for case in cases),
                baseline=tuple(arms[reference].scores[case.id][check.metric] for case in cases),
                candidate=tuple(arms[name].scores[case.id][check.metric] for case in cases),
            )
            yield estimate(pairs, alpha=resolved.alpha_pass, endpoints=resolved.endpoints)
