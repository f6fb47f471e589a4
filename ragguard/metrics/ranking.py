"""Ranking metrics by ranx, with trec_eval's definitions and tie order: one value in [0, 1] a case, higher is better.

Documents without a judgement count as not relevant. ``rel`` is the least grade that counts as relevant in the binary metrics.
"""

import warnings
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import numpy as np

from ragguard.metrics.definition import Batch
from ragguard.records.evidence import Case, NotApplicable
from ragguard.records.metric import Metric, Scale

DEFAULT_PERSISTENCE = "0.8"

# numba's fallback threading layer kills the process if two threads enter it.
_ONE_AT_A_TIME = Lock()


def needs_relevant(metric: Metric, case: Case) -> NotApplicable | None:
    """Without a document of the wanted grade, no ranking is better than another."""
    level = _level(metric)
    if any(grade >= level for grade in case.relevant.values()):
        return None
    return NotApplicable("no document is relevant" if level == 1 else f"no document has a grade of {level} or more")


def share(metric: Metric) -> Scale:
    """The scale of a share: 0 to 1."""
    del metric
    return Scale()


def hit_or_miss(metric: Metric) -> Scale:
    """The scale of a metric that is 0 or 1."""
    del metric
    return Scale(binary=True)


def ndcg(metric: Metric, batch: Batch) -> Sequence[float]:
    """Normalised discounted cumulative gain, discount log2(rank + 1), the ideal taken over all relevant documents.

    Gains are the grades (Järvelin and Kekäläinen 2002, and trec_eval), or 2^grade - 1 with ``gains=exponential`` (Burges 2005).
    """
    from ranx import metrics as ranx

    function = ranx.ndcg_burges if metric.parameter("gains", "linear") == "exponential" else ranx.ndcg
    return _compute(function, batch.ranx.judged, batch.ranx.ranked, metric.cutoff or 0, 1)


def reciprocal_rank(metric: Metric, batch: Batch) -> Sequence[float]:
    """1 / rank of the first relevant document; 0 where there is none (within the cutoff)."""
    from ranx import metrics as ranx

    return _binary(ranx.reciprocal_rank, metric, batch)


def average_precision(metric: Metric, batch: Batch) -> Sequence[float]:
    """Sum of the precision at each retrieved relevant document, divided by the number of all relevant documents."""
    from ranx import metrics as ranx

    return _binary(ranx.average_precision, metric, batch)


def recall(metric: Metric, batch: Batch) -> Sequence[float]:
    """Share of the relevant documents that stand in the first k."""
    from ranx import metrics as ranx

    return _binary(ranx.recall, metric, batch)


def precision(metric: Metric, batch: Batch) -> Sequence[float]:
    """Relevant documents in the first k, divided by k, however short the ranking."""
    from ranx import metrics as ranx

    return _binary(ranx.precision, metric, batch)


def success(metric: Metric, batch: Batch) -> Sequence[float]:
    """1 if a relevant document stands in the first k, else 0."""
    from ranx import metrics as ranx

    return _binary(ranx.hit_rate, metric, batch)


def r_precision(metric: Metric, batch: Batch) -> Sequence[float]:
    """Precision at R, the number of relevant documents of the case."""
    from ranx import metrics as ranx

    return _binary(ranx.r_precision, metric, batch)


def rank_biased_precision(metric: Metric, batch: Batch) -> Sequence[float]:
    """(1 - p) times the sum of p^(rank - 1) over the relevant documents (Moffat and Zobel 2008), p being the persistence."""
    from numba.typed import List
    from ranx import metrics as ranx

    # ranx weighs hits by their grade here, against its own documentation; grades of 1 keep the value in [0, 1].
    level = _level(metric)
    judged = List([np.column_stack((rows[:, 0], rows[:, 1] >= level)) for rows in batch.ranx.judged])
    ranked = List([rows[: metric.cutoff] for rows in batch.ranx.ranked])
    return _compute(ranx.rank_biased_precision, judged, ranked, float(metric.parameter("p", DEFAULT_PERSISTENCE)), 1)


def _level(metric: Metric) -> int:
    return int(metric.parameter("rel", "1"))


def _binary(function: Callable[..., Any], metric: Metric, batch: Batch) -> list[float]:
    return _compute(function, batch.ranx.judged, batch.ranx.ranked, metric.cutoff or 0, _level(metric))


def _compute(function: Callable[..., Any], *arguments: Any) -> list[float]:
    from numba.core.errors import NumbaTypeSafetyWarning

    with _ONE_AT_A_TIME, warnings.catch_warnings():
        # Raised while ranx's own loops are compiled: their counters are unsigned and its arrays are not.
        warnings.simplefilter("ignore", NumbaTypeSafetyWarning)
        return [float(value) for value in function(*arguments)]
