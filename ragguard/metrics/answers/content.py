"""Whether an answer holds what a complete one must, and what only another version would say."""

from ragguard.metrics.answers.matching import contains
from ragguard.metrics.answers.replies import Reply
from ragguard.records.evidence import Case, NotApplicable
from ragguard.records.metric import Metric


def has_required(metric: Metric, case: Case) -> NotApplicable | None:
    """Only where it is known what an answer must hold can it lack something."""
    del metric
    return None if case.query.answerable and case.query.required else NotApplicable("it is not known what an answer must hold")


def has_forbidden(metric: Metric, case: Case) -> NotApplicable | None:
    """Only where the values of other versions are known, and not in the question: who is asked about one may name it."""
    del metric
    return None if _forbidden(case) else NotApplicable("no value of another version is known that the question does not name")


def completeness(metric: Metric, reply: Reply) -> float:
    """Share of the required values and phrases that the answer holds; 0 where it abstains."""
    del metric
    required = reply.case.query.required
    return 0.0 if reply.answer.abstained else sum(contains(reply.text, wanted) for wanted in required) / len(required)


def version_conflation(metric: Metric, reply: Reply) -> float:
    """1 if the answer holds a value of another version that is wrong in the one asked for, else 0; lower is better."""
    del metric
    return float(conflates(reply))


def conflates(reply: Reply) -> bool:
    """Tell whether an answer holds a forbidden value."""
    return any(contains(reply.text, value) for value in _forbidden(reply.case))


def _forbidden(case: Case) -> tuple[str, ...]:
    return tuple(value for value in case.query.forbidden if not contains(case.text, value))
