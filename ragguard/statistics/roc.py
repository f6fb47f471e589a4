"""The area under the ROC curve: how often an answer that people say yes to gets more from the judge than one they say no to."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ragguard.records.calibration import BestThreshold, Figure
from ragguard.statistics.clusters import Clusters, normal, student
from ragguard.statistics.paired import Array
from ragguard.statistics.proportions import WIDTHS

_MADE_UP = 0.5
"""Intents that are made up at each end, on either side."""


def auroc(yes: NDArray[np.bool_], judge: Array, clusters: Clusters, level: float) -> Figure:
    """Return the area; an equal value counts one half.

    The variance is DeLong's (DeLong, DeLong and Clarke-Pearson 1988), summed over intents as Obuchowski 1997 does. Since that is 0 where
    the two are told apart without fault, the interval is centred, as Agresti and Caffo do for two proportions, on the sample with half
    a made-up answer above and half a one below all others on either side, with the quantile of Student's t.
    """
    positive, negative = judge[yes], judge[~yes]
    plain = Figure(n=len(judge), intents=clusters.count)
    if not len(positive) or not len(negative):
        return replace(plain, note=f"people say {'yes' if len(positive) else 'no'} to all of them")
    above = _placements(positive, negative)
    below = 1 - _placements(negative, positive)
    area = float(above.mean())
    if clusters.count < 3 or min(len(positive), len(negative)) < 2:
        return replace(plain, value=area, note="too few: three intents, two answers of either kind at least")
    influence = np.empty(len(judge))
    influence[yes], influence[~yes] = (above - area) / len(above), (below - area) / len(below)
    made = _MADE_UP * min(clusters.effect(influence), clusters.most)
    centre, variance = _padded(above, below, yes, clusters, made)
    half = student(level, clusters.count - 2) * math.sqrt(variance)
    lower, upper = max(min(centre - half, area), 0.0), min(max(centre + half, area), 1.0)
    needed = {f"{width:g}": math.ceil(len(judge) * variance * (normal(level) / width) ** 2) for width in WIDTHS}
    return replace(plain, value=area, lower=lower, upper=upper, needed=needed)


def _placements(own: Array, others: Array) -> Array:
    """For each value, the share of ``others`` that lie below it; equal ones count one half."""
    others = np.sort(others)
    return np.asarray((np.searchsorted(others, own, "left") + np.searchsorted(others, own, "right")) / (2 * len(others)))


def _padded(above: Array, below: Array, yes: NDArray[np.bool_], clusters: Clusters, made: float) -> tuple[float, float]:
    """The area and its variance with ``made`` answers more at either end, on either side."""
    sides = [_side(above, len(below), made), _side(below, len(above), made)]
    area = float((len(above) * sides[0][0].mean() + made * sum(sides[0][1])) / (len(above) + 2 * made))
    influence, variance = np.empty(len(yes)), 0.0
    for (placed, ends), rows in zip(sides, (yes, ~yes), strict=True):
        weight = len(placed) + 2 * made
        scale = math.sqrt(weight / (weight - 1)) / weight
        influence[rows] = scale * (placed - area)
        variance += sum((scale * made * (end - area)) ** 2 for end in ends)
    return area, variance + float((clusters.sums(influence) ** 2).sum())


def _side(placed: Array, others: int, made: float) -> tuple[Array, tuple[float, float]]:
    """One side's placements among the others and theirs that are made up, and those of its own made-up answers."""
    weight = others + 2 * made
    return (others * placed + made) / weight, ((others + 1.5 * made) / weight, 0.5 * made / weight)


def best_threshold(yes: NDArray[np.bool_], judge: Array) -> BestThreshold | None:
    """Return the threshold (``judge >= threshold`` is yes) with the largest Youden index, the highest of several; None without both kinds.

    Optimistic: it is the best of many on the very answers that it is judged by.
    """
    if yes.all() or not yes.any():
        return None
    found = [
        BestThreshold(float(value), float((judge[yes] >= value).mean()), float((judge[~yes] < value).mean())) for value in np.unique(judge)
    ]
    return max(found, key=lambda each: (each.sensitivity + each.specificity, each.threshold))
