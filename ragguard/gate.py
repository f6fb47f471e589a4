"""The order of things: resolve, train, run, score, compare, decide. The only module that knows it."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter

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
from ragguard.statistics.estimate import estimate
from ragguard.store import Store, fingerprint, write_atomically
from ragguard.suites.resolve import Resolved, Suite, resolve
from ragguard.suites.runner import Asker
from ragguard.systems.protocols import Progress
from ragguard.train.arms import Ready, Workshop, prepare, system_of, train_system

_SCORES = TypeAdapter(dict[str, dict[str, Score]])


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
    allow_code: bool
    arms: dict[str, Arm] = field(default_factory=dict)
    scores: dict[str, dict[str, ArmScores]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    outages: dict[str, str] = field(default_factory=dict)

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
    return resolve(plan if isinstance(plan, LoadedPlan) else plans.load(Path(plan)), catalog.scale, catalog.version)


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
    state = _Run(resolved, _workshop(resolved, store, progress), allow_code)
    _run_arm(state, "baseline", "baseline")
    if resolved.loaded.plan.anchor is not None:
        _run_arm(state, "anchor", "anchor")
    for name in gated:
        _run_candidate(state, name)
    decisions = tuple(_decide(state, name) for name in gated)
    report = assemble(resolved, tuple(state.arms.values()), state.scores, decisions, Times(started, state.seconds))
    write_atomically(state.workshop.store.folder / "runs" / report.run / "report.json", to_json(report))
    return report


def train(
    plan: Path | str, *, candidate: str | None = None, progress: Progress | None = None, store: Path | None = None
) -> dict[str, Path]:
    """Train the candidates that have a recipe; return the checkpoints' folders by ``candidate/place``.

    Raises:
        InputError: as ``run``.
        CannotJudge: a training failed.
    """
    resolved = load(plan)
    workshop = _workshop(resolved, store, progress)
    return {
        f"{name}/{place}": checkpoint.folder
        for name in _gated(resolved.loaded, candidate)
        for place, checkpoint in train_system(workshop, system_of(resolved.loaded, name)).items()
    }


def _workshop(resolved: Resolved, store: Path | None, progress: Progress | None) -> Workshop:
    kept = Store(store or store_folder(resolved.loaded.folder))
    return Workshop(resolved.loaded, resolved.suites[0].collection, resolved.golden, kept, progress or Silent())


def store_folder(folder: Path) -> Path:
    """Where a plan's results are kept: RAGGUARD_STORE, else ``.ragguard`` beside the plan."""
    return Path(os.environ.get("RAGGUARD_STORE") or folder / ".ragguard")


def _gated(loaded: LoadedPlan, candidate: str | None) -> list[str]:
    names = list(loaded.plan.candidates)
    if candidate is not None and candidate not in names:
        raise InputError(Problem(loaded.source.where(("candidates",)), f"there is no candidate {candidate!r}", suggest(candidate, names)))
    return names if candidate is None else [candidate]


def _run_candidate(state: _Run, name: str) -> None:
    try:
        _run_arm(state, name, "candidate")
    except CannotJudge as error:
        state.outages[name] = str(error)
        state.arms.setdefault(name, Arm(name, "candidate", ""))


def _run_arm(state: _Run, name: str, role: Role) -> None:
    with state.timed(f"{name}/prepare"):
        ready = prepare(state.workshop, name if role == "candidate" else role, allow_code=state.allow_code)
    _not_the_baseline(state, name, role, ready)
    state.arms[name] = Arm(name, role, ready.retriever.fingerprint, ready.description, {}, ready.provenance)
    asker = Asker(ready.retriever, state.workshop.store, state.workshop.progress)
    for suite in state.resolved.suites:
        with state.timed(f"{name}/{suite.name}"):
            state.scores.setdefault(suite.name, {})[name] = _scored(state, suite, asker)
    notes = asker.notes(state.resolved.suites[0].collection)
    state.arms[name] = Arm(name, role, ready.retriever.fingerprint, ready.description, notes, ready.provenance)


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
    kept_as = fingerprint("scores", key, versions, [[case.id, dict(case.relevant), case.query.tags] for case in batch])
    kept = state.workshop.store.get("scores", kept_as)
    if kept is None:
        made = score_all(suite.metrics, batch, {observation.case: observation for observation in observations})
        kept = _SCORES.dump_json({str(metric): dict(values) for metric, values in made.items()})
        state.workshop.store.put("scores", kept_as, kept)
    return {names[name]: values for name, values in _SCORES.validate_json(kept).items()}


def _decide(state: _Run, name: str) -> Decision:
    if name in state.outages:
        not_run = tuple(suite.name for suite in state.resolved.suites if name not in state.scores.get(suite.name, {}))
        return Decision(name, "error", (f"{name} could not be run: {state.outages[name]}",), (), not_run)
    references = ["baseline", *(["anchor"] if "anchor" in state.arms else [])]
    estimates = [(reference, estimated) for reference in references for estimated in _estimates(state, reference, name)]
    return decide(name, judge(estimates, alpha=state.resolved.alpha_fail), not_run=())


def _estimates(state: _Run, reference: str, name: str) -> Iterator[Estimate]:
    resolved = state.resolved
    for suite in resolved.suites:
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
