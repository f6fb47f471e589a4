"""What a stored report holds of a check: its scores, as the statistics of a run had them."""

from ragguard.errors import InputError, Problem
from ragguard.records.evidence import Check, Unscored
from ragguard.records.metric import Scale
from ragguard.records.report import CaseRun, Report
from ragguard.statistics.pairing import Told


def checks(report: Report) -> list[tuple[Check, Scale]]:
    """The checks of a report, each once, though several candidates were judged by them.

    Raises:
        InputError: the report judged nothing.
    """
    found = {(v.check.identity, v.check.tier): (v.check, v.estimate.scale) for decision in report.decisions for v in decision.verdicts}
    if not found:
        raise InputError(Problem(report.plan, "the report judged nothing, so there is no check to compare by", "gate it again"))
    return list(found.values())


def about(check: Check, case: CaseRun, *, corrected: bool) -> bool:
    """Whether a case is one of a check's; those for a judge alone are where human labels correct him."""
    if case.suite != check.suite or (case.unlabelled and not corrected):
        return False
    return check.slice in case.slices if check.slice else case.unlabelled or not case.aside


def told(case: CaseRun, arm: str, metric: str) -> Told:
    """What is known of an arm on a case."""
    said, labels = case.answers.get(arm), case.labels.get(arm, {})
    score = case.scores.get(arm, {}).get(metric, Unscored("the report has no score of it"))
    judgements = case.judged.get(arm, {}).get(metric, ())
    return Told(score, judgements, None if said is None else said.text, metric in labels, labels.get(metric))
