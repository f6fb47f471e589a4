"""The one public way from observations to scores: exactly one score for every case, finite or with its reason."""

import math
from collections.abc import Mapping, Sequence

from ragguard.metrics.arrays import trec_order
from ragguard.metrics.catalog import inner, resolve
from ragguard.metrics.definition import Batch, Definition
from ragguard.metrics.tasks import only_a_query
from ragguard.records.evidence import Case, Mark, Observation, Score, Unscored
from ragguard.records.metric import Metric

NO_ANSWER = Unscored("the system gave no answer")


def score(
    metric: Metric,
    cases: Sequence[Case],
    observations: Mapping[str, Observation],
    marks: Mapping[str, Mark] | None = None,
    texts: Mapping[str, str] | None = None,
) -> dict[str, Score]:
    """Score one metric on every case. See ``score_all``."""
    return score_all([metric], cases, observations, marks, texts)[metric]


def score_all(
    metrics: Sequence[Metric],
    cases: Sequence[Case],
    observations: Mapping[str, Observation],
    marks: Mapping[str, Mark] | None = None,
    texts: Mapping[str, str] | None = None,
) -> dict[Metric, dict[str, Score]]:
    """Score several metrics on the same observations; cheaper than one by one, since rankings are ordered and numbered once.

    ``observations`` are keyed by case id. A case that a metric says nothing about is ``NotApplicable``, whatever the system did; a
    missing or failed observation is ``Unscored``; an empty ranking scores as a system that found nothing. The result has one entry
    a case, in the order of ``cases``; values do not depend on any order. ``marks`` are family, version and status of the ranked,
    given and cited documents by id, ``texts`` what the given and cited ones say, where a metric needs them.

    Raises:
        ValueError: two cases share an id, the catalog does not know a metric, it is derived from another (``catalog.derive``), or it
            needs marks or texts and there are none.
    """
    if derived := [str(metric) for metric in metrics if inner(metric) != metric]:
        raise ValueError(f"{', '.join(derived)}: made from the scores of a whole suite, not case by case")
    definitions = {metric: resolve(metric) for metric in metrics}
    blind = [str(metric) for metric, definition in definitions.items() if definition.needs_marks and marks is None]
    if blind:
        raise ValueError(f"{', '.join(blind)}: the marks of the ranked documents are needed")
    if mute := [str(metric) for metric, definition in definitions.items() if definition.needs_texts and texts is None]:
        raise ValueError(f"{', '.join(mute)}: the texts of the given documents are needed")
    if len({case.id for case in cases}) != len(cases):
        raise ValueError("two cases share an id")
    rankings = [_ranking(observations.get(case.id)) for case in cases]
    batches: dict[tuple[int, ...], Batch] = {}
    result = {}
    for metric, definition in definitions.items():
        blank: list[Score | None] = [
            _without_value(metric, definition, case, ids, observations.get(case.id)) for case, ids in zip(cases, rankings, strict=True)
        ]
        rows = tuple(i for i, given in enumerate(blank) if given is None)
        if rows not in batches:
            batches[rows] = _batch(rows, cases, rankings, observations, marks or {}, texts or {})
        values = dict(zip(rows, definition.function(metric, batches[rows]), strict=True)) if rows else {}
        scored = (_finite(metric, values[i]) if given is None else given for i, given in enumerate(blank))
        result[metric] = {case.id: value for case, value in zip(cases, scored, strict=True)}
    return result


def _ranking(observation: Observation | None) -> tuple[str, ...] | Unscored:
    if observation is None:
        return Unscored("there is no observation of this case")
    if observation.error:
        return Unscored(observation.error)
    try:
        return trec_order(observation.ranking)
    except ValueError as wrong:
        return Unscored(str(wrong))


def _without_value(
    metric: Metric, definition: Definition, case: Case, ids: tuple[str, ...] | Unscored, observation: Observation | None
) -> Score | None:
    # Applicability first: it belongs to the case alone, and must not differ between two systems.
    nothing_to_say = only_a_query(metric, case) or definition.applicable(metric, case)
    if nothing_to_say is not None:
        return nothing_to_say
    if isinstance(ids, Unscored):
        return ids
    return NO_ANSWER if definition.needs_answers and observation is not None and observation.answer is None else None


def _batch(
    rows: tuple[int, ...],
    cases: Sequence[Case],
    rankings: Sequence[tuple[str, ...] | Unscored],
    observations: Mapping[str, Observation],
    marks: Mapping[str, Mark],
    texts: Mapping[str, str],
) -> Batch:
    kept = tuple(cases[i] for i in rows)
    ids = tuple(ranking for i in rows if not isinstance(ranking := rankings[i], Unscored))
    return Batch(kept, tuple(observations[case.id] for case in kept), ids, marks, texts)


def _finite(metric: Metric, value: Score) -> Score:
    if isinstance(value, float) and not math.isfinite(value):
        return Unscored(f"{metric} is {value}, which is no score")
    return value
