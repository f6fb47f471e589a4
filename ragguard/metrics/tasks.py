"""The score of lm-eval's items: what the metric of their task gives each, from 0 to 1, higher is better."""

from collections.abc import Sequence

from ragguard.metrics.definition import Batch
from ragguard.records.evidence import Case, NotApplicable, Score, Unscored
from ragguard.records.metric import TASK_SCORE, Metric

AN_ITEM = NotApplicable("it is an item of an lm-eval task, not a query")
A_QUERY = NotApplicable("it is a query, not an item of an lm-eval task")


def is_item(metric: Metric, case: Case) -> NotApplicable | None:
    """Only items of a task have its score."""
    del metric
    return None if case.task else A_QUERY


def only_a_query(metric: Metric, case: Case) -> NotApplicable | None:
    """Items have no other metric than that."""
    return AN_ITEM if case.task and metric.base != TASK_SCORE else None


def task_score(metric: Metric, batch: Batch) -> Sequence[Score]:
    """What lm-eval gave for each item."""
    del metric
    return [Unscored("lm-eval gave no score") if each.item_score is None else each.item_score for each in batch.observations]
