"""The order of things: resolve, train, run, score, compare, decide. The only module that knows it."""

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from ragguard import comparing, running, seating, stopping
from ragguard.drift import Drift
from ragguard.errors import InputError, Problem, suggest
from ragguard.execute.meter import Meter
from ragguard.judges.panel import Panel
from ragguard.plan import load as plans
from ragguard.plan.load import LoadedPlan
from ragguard.preflight import load, references, refuse_speechless
from ragguard.records.report import Report
from ragguard.records.verdict import Decision
from ragguard.reports import judged, rates
from ragguard.reports.assemble import assemble
from ragguard.reports.document import to_json
from ragguard.store import Store, write_atomically
from ragguard.suites.resolve import Resolved
from ragguard.systems.protocols import Progress
from ragguard.systems.silent import Silent
from ragguard.train.arms import system_of
from ragguard.train.end_to_end import train_system
from ragguard.train.survey import survey
from ragguard.train.workshop import Workshop
from ragguard.trial import Trial


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
        workshop = replace(open_workshop(resolved, store, progress, allow_code), meter=meter)
        survey(workshop, [*references(resolved.loaded), *gated], resolved.collections)
        resolved, seats = seating.seated(resolved, allow_code=allow_code)
    panel = seating.panel(resolved, seats, workshop.store, workshop.progress, meter)
    drift = Drift(workshop.store, workshop.progress)
    state = running.Run(
        resolved, workshop, drift, expanded=dict(resolved.loaded.expanded), panel=panel, asked_on=asked_on, in_batches=sequential
    )
    refuse_speechless(resolved, [*references(resolved.loaded), *gated])
    running.run_reference(state, "baseline")
    if resolved.loaded.plan.anchor is not None:
        running.run_reference(state, "anchor")
    for name in gated:
        running.run_candidate(state, name)
    decisions = tuple(comparing.decision(state, name) for name in gated)
    resolved = state.resolved
    scores = {suite.name: state.scores(suite) for suite in resolved.suites}
    took, judges = comparing.times(started, state, scores), judged.runs(panel, scores) if panel is not None else ()
    report = assemble(resolved, tuple(state.arms.values()), scores, decisions, took, state.expanded, drift.figures, drift.warnings, judges)
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
    workshop = open_workshop(resolved, store, progress, allow_code)
    survey(workshop, _gated(resolved.loaded, candidate), resolved.collections)
    return {
        f"{name}/{place}": checkpoint.folder
        for name in _gated(resolved.loaded, candidate)
        for place, checkpoint in train_system(workshop, system_of(resolved.loaded, name)).items()
    }


def open_workshop(resolved: Resolved, store: Path | None, progress: Progress | None, allow_code: bool) -> Workshop:
    """What the systems of a plan are made with; ``store`` is where results are kept (None: as ``store_folder`` says)."""
    kept = Store(store or store_folder(resolved.loaded.folder))
    return Workshop(resolved.loaded, resolved.suites[0].collection, resolved.golden, kept, progress or Silent(), allow_code)


def look_ahead(resolved: Resolved) -> Resolved:
    """Check what the systems and judges of a plan name, as far as that runs nothing and asks nothing of the network; return the plan
    with what is known of its judges.

    Raises:
        InputError: with every problem found.
    """
    arms = [*references(resolved.loaded), *resolved.loaded.plan.candidates]
    survey(open_workshop(resolved, None, None, allow_code=True), arms, resolved.collections, reach_out=False)
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
    workshop = open_workshop(resolved, store, progress, allow_code)
    survey(workshop, ["baseline"], resolved.collections)
    refuse_speechless(resolved, ["baseline"])
    resolved, seats = seating.seated(resolved, allow_code=allow_code)
    return Bench(resolved, workshop, seating.panel(resolved, seats, workshop.store, workshop.progress, workshop.meter))


def against_baseline(bench: Bench, baseline: Trial, other: Trial) -> Decision:
    """Decide on a trial beside the baseline's as on one of the plan's candidates: its checks, alpha and margins; not on the anchor."""
    state = running.Run(bench.resolved, bench.workshop, Drift(bench.workshop.store, bench.workshop.progress))
    state.trials |= {"baseline": baseline, "candidate": other}
    return comparing.decision(state, "candidate")
