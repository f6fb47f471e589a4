"""What a perturbation costs a system against its own unperturbed cases, and how the worst wording of a need fares."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ragguard.metrics.definition import ScoresOf
from ragguard.records.evidence import Case, NotApplicable, Score, Unscored
from ragguard.records.metric import Metric, Scale

ALONE = NotApplicable("it is the only wording of its intent")
AS_IT_STANDS = NotApplicable("it was made from no other case")
MADE = NotApplicable("it was made from another case")


def was_perturbed(metric: Metric, case: Case) -> NotApplicable | None:
    """Only what was made from another case can have lost against it."""
    del metric
    return None if case.clean else AS_IT_STANDS


def as_asked(metric: Metric, case: Case) -> NotApplicable | None:
    """Wordings are what people wrote: what was made of them is not another one."""
    del metric
    return MADE if case.clean else None


def cost(inner: Scale) -> Scale:
    """The scale of a difference of two scores, of which less is better."""
    bound = None if inner.low is None or inner.high is None else inner.width
    return Scale(higher_is_better=False, low=None if bound is None else -bound, high=bound, unit=inner.unit)


def same(inner: Scale) -> Scale:
    """The scale of the inner metric."""
    return inner


def drop(metric: Metric, cases: Sequence[Case], scores: Mapping[str, Score], *, higher_is_better: bool) -> ScoresOf:
    """The score of the unperturbed case minus that of the case, turned so that a positive number is a loss; lower is better.

    ``NotApplicable`` where either score is, ``Unscored`` where either is.
    """
    del metric
    return {case.id: _drop(scores[case.id], scores.get(case.clean), higher_is_better) for case in cases}


def _drop(perturbed: Score, clean: Score | None, higher_is_better: bool) -> Score:
    if clean is None:
        return AS_IT_STANDS
    for kind in (NotApplicable, Unscored):
        for score in (perturbed, clean):
            if isinstance(score, kind):
                return score
    if not isinstance(perturbed, float) or not isinstance(clean, float):
        raise TypeError("a score is a number or says why it is none")
    return clean - perturbed if higher_is_better else perturbed - clean


def worst(metric: Metric, cases: Sequence[Case], scores: Mapping[str, Score], *, higher_is_better: bool) -> ScoresOf:
    """The worst score over the wordings of the case's intent, those that people wrote: the same for each of them.

    ``NotApplicable`` where the intent has one wording; ``Unscored`` where one of them is.
    """
    del metric
    wordings: dict[str, list[Score]] = defaultdict(list)
    for case in cases:
        if not case.clean and not isinstance(scores[case.id], NotApplicable):
            wordings[case.query.intent].append(scores[case.id])
    found = {intent: _worst(values, higher_is_better) for intent, values in wordings.items()}
    return {case.id: MADE if case.clean else found.get(case.query.intent, scores[case.id]) for case in cases}


def _worst(values: Sequence[Score], higher_is_better: bool) -> Score:
    if len(values) == 1:
        return ALONE
    unscored = [value for value in values if not isinstance(value, float)]
    numbers = [value for value in values if isinstance(value, float)]
    return unscored[0] if unscored else (min(numbers) if higher_is_better else max(numbers))
