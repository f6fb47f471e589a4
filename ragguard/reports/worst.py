"""Which queries got worse, and where the documents that they wanted went."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ragguard.records.metric import TASK_SCORE, Metric, Scale
from ragguard.records.report import CaseRun, Report, Shown, ShownDocument
from ragguard.records.verdict import Decision, Verdict
from ragguard.reports import words

_NOISE = 1e-9  # what summing in another order can change


@dataclass(frozen=True, slots=True)
class Loss:
    """A case that the candidate does worse on: both scores in the metric's unit, the loss (> 0) as a share of its range."""

    case: CaseRun
    metric: Metric
    scale: Scale
    before: float
    after: float
    loss: float


def leading(report: Report, decision: Decision, suite: str) -> Verdict | None:
    """The check by which a suite's queries are ordered: its first blocking one against the baseline, else its first one.

    Items of lm-eval's tasks are no queries, and have a table of their own.
    """
    made = [each for each in decision.verdicts if each.check.suite == suite and not words.against(each, report)]
    made = [each for each in made if each.check.metric.base != TASK_SCORE]
    return next((each for each in made if each.check.tier == "blocking"), next(iter(made), None))


def losses(report: Report, decision: Decision, suite: str) -> list[Loss]:
    """The cases of a suite that got worse in its leading check, biggest loss first, ties by id. Those without both scores are not here."""
    check = leading(report, decision, suite)
    return losses_of(report, decision, check) if check is not None else []


def losses_of(report: Report, decision: Decision, verdict: Verdict) -> list[Loss]:
    """The cases that got worse in one check, against the reference of that check; ordered as in ``losses``."""
    found = [
        _loss(case, verdict, words.reference(verdict, report), decision.candidate) for case in report.cases if _concerns(case, verdict)
    ]
    return sorted((each for each in found if each is not None and each.loss > _NOISE), key=lambda each: (-each.loss, each.case.id))


def pairs_of(report: Report, decision: Decision, verdict: Verdict) -> Iterator[tuple[CaseRun, float, float, float]]:
    """The cases of a check that both arms have a score of: both scores in the metric's unit, and the gain as a share of its range."""
    for case in report.cases:
        found = _loss(case, verdict, words.reference(verdict, report), decision.candidate) if _concerns(case, verdict) else None
        if found is not None:
            yield case, found.before, found.after, -found.loss


def _concerns(case: CaseRun, verdict: Verdict) -> bool:
    check = verdict.check
    return case.suite == check.suite and not case.unlabelled and (check.slice in case.slices if check.slice else not case.aside)


def _loss(case: CaseRun, verdict: Verdict, baseline: str, candidate: str) -> Loss | None:
    metric, scale = verdict.check.metric, verdict.estimate.scale
    before, after = (case.scores.get(arm, {}).get(str(metric)) for arm in (baseline, candidate))
    if not isinstance(before, float | int) or not isinstance(after, float | int):
        return None
    sign = 1 if scale.higher_is_better else -1
    return Loss(case, metric, scale, before, after, sign * (before - after) / scale.width)


def failed(report: Report, arm: str, suite: str) -> list[CaseRun]:
    """The cases of a suite on which an arm gave an error instead of a ranking, by id."""
    return sorted((case for case in report.cases if case.suite == suite and case.errors.get(arm)), key=lambda case: case.id)


def marks(report: Report, id_: str) -> str:
    """A document's version (unless its id says it), status, and who planted it: ``v2.3 superseded``; empty where it has none."""
    document = report.documents.get(id_, ShownDocument())
    version = "" if document.version in id_ else f"v{document.version.removeprefix('v')}"
    planted = f"PLANTED ({document.planted})" if document.planted else ""
    return " ".join(part for part in (version, document.status, planted) if part)


def grade(shown: Shown) -> str:
    """A ranked document's grade in words."""
    return "not judged" if shown.grade is None else f"grade {shown.grade}"


def wanted(case: CaseRun) -> list[tuple[str, int]]:
    """The relevant documents with their grades, the best first, ties by id."""
    return sorted(((id_, value) for id_, value in case.relevant.items() if value > 0), key=lambda pair: (-pair[1], pair[0]))


def said(case: CaseRun, arms: Sequence[str]) -> list[tuple[str, str]]:
    """What ought to be said to a query and what each arm says, under their names; empty where no arm answers."""
    answers = [(f"{arm} says", case.answers[arm].text or "nothing") for arm in arms if arm in case.answers]
    return [*([("wanted answer", case.expected)] if case.expected else []), *answers] if answers else []


def ranks(cases: Sequence[CaseRun]) -> bool:
    """Whether these cases are about rankings at all: results made elsewhere may be scores alone."""
    return any(case.relevant or any(case.rankings.values()) for case in cases)


def alike(case: CaseRun, arms: Sequence[str]) -> bool:
    """Whether the arms ranked the same documents in the same order, so that a loss is the answer's."""
    heads = {tuple(shown.id for shown in case.rankings.get(arm, ())) for arm in arms}
    return len(heads) == 1 and heads != {()}


def place(case: CaseRun, arm: str, id_: str) -> str:
    """Where an arm ranked a document: ``3``, or ``not in top 10`` of what the report kept."""
    ranking = case.rankings.get(arm, ())
    if not ranking:
        return "nothing ranked"
    return next((str(rank) for rank, shown in enumerate(ranking, 1) if shown.id == id_), f"not in top {len(ranking)}")
