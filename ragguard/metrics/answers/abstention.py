"""Whether an answer refuses where the documents answer, and answers where they do not."""

import re

from ragguard.metrics.answers.replies import Reply, answerable
from ragguard.records.evidence import Case, NotApplicable
from ragguard.records.metric import Metric

NO_ANSWER = NotApplicable("the documents do not answer it")

_ASKS = re.compile(
    r"\b(?:please|could you|can you|kindly|you need to|you must|i (?:will )?need(?: you to)?)\s+(?:first\s+)?"
    r"(?:provide|share|paste|give|send|supply|quote|attach|include|upload|show)\s+(?:me\s+|us\s+)?(?:with\s+)?"
    r"(?:\w+\s+){0,4}?(?:quotes?|quotations?|documents?|documentation|passages?|texts?|excerpts?|sources?|context|references?|pages?)\b",
    re.IGNORECASE,
)


def is_answerable(metric: Metric, case: Case) -> NotApplicable | None:
    """Only where the documents answer can a refusal be wrong."""
    del metric
    return None if answerable(case) else NO_ANSWER


def is_unanswerable(metric: Metric, case: Case) -> NotApplicable | None:
    """Only where the documents do not answer can an answer be wrong in itself."""
    del metric
    return NotApplicable("the documents answer it") if case.query.answerable else None


def is_known(metric: Metric, case: Case) -> NotApplicable | None:
    """Only where it is known whether the documents answer: a question that was changed has neither."""
    del metric
    known = answerable(case) or not case.query.answerable
    return None if known else NotApplicable("it is not known whether the documents answer it")


def false_refusal(metric: Metric, reply: Reply) -> float:
    """1 if the answer abstains though the documents answer, else 0; lower is better."""
    del metric
    return float(reply.answer.abstained)


def false_answer(metric: Metric, reply: Reply) -> float:
    """1 if the answer does not abstain though the documents do not answer, else 0; lower is better."""
    del metric
    return float(not reply.answer.abstained)


def abstention_accuracy(metric: Metric, reply: Reply) -> float:
    """1 if the answer abstains exactly where the documents do not answer, else 0."""
    del metric
    return float(reply.answer.abstained != reply.case.query.answerable)


def asks_for_sources(metric: Metric, reply: Reply) -> float:
    """1 if the answer asks the reader for documents or quotations instead of reading its own, else 0; lower is better.

    Known by its words (``please provide the passage``), in English.
    """
    del metric
    return float(_ASKS.search(reply.text) is not None)
