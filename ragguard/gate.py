"""The order of things: resolve, train, run, score, compare, decide. The only module that knows it."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from ragguard import seating, stopping, trial
from ragguard.decision.decide import decide
from ragguard.decision.judge import judge
from ragguard.drift import Drift
from ragguard.errors import CannotJudge, InputError, Problem, suggest
from ragguard.execute.meter import Meter
from ragguard.judges.panel import Panel
from ragguard.metrics import efficiency
from ragguard.plan import load as plans
from ragguard.plan.load import LoadedPlan
from ragguard.plan.parts import changes_by_itself
from ragguard.preflight import load, references, refuse_speechless
from ragguard.records.report import Arm, Report, Role, Sequential, Times
from ragguard.records.verdict import Decision, Estimate, Verdict
from ragguard.reports import judged, rates
from ragguard.reports.assemble import ArmScores, assemble
from ragguard.reports.document import to_json
from ragguard.reports.pairs import pairs
from ragguard.reports.redaction import hider
from ragguard.statistics.estimate import estimate
from ragguard.stopping import Watch
from ragguard.store import Store, write_atomically
from ragguard.suites.resolve import Resolved, Suite
from ragguard.suites.runner import Asker
from ragguard.systems.protocols import Progress
from ragguard.systems.silent import Silent
from ragguard.train.arms import Ready, prepare, system_of
from ragguard.train.end_to_end import train_system
from ragguard.train.survey import survey
from ragguard.train.workshop import Workshop
from ragguard.trial import Trial


@dataclass
class _Run:
    """What a run gathers on its way."""

    resolved: Resolved
    workshop: Workshop
    drift: Drift
    arms: dict[str, Arm] = field(default_factory=dict)
    trials: dict[str, Trial] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    outages: dict[str, str] = field(default_factory=dict)
    expanded: dict[str, str] = field(default_factory=dict)
    panel: Panel | None = None
    asked_on: str = ""
    in_batches: bool = False
    watch: Watch | None = None
    sequential: Sequential | None = None
    stopped: list[Verdict] = field(default_factory=list)

    def scores(self, suite: Suite) -> dict[str, ArmScores]:
        """What every arm scored on a suite, if it went through all of it."""
        whole = {arm: done.scores[suite.name] for arm, done in self.trials.items() if suite.name in done.scores}
        return {arm: scores for arm, scores in whole.items() if len(scores.scores) == len(suite.cases.cases)}

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - begin, 3)


def run(
    plan: LoadedPlan | Path | str,
    *,
    candidate: str | None = None,
    allow_code: bool = False,
    full: bool = False,
    sequential: bool = False,
    progress: Progress | None = None,
    store: Path | None = None,
    asked_on: str = "",
) -> Report:
    """Gate a plan: train what is to be trained, run every suite on every system, compare, decide.

    ``candidate`` gates one of several; error rates stay those of the whole plan. ``full`` makes all cases, whatever the suites' caps
    (``per_query``, ``targets``) say. ``sequential`` asks the candidate in random batches and stops as soon as the decision is sure, at the
    plan's alpha. ``store`` is where results are kept (default:
    ``.ragguard`` beside the plan, or RAGGUARD_STORE). Nothing is written but there: reports are ``ragguard.reports.store.write``'s.
    ``asked_on`` is a day: what is served elsewhere, or is code of the plan's, is asked anew unless it was asked on that day.

    Raises:
        InputError: the plan, the data or the usage is wrong (exit code 3).
        CannotJudge: the baseline could not be run; a candidate that could not is decided ``error`` (exit code 4).
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    meter = Meter()
    with meter.stage("read the plan and the data"):
        loaded = plan if isinstance(plan, LoadedPlan) else plans.load(Path(plan))
        loaded = stopping.halved(loaded) if sequential else loaded
        resolved = load(loaded.uncapped() if full else loaded, allow_code=allow_code)
        gated = _gated(resolved.loaded, candidate)
        if sequential:
            stopping.refuse(resolved, gated)
        workshop = replace(_workshop(resolved, store, progress, allow_code), meter=meter)
        survey(workshop, [*references(resolved.loaded), *gated], resolved.collections)
        resolved, seats = seating.seated(resolved, allow_code=allow_code)
    panel = seating.panel(resolved, seats, workshop.store, workshop.progress, meter)
    drift = Drift(workshop.store, workshop.progress)
    state = _Run(resolved, workshop, drift, expanded=dict(resolved.loaded.expanded), panel=panel, asked_on=asked_on, in_batches=sequential)
    refuse_speechless(resolved, [*references(resolved.loaded), *gated])
    _run_reference(state, "baseline")
    if resolved.loaded.plan.anchor is not None:
        _run_reference(state, "anchor")
    for name in gated:
        _run_candidate(state, name)
    decisions = tuple(_decide(state, name) for name in gated)
    resolved = state.resolved
    scores = {suite.name: state.scores(suite) for suite in resolved.suites}
    times, judges = _times(started, state, scores), judged.runs(panel, scores) if panel is not None else ()
    report = assemble(resolved, tuple(state.arms.values()), scores, decisions, times, state.expanded, drift.figures, drift.warnings, judges)
    report = replace(report, error_rates=rates.beside(state.workshop.store, report), sequential=state.sequential)
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
    resolved = load(plan, allow_code=allow_code)
    workshop = _workshop(resolved, store, progress, allow_code)
    survey(workshop, _gated(resolved.loaded, candidate), resolved.collections)
    return {
        f"{name}/{place}": checkpoint.folder
        for name in _gated(resolved.loaded, candidate)
        for place, checkpoint in train_system(workshop, system_of(resolved.loaded, name)).items()
    }


def _workshop(resolved: Resolved, store: Path | None, progress: Progress | None, allow_code: bool) -> Workshop:
    kept = Store(store or store_folder(resolved.loaded.folder))
    return Workshop(resolved.loaded, resolved.suites[0].collection, resolved.golden, kept, progress or Silent(), allow_code)


def look_ahead(resolved: Resolved) -> Resolved:
    """Check what the systems and judges of a plan name, as far as that runs nothing and asks nothing of the network; return the plan
    with what is known of its judges.

    Raises:
        InputError: with every problem found.
    """
    arms = [*references(resolved.loaded), *resolved.loaded.plan.candidates]
    survey(_workshop(resolved, None, None, allow_code=True), arms, resolved.collections, reach_out=False)
    refuse_speechless(resolved, arms)
    return seating.seated(resolved, reach_out=False)[0]


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
    meter = state.workshop.meter
    meter.turn_to(name)
    with state.timed(f"{name}/prepare"), meter.stage("prepare"):
        ready = prepare(state.workshop, name if role == "candidate" else role)
    state.expanded |= ready.expanded
    if ready.seconds is not None:
        state.seconds[f"{name}/train"] = ready.seconds
    _not_the_baseline(state, name, role, ready)
    state.arms[name] = Arm(name, role, ready.retriever.fingerprint, ready.description, {}, ready.provenance)
    changing = changes_by_itself(system_of(state.resolved.loaded, name if role == "candidate" else role))
    asker = Asker(ready.retriever, state.workshop.store, state.workshop.progress, meter, state.asked_on if changing else "")
    done = state.trials[name] = Trial()
    plan = state.resolved.loaded.plan
    try:
        with _placed(state, name, role):
            allow_code = state.workshop.allow_code
            if state.in_batches and role == "candidate":
                _in_batches(state, name, done, asker)
            else:
                trial.run(
                    done,
                    asker,
                    state.resolved.suites,
                    depth=plan.depth,
                    show=plan.show,
                    allow_code=allow_code,
                    panel=state.panel,
                    reference=None if role == "baseline" else state.trials["baseline"],
                )
    finally:
        state.seconds |= {f"{name}/{suite}": seconds for suite, seconds in done.seconds.items()}
    state.arms[name] = replace(state.arms[name], notes=done.notes)
    with state.timed(f"{name}/drift"), meter.stage("look at what moved"):
        state.drift.look(name, ready.retriever, state.resolved.suites, against="" if role == "baseline" else "baseline")


@contextmanager
def _placed(state: _Run, name: str, role: Role) -> Iterator[None]:
    """Say where in the plan the system stands that an error without a place is about, for instance what its server answers."""
    try:
        yield
    except InputError as error:
        where = state.resolved.loaded.source.where(("candidates", name) if role == "candidate" else (role,))
        raise InputError(each if each.where else replace(each, where=where) for each in error.problems) from error


def _not_the_baseline(state: _Run, name: str, role: Role, ready: Ready) -> None:
    if role == "candidate" and ready.retriever.fingerprint == state.arms["baseline"].fingerprint:
        where = state.resolved.loaded.source.where(("candidates", name))
        what = f"the candidate {name!r} is the baseline: both have fingerprint {ready.retriever.fingerprint[:12]}"
        raise InputError(Problem(where, what, "check that its model is the one you trained"))


def _decide(state: _Run, name: str) -> Decision:
    state.workshop.meter.turn_to(name)
    with state.workshop.meter.stage("compare"):
        return _compared(state, name)


def _compared(state: _Run, name: str) -> Decision:
    ran = [suite for suite in state.resolved.suites if name in state.scores(suite)]
    not_run = tuple(suite.name for suite in state.resolved.suites if suite not in ran)
    if state.stopped:
        return decide(name, state.stopped)
    references = ["baseline", *(["anchor"] if "anchor" in state.arms else [])]
    estimates = [(reference, estimated) for reference in references for estimated in _estimates(state, ran, reference, name)]
    decision = decide(name, judge(estimates, alpha=state.resolved.alpha_fail), not_run)
    return decision if name not in state.outages else _with_outage(decision, f"{name} could not be run: {state.outages[name]}")


def _times(started: str, state: _Run, scores: Mapping[str, Mapping[str, ArmScores]]) -> Times:
    """What the run took: stages as they were metered, latencies and lengths of answers over all suites that an arm went through."""
    ran = {arm: [by_arm[arm] for by_arm in scores.values() if arm in by_arm] for arm in state.arms}
    seen = {arm: [observation for each in found for observation in each.costs.values()] for arm, found in ran.items()}
    return Times(
        started,
        state.seconds,
        state.workshop.meter.stages(),
        tuple(latency for arm, costs in seen.items() for latency in efficiency.latencies(arm, costs)),
        tuple(answering for arm, costs in seen.items() for answering in efficiency.answering(arm, costs)),
        state.workshop.meter.memory.highest,
        state.workshop.meter.memory.reach,
        judged.spent(state.panel) if state.panel is not None else {},
    )


def _with_outage(decision: Decision, reason: str) -> Decision:
    """An outage is the reason of an error; but what failed before it stays failed."""
    return replace(decision, reasons=(*decision.reasons, reason) if decision.answer == "block" else (reason,))


def _estimates(state: _Run, suites: Sequence[Suite], reference: str, name: str) -> Iterator[Estimate]:
    resolved = state.resolved
    for suite in suites:
        arms = state.scores(suite)
        for check in suite.checks:
            found = pairs(resolved, suite, check, arms[reference], arms[name])
            yield estimate(found, alpha=resolved.alpha_pass, endpoints=resolved.endpoints)


def _in_batches(state: _Run, name: str, done: Trial, asker: Asker) -> None:
    """Ask a candidate batch by batch, until the decision on it is sure."""
    plan, allow_code, baseline = state.resolved.loaded.plan, state.workshop.allow_code, state.trials["baseline"]
    watch = state.watch = Watch.of(state.resolved, baseline.scores)
    for suites in watch.rounds():
        trial.run(done, asker, suites, depth=plan.depth, show=plan.show, allow_code=allow_code, panel=state.panel, reference=baseline)
        trial.finish(done, asker, watch.shown())
        if watch.look(done.scores):
            break
    stopped = watch.seen < len(watch.order)
    state.sequential = stopping.told(watch, system_of(state.resolved.loaded, name), stopped=stopped)
    if not stopped:
        trial.examine(done, asker, state.resolved.suites, plan.show, allow_code=allow_code)
        trial.finish(done, asker, state.resolved.suites)
        return
    state.resolved = replace(state.resolved, suites=tuple(watch.shown()))
    for suite in state.resolved.suites:
        asked = {case.id for case in suite.cases.cases}
        for each in state.trials.values():
            if suite.name in each.scores:
                each.scores[suite.name] = stopping.trimmed(each.scores[suite.name], asked)
    trial.finish(done, asker, state.resolved.suites)
    state.stopped = watch.verdicts(done.scores)


@dataclass(frozen=True)
class Bench:
    """A plan that was resolved, and the baseline of it, as far as it must be for other systems to be judged beside it."""

    resolved: Resolved
    workshop: Workshop
    panel: Panel | None


def bench(plan: LoadedPlan | Path | str, *, allow_code: bool = False, progress: Progress | None = None, store: Path | None = None) -> Bench:
    """Resolve a plan as ``run`` does, for somebody who runs its baseline, and judges what the plan does not name.

    Raises:
        InputError: the plan, the data or the usage is wrong; candidates are not looked at.
    """
    resolved = load(plan, allow_code=allow_code)
    workshop = _workshop(resolved, store, progress, allow_code)
    survey(workshop, ["baseline"], resolved.collections)
    refuse_speechless(resolved, ["baseline"])
    resolved, seats = seating.seated(resolved, allow_code=allow_code)
    return Bench(resolved, workshop, seating.panel(resolved, seats, workshop.store, workshop.progress, workshop.meter))


def against_baseline(bench: Bench, baseline: Trial, other: Trial) -> Decision:
    """Decide on a trial beside the baseline's as on one of the plan's candidates: its checks, alpha and margins; not on the anchor."""
    state = _Run(bench.resolved, bench.workshop, Drift(bench.workshop.store, bench.workshop.progress))
    state.trials |= {"baseline": baseline, "candidate": other}
    return _compared(state, "candidate")
