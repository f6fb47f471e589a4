"""Kappa: how far two raters agree beyond what their own habits would bring about."""

import math
from dataclasses import dataclass, replace

import numpy as np

from ragguard.records.calibration import Figure
from ragguard.statistics.clusters import Clusters, normal, student
from ragguard.statistics.paired import Array
from ragguard.statistics.proportions import WIDTHS

_CORNERS = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 1.0, 0.0, 1.0])
_BINARY, _GRADED = 1.0, 0.25
_NO_SPREAD = 1e-12


@dataclass(frozen=True, slots=True)
class _Seen:
    kappa: float
    influence: Array
    weight: float


def kappa(first: Array, second: Array, clusters: Clusters, level: float, weights: Array | None = None) -> Figure:
    """Return kappa with quadratic weights of two raters' values in [0, 1]; of values 0 and 1 it is Cohen's own.

    1 - (mean squared difference) / (the same if the raters had nothing to do with each other): Cohen 1968; of numbers it is Lin's
    coefficient of concordance too. The variance is that of the influence function, summed over intents: for one row per intent the
    asymptotic one of Fleiss, Cohen and Everitt 1969. Since that is 0 where all agree, and too small for few rows, the interval is
    centred as Agresti and Coull do for a proportion: on the sample with made-up intents at the four corners (0, 0), (0, 1), (1, 0),
    (1, 1), one each for values 0 and 1, a quarter of one each for graded values, with the quantile of Student's t. ``weights`` is what
    each row counts (default: 1).
    """
    weights = np.ones(len(first)) if weights is None else weights
    plain = Figure(n=len(first), intents=clusters.count)
    why = _untellable(first, second, clusters)
    if why:
        return replace(plain, note=why)
    seen = _seen(first, second, weights)
    share = _BINARY if np.isin(first, (0, 1)).all() and np.isin(second, (0, 1)).all() else _GRADED
    effect = min(clusters.effect(seen.influence), clusters.most) * float(weights.mean())
    made_up = np.full(4, share * effect)
    padded = _seen(np.append(first, _CORNERS[0]), np.append(second, _CORNERS[1]), np.append(weights, made_up))
    rows, made = padded.influence[: len(first)], padded.influence[len(first) :]
    variance = float((clusters.sums(rows) ** 2).sum() + (made**2).sum()) / padded.weight**2
    half = student(level, clusters.count - 1) * math.sqrt(variance)
    lower, upper = min(padded.kappa - half, seen.kappa), max(padded.kappa + half, seen.kappa)
    size = len(first) * padded.weight / float(weights.sum())
    needed = {f"{width:g}": math.ceil(size * variance * (normal(level) / width) ** 2) for width in WIDTHS}
    return replace(plain, value=seen.kappa, lower=max(lower, -1.0), upper=min(upper, 1.0), needed=needed)


def _untellable(first: Array, second: Array, clusters: Clusters) -> str:
    if clusters.count < 3:
        return f"too few intents ({clusters.count}): three at least"
    if np.ptp(first) < _NO_SPREAD and np.ptp(second) < _NO_SPREAD:
        return "all values are alike on both sides, so agreement by chance is all there is to see"
    if np.ptp(first) < _NO_SPREAD:
        return "all labels are alike, so agreement by chance is all there is to see"
    return "the judge's values are all alike, so agreement by chance is all there is to see" if np.ptp(second) < _NO_SPREAD else ""


def _seen(first: Array, second: Array, weights: Array) -> _Seen:
    weight = float(weights.sum())

    def mean(values: Array) -> float:
        return float((weights * values).sum()) / weight

    one, other = mean(first), mean(second)
    spread, other_spread = mean((first - one) ** 2), mean((second - other) ** 2)
    observed, chance = mean((first - second) ** 2), spread + other_spread + (one - other) ** 2
    of_observed = (first - second) ** 2 - observed
    of_chance = (first - other) ** 2 + other_spread + (second - one) ** 2 + spread - 2 * chance
    influence = weights * (observed / chance**2 * of_chance - of_observed / chance)
    return _Seen(1 - observed / chance, influence, weight)
