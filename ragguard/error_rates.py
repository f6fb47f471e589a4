"""How often the gate of a plan is wrong on the scores that its systems really had: simulated, from a stored run."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ragguard import gate, preflight
from ragguard.decision.simulate import simulate
from ragguard.errors import InputError, Problem, suggest
from ragguard.plan.source import display
from ragguard.records.error_rates import ErrorRates
from ragguard.records.report import Report
from ragguard.records.verdict import Decision
from ragguard.reports import rates, runs
from ragguard.reports.drafts import drafts_of
from ragguard.statistics.paired import Array
from ragguard.statistics.redraw import Random, Scored
from ragguard.statistics.seeds import keyed
from ragguard.store import Store, fingerprint
from ragguard.systems.protocols import Progress

GATES = 4_000
"""Simulated gates of each kind."""

CONDITIONS = (
    "the golden set as it is: its labels, and that it is like production, are taken for granted",
    "candidates that differ from the baseline, query by query, as much as this one does",
    "a loss is planted in one blocking check alone, and all other checks stay equal: one that shows in several suites is promoted less "
    "often, and blocked more often",
    "every case has a score in every arm",
    "judges say of an answer what they said",
)
"""What the rates hold for, in words."""


def measure(
    plan: Path,
    *,
    report: Path | None = None,
    candidate: str | None = None,
    gates: int = GATES,
    allow_code: bool = False,
    progress: Progress,
) -> tuple[ErrorRates, ...]:
    """Simulate the gate of a plan on the scores of a stored run of it, or of a ``report``, and keep what came of it in the store.

    ``candidate`` measures on one of several. Without a report, the newest run is taken that was asked what the plan now asks.

    Raises:
        InputError: no such run is there, or it has no such candidate, or nothing that could be simulated.
    """
    store, found = _run_of(plan, report, allow_code=allow_code)
    decisions = _measurable(found, candidate)
    progress.start("simulate gates", len(decisions))
    made, wrong = list[ErrorRates](), list[Problem]()
    for decision in decisions:
        try:
            made.append(_measured(found, decision, gates))
        except InputError as error:
            wrong += error.problems
        progress.advance(1)
    if not made:
        raise InputError(wrong)
    told = tuple(replace(each, left_out=(*each.left_out, *(problem.what for problem in wrong))) for each in made)
    rates.keep(store, told)
    return told


def _run_of(plan: Path, report: Path | None, *, allow_code: bool) -> tuple[Store, Report]:
    store = Store(gate.store_folder(plan.resolve().parent))
    if report is not None:
        return store, runs.read(report)
    resolved = preflight.load(plan, allow_code=allow_code)
    key = rates.key_of_plan(resolved)
    found = next((each for each in runs.newest_first(store, resolved.loaded.plan.name) if rates.key_of_report(each) == key), None)
    if found is None:
        what = "no run of this plan as it now is (cases, checks, margins, alpha) is stored, so there are no scores to simulate with"
        raise InputError(Problem(display(plan), what, f"run one first: ragguard gate {plan}"))
    return store, found


def _measurable(report: Report, candidate: str | None) -> list[Decision]:
    names = [decision.candidate for decision in report.decisions]
    if candidate is not None and candidate not in names:
        raise InputError(Problem(report.plan, f"the run has no candidate {candidate!r}", suggest(candidate, names)))
    if report.sequential is not None and report.sequential.stopped:
        what = "the run stopped early, and holds the scores of those cases alone that decided it"
        raise InputError(Problem(f"run {report.run}", what, "gate the plan without --sequential"))
    judged = [decision for decision in report.decisions if decision.verdicts or candidate is not None]
    if not judged:
        raise InputError(Problem(f"run {report.run}", "no candidate could be judged", "find out why, and gate the plan again"))
    return [decision for decision in judged if candidate in (None, decision.candidate)]


def _measured(report: Report, decision: Decision, gates: int) -> ErrorRates:
    drafts = drafts_of(report, decision)
    checks = [draft.scored for draft in drafts if draft.scored is not None]
    if not any(each.check.tier == "blocking" for each in checks):
        why = "; ".join(draft.why for draft in drafts if draft.why) or "it judged nothing"
        what = f"no blocking check of {decision.candidate} can be simulated: {why}"
        raise InputError(Problem(f"run {report.run}", what, "gate it again, or name another candidate: --candidate NAME"))
    key, data = rates.key_of_report(report), _data(checks)
    alpha_pass, alpha_fail = decision.verdicts[0].estimate.alpha, report.alpha / report.looks
    counts = simulate(checks, alpha_pass=alpha_pass, alpha_fail=alpha_fail, gates=gates, random=seeded(key, data))
    return ErrorRates(
        plan=report.plan,
        run=report.run,
        candidate=decision.candidate,
        key=key,
        data=data,
        gates=gates,
        summary=rates.summary(counts.simulated, gates),
        simulated=counts.simulated,
        passing=counts.passing,
        conditions=(*CONDITIONS, *_musts(checks)),
        left_out=tuple(draft.why for draft in drafts if draft.why),
    )


def seeded(*parts: str) -> Random:
    """Return a giver of random numbers that are the same for the same parts and purpose."""
    return lambda purpose: keyed(*parts, purpose)


def _data(checks: Sequence[Scored]) -> str:
    every = [part for each in checks for part in (each, each.judged, each.others) if part is not None]
    told = [[each.check.identity, each.check.tier, each.units, *(arm.tolist() for arm in _arms(each))] for each in every]
    return fingerprint("paired scores", told)


def _arms(each: Scored) -> list[Array]:
    return [each.baseline, each.candidate, *([each.anchor] if each.anchor is not None else [])]


def _musts(checks: Sequence[Scored]) -> Iterator[str]:
    """What the misses of checks of tier must come to: of one arm's an equal candidate has half, by the coin."""
    for each in checks:
        before, after = (int((arm == 0).sum()) for arm in (each.baseline, each.candidate))
        if each.check.tier == "must" and (before or after):
            kinds = f"the baseline in {before} of {len(each.units)} intents, and by the candidate in {after}"
            yield f"{each.check.identity} (must) was missed by {kinds}: an equal candidate misses what either did, each by a coin"
