"""How often the gate of a plan is wrong on the scores that its systems really had: simulated, from a stored run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ragguard import gate, preflight
from ragguard.decision.judge import FAMILY
from ragguard.decision.simulate import simulate
from ragguard.errors import InputError, Problem, suggest
from ragguard.plan.source import display
from ragguard.records.error_rates import ErrorRates
from ragguard.records.report import Report
from ragguard.records.verdict import Decision, Verdict
from ragguard.reports import rates, runs, scored
from ragguard.statistics.corrected import Seen, seen_of
from ragguard.statistics.estimate import BINARY
from ragguard.statistics.pairing import Place, paired
from ragguard.statistics.redraw import Random, Scored
from ragguard.statistics.rows import Pair, Row, complete_pairs, intent_means, ranged, read_rows
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
    "every case has a score in both arms",
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
    drafts = [_draft(report, verdict, decision.candidate) for verdict in decision.verdicts if verdict.check.tier in (*FAMILY, "must")]
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
        conditions=CONDITIONS,
        left_out=tuple(draft.why for draft in drafts if draft.why),
    )


def seeded(*parts: str) -> Random:
    """Return a giver of random numbers that are the same for the same parts and purpose."""
    return lambda purpose: keyed(*parts, purpose)


def _data(checks: Sequence[Scored]) -> str:
    every = [part for each in checks for part in (each, each.judged, each.others) if part is not None]
    told = [[each.check.identity, each.check.tier, each.units, each.baseline.tolist(), each.candidate.tolist()] for each in every]
    return fingerprint("paired scores", told)


@dataclass(frozen=True)
class _Draft:
    """A check with its scores; or why it has no part in the simulation."""

    scored: Scored | None
    why: str = ""


def _draft(report: Report, verdict: Verdict, arm: str) -> _Draft:
    check, name = verdict.check, verdict.check.identity
    if verdict.against != "baseline":
        return _Draft(None, f"{name} against the {verdict.against}: candidates are made equal to the baseline")
    if check.tier == "must":
        return _Draft(None, f"{name} (must): a rule for single cases, which no chance is in")
    if not ranged(verdict.estimate.scale):
        return _Draft(None, f"{name}: a quantile, compared as a ratio")
    corrected = verdict.estimate.correction is not None
    rows = _rows(report, verdict, arm, corrected=corrected)
    pairs = seen_of(rows) if corrected else Seen(complete_pairs(rows), (), ())
    if len({pair.intent for pair in pairs.human}) < 2:
        return _Draft(None, f"{name}: fewer than two intents have a {'label' if corrected else 'score'} in both arms")
    own = _scored(report, verdict, pairs.human)
    if not pairs.others:
        return _Draft(own)
    judged, others = (_scored(report, verdict, each) for each in (pairs.judged, pairs.others))
    return _Draft(replace(own, judged=judged, others=others))


def _rows(report: Report, verdict: Verdict, arm: str, *, corrected: bool) -> Sequence[Row]:
    check, scale = verdict.check, verdict.estimate.scale
    cases = [case for case in report.cases if scored.about(check, case, corrected=corrected)]
    places = [Place(case.id, case.intent, case.task) for case in cases]
    before, after = ([scored.told(case, each, str(check.metric)) for case in cases] for each in (_baseline(report), arm))
    return read_rows(paired(check, scale, places, before, after, corrected=corrected))


def _baseline(report: Report) -> str:
    return next(arm.name for arm in report.arms if arm.role == "baseline")


def _scored(report: Report, verdict: Verdict, pairs: Sequence[Pair]) -> Scored:
    suite = next(each for each in report.suites if each.name == verdict.check.suite)
    place = {pair.intent: (f"{suite.collection_fingerprint}/{pair.stratum}", pair.intent) for pair in pairs}
    intents = sorted(place)
    order = sorted(range(len(intents)), key=lambda row: place[intents[row]])
    before, after = (np.array(intent_means(pairs, value))[order] for value in (_before, _after))
    stratum = {pair.intent: pair.stratum for pair in pairs}
    return Scored(
        check=verdict.check,
        scale=verdict.estimate.scale,
        units=tuple(place[intents[row]] for row in order),
        baseline=before,
        candidate=after,
        strata=tuple(stratum[intents[row]] for row in order),
        exact=verdict.estimate.method.startswith(BINARY),
    )


def _before(pair: Pair) -> float:
    return pair.baseline


def _after(pair: Pair) -> float:
    return pair.candidate
