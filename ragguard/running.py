"""One run: what it gathers on its way, and an arm made ready, asked, scored and looked at."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from ragguard import stopping, trial
from ragguard.drift import Drift
from ragguard.errors import CannotJudge, InputError, Problem
from ragguard.judges.panel import Panel
from ragguard.plan.parts import changes_by_itself
from ragguard.records.report import Arm, Role, Sequential
from ragguard.records.verdict import Verdict
from ragguard.reports.assemble import ArmScores
from ragguard.reports.redaction import hider
from ragguard.stopping import Watch
from ragguard.suites.resolve import Resolved, Suite
from ragguard.suites.runner import Asker
from ragguard.train.arms import Ready, prepare, system_of
from ragguard.train.workshop import Workshop
from ragguard.trial import Trial


@dataclass
class Run:
    """What a run gathers on its way."""

    resolved: Resolved
    workshop: Workshop
    drift: Drift
    expanded: dict[str, str] = field(default_factory=dict)
    panel: Panel | None = None
    asked_on: str = ""
    in_batches: bool = False
    arms: dict[str, Arm] = field(default_factory=dict)
    trials: dict[str, Trial] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    outages: dict[str, str] = field(default_factory=dict)
    watch: Watch | None = None
    sequential: Sequential | None = None
    stopped: list[Verdict] = field(default_factory=list)

    def scores(self, suite: Suite) -> dict[str, ArmScores]:
        """What every arm scored on a suite, if it went through all of it."""
        whole = {arm: done.scores[suite.name] for arm, done in self.trials.items() if suite.name in done.scores}
        return {arm: scores for arm, scores in whole.items() if len(scores.scores) == len(suite.cases.cases)}

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Keep the seconds that the block took under a name."""
        begin = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - begin, 3)


def run_reference(state: Run, role: Role) -> None:
    """Run the baseline or the anchor over all suites. Raises CannotJudge where it could not be run."""
    try:
        _run_arm(state, role, role)
    except CannotJudge as error:
        raise CannotJudge(f"the {role} could not be run, so there is nothing to judge by: {error}") from error


def run_candidate(state: Run, name: str) -> None:
    """Run a candidate over all suites, or batch by batch; that it could not be run is kept as an outage."""
    try:
        _run_arm(state, name, "candidate")
    except CannotJudge as error:
        state.outages[name] = hider(state.expanded)(str(error))
        state.arms.setdefault(name, Arm(name, "candidate", ""))


def _run_arm(state: Run, name: str, role: Role) -> None:
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
def _placed(state: Run, name: str, role: Role) -> Iterator[None]:
    """Say where in the plan the system stands that an error without a place is about, for instance what its server answers."""
    try:
        yield
    except InputError as error:
        where = state.resolved.loaded.source.where(("candidates", name) if role == "candidate" else (role,))
        raise InputError(each if each.where else replace(each, where=where) for each in error.problems) from error


def _not_the_baseline(state: Run, name: str, role: Role, ready: Ready) -> None:
    if role == "candidate" and ready.retriever.fingerprint == state.arms["baseline"].fingerprint:
        where = state.resolved.loaded.source.where(("candidates", name))
        what = f"the candidate {name!r} is the baseline: both have fingerprint {ready.retriever.fingerprint[:12]}"
        raise InputError(Problem(where, what, "check that its model is the one you trained"))


def _in_batches(state: Run, name: str, done: Trial, asker: Asker) -> None:
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
