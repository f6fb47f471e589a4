"""Metrics of another metric that say something of each case, or of a quantile of them all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ragguard.metrics.definition import ScoresOf
from ragguard.records.evidence import Case, NotApplicable, Score
from ragguard.records.metric import Metric, Scale

OF, OVER = "of", "over"


def itself(metric: Metric, cases: Sequence[Case], scores: Mapping[str, Score], *, higher_is_better: bool) -> ScoresOf:
    """The other metric's score; what is made of them all is the statistics' affair."""
    del metric, higher_is_better
    return {case.id: scores[case.id] for case in cases}


def exceeds(metric: Metric, cases: Sequence[Case], scores: Mapping[str, Score], *, higher_is_better: bool) -> ScoresOf:
    """1 if the other metric's number is above the target ``over``, else 0; what has no number has none here."""
    del higher_is_better
    over = float(metric.parameter(OVER, "0"))
    return {case.id: float(score > over) if isinstance(score := scores[case.id], float) else score for case in cases}


def wherever(metric: Metric, case: Case) -> NotApplicable | None:
    """It means something wherever the other metric does."""
    del metric, case
    return None


def quantile(share: float) -> Callable[[Scale], Scale]:
    """Return what makes the scale of a quantile; raises ValueError of what has an upper end, or of which more is better."""

    def of(inner: Scale) -> Scale:
        if inner.higher_is_better or inner.high is not None:
            raise ValueError("a quantile is of what has no upper end and of which less is better, such as p95(of=Latency)")
        return replace(inner, quantile=share)

    return of


def yes_or_no(inner: Scale) -> Scale:
    """The scale of a target that is exceeded or not."""
    if inner.higher_is_better or inner.high is not None:
        raise ValueError("a target is of what has no upper end and of which less is better, such as Exceeds(of=Latency, over=800)")
    return Scale(higher_is_better=False, binary=True)
