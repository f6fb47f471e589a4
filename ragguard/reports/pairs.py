"""What two arms made of the cases of a check, side by side, while a run is going on."""

from ragguard.records.evidence import Check, PairedScores
from ragguard.records.metric import Metric
from ragguard.reports.assemble import ArmScores
from ragguard.statistics.pairing import Place, Told, paired
from ragguard.suites.resolve import Resolved, Suite


def pairs(resolved: Resolved, suite: Suite, check: Check, before: ArmScores, after: ArmScores) -> PairedScores:
    """Set the scores of both arms side by side; both have some for every case of the suite."""
    members = suite.members(check)
    places = [Place(case.id, case.query.intent, case.task) for case in suite.cases.cases if case.id in members]
    told = ([_told(arm, place.case, check.metric) for place in places] for arm in (before, after))
    return paired(check, resolved.scale(suite, check), places, *told, corrected=check.metric in suite.corrected)


def _told(scores: ArmScores, case: str, metric: Metric) -> Told:
    """What is known of an arm on a case."""
    said, labels = scores.answers.get(case), scores.labels.get(case, {})
    judgements = scores.judgements.get(case, {}).get(metric, ())
    return Told(scores.scores[case][metric], judgements, None if said is None else said.text, metric in labels, labels.get(metric))
