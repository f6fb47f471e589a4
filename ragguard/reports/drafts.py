"""What a stored report holds of the checks of a decision, as simulated gates take it; or why a check has no part in them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ragguard.records.metric import Scale
from ragguard.records.report import Report
from ragguard.records.verdict import Decision, Verdict
from ragguard.reports import rates, scored
from ragguard.statistics.corrected import seen_of
from ragguard.statistics.estimate import BINARY
from ragguard.statistics.must import meets
from ragguard.statistics.pairing import Place, paired
from ragguard.statistics.redraw import Scored
from ragguard.statistics.rows import Pair, Row, complete_pairs, intent_means, ranged, read_rows


@dataclass(frozen=True)
class Draft:
    """A check with its scores; or ``why`` it has no part in the simulation, or none against the anchor."""

    scored: Scored | None
    why: str = ""


def drafts_of(report: Report, decision: Decision) -> list[Draft]:
    """Return the checks that a simulated gate decides by, with what the arms scored, and the anchor where there is one."""
    binding = [verdict for verdict in decision.verdicts if verdict.check.tier in rates.SIMULATED]
    anchored = {(each.check.identity, each.check.tier) for each in binding if each.against == "anchor" and each.check.tier != "must"}
    return [
        _draft(report, each, decision.candidate, anchored=(each.check.identity, each.check.tier) in anchored)
        for each in binding
        if each.against == "baseline"
    ]


def _draft(report: Report, verdict: Verdict, arm: str, *, anchored: bool) -> Draft:
    if verdict.check.tier == "must":
        return _rule(report, verdict, arm)
    if not ranged(verdict.estimate.scale):
        return Draft(None, f"{verdict.check.identity}: a quantile, compared as a ratio")
    if verdict.estimate.correction is not None:
        return _corrected(report, verdict, arm, anchored=anchored)
    pairs = complete_pairs(_rows(report, verdict, "baseline", arm))
    if _few(pairs):
        return Draft(None, f"{verdict.check.identity}: fewer than two intents have a score in both arms")
    return _beside_anchor(report, verdict, arm, pairs) if anchored else Draft(_scored(report, verdict, pairs))


def _rule(report: Report, verdict: Verdict, arm: str) -> Draft:
    """Of a check of tier must: in which intents every case met the rule."""
    pairs = complete_pairs(_rows(report, verdict, "baseline", arm))
    if not pairs:
        return Draft(None, f"{verdict.check.identity} (must): no case has a score in both arms")
    told = [
        replace(pair, baseline=float(meets(pair.baseline, verdict.estimate)), candidate=float(meets(pair.candidate, verdict.estimate)))
        for pair in pairs
    ]
    found = _scored(report, verdict, told)
    met = (np.where(each == 1, 1.0, 0.0) for each in (found.baseline, found.candidate))
    return Draft(replace(found, scale=Scale(binary=True), exact=True, baseline=next(met), candidate=next(met)))


def _corrected(report: Report, verdict: Verdict, arm: str, *, anchored: bool) -> Draft:
    name, pairs = verdict.check.identity, seen_of(_rows(report, verdict, "baseline", arm, corrected=True))
    if _few(pairs.human):
        return Draft(None, f"{name}: fewer than two intents have a label in both arms")
    why = f"{name} against the anchor: labels correct its judge" if anchored else ""
    own = _scored(report, verdict, pairs.human)
    if not pairs.others:
        return Draft(own, why)
    judged, others = (_scored(report, verdict, each) for each in (pairs.judged, pairs.others))
    return Draft(replace(own, judged=judged, others=others), why)


def _beside_anchor(report: Report, verdict: Verdict, arm: str, pairs: Sequence[Pair]) -> Draft:
    """With what the anchor scored on the same cases; those that it has no score of are left out."""
    anchor = {pair.case: pair.baseline for pair in complete_pairs(_rows(report, verdict, "anchor", arm))}
    shared = [pair for pair in pairs if pair.case in anchor]
    if _few(shared):
        why = f"{verdict.check.identity} against the anchor: fewer than two intents have a score in all arms"
        return Draft(_scored(report, verdict, pairs), why)
    own = _scored(report, verdict, shared)
    beside = _scored(report, verdict, [replace(pair, baseline=anchor[pair.case]) for pair in shared])
    return Draft(replace(own, anchor=beside.baseline))


def _few(pairs: Sequence[Pair]) -> bool:
    return len({pair.intent for pair in pairs}) < 2


def _rows(report: Report, verdict: Verdict, role: str, arm: str, *, corrected: bool = False) -> Sequence[Row]:
    """The rows of a check that compares an arm with the one of a role."""
    check, scale = verdict.check, verdict.estimate.scale
    cases = [case for case in report.cases if scored.about(check, case, corrected=corrected)]
    places = [Place(case.id, case.intent, case.task) for case in cases]
    reference = next(each.name for each in report.arms if each.role == role)
    before, after = ([scored.told(case, each, str(check.metric)) for case in cases] for each in (reference, arm))
    return read_rows(paired(check, scale, places, before, after, corrected=corrected))


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
