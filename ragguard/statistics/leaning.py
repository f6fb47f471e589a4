"""Where a judge leans: too lenient or too strict, towards long answers, towards whichever answer stands first."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ragguard.records.calibration import Figure, Position
from ragguard.statistics.binary import tango_bounds
from ragguard.statistics.clusters import Clusters, normal, student
from ragguard.statistics.paired import Array, hall_bounds, moments, phantom_bound
from ragguard.statistics.proportions import WIDTHS, proportion

FEWEST = 10
"""Intents below which nothing is said of length."""

_NO_SPREAD = 1e-9
_NO_REST = "the judge follows label and length without any rest, so nothing can be said of the error"


def bias(label: Array, judge: Array, clusters: Clusters, level: float) -> Figure:
    """Return the mean over intents of judge - label, in [-1, 1].

    Where both say yes or no, once an intent, the interval is Tango's; else Hall's, or, where that has no width for want of any spread, a
    t interval with one made-up difference of -1 or 1.
    """
    differences = judge - label
    plain = Figure(n=len(label), intents=clusters.count)
    if not len(label):
        return replace(plain, note="nothing is labelled")
    means = clusters.sums(differences) / clusters.sums(np.ones(len(label)))
    found, tail = moments([float(value) for value in means]), (1 - level) / 2
    if clusters.count < 2:
        return replace(plain, value=float(found.mean), note="one intent tells nothing of the others")
    rows = len(label) * float(found.sd) ** 2 / clusters.count
    needed = {f"{width:g}": math.ceil(rows * (normal(level) / width) ** 2) for width in WIDTHS} if rows else {}
    if clusters.single and np.isin(label, (0, 1)).all() and np.isin(judge, (0, 1)).all():
        lower, upper = tango_bounds(int((differences > 0).sum()), int((differences < 0).sum()), len(label), tail)
    elif float(found.sd):
        lower, upper = (float(bound) for bound in hall_bounds(found, tail))
    else:
        turned = moments([-float(value) for value in means])
        lower, upper = float(phantom_bound(found, tail)), -float(phantom_bound(turned, tail))
    return replace(plain, value=float(found.mean), lower=max(lower, -1.0), upper=min(upper, 1.0), needed=needed)


def length(label: Array, judge: Array, doubled: Array, clusters: Clusters, level: float) -> Figure:
    """Return what the judge gives to an answer of twice as many words, at an equal label. ``doubled`` is log2 of the words.

    The coefficient of ``doubled`` in the least-squares regression judge ~ label + doubled. Its variance is the jackknife's over intents
    (CV3 of MacKinnon, Nielsen and Webb 2023; HC3 with one row per intent), the quantile Student's t with as many degrees of freedom as
    there are intents, less three.
    """
    plain = Figure(n=len(label), intents=clusters.count)
    why = _untellable(label, judge, doubled, clusters)
    if why:
        return replace(plain, note=why)
    columns = np.column_stack([doubled, np.ones(len(label)), *([label] if np.ptp(label) > _NO_SPREAD else [])])
    squares = np.stack([np.stack([clusters.sums(one * other) for other in columns.T]) for one in columns.T])
    products = np.stack([clusters.sums(one * judge) for one in columns.T])
    value = float(np.linalg.solve(squares.sum(axis=-1), products.sum(axis=-1))[0])
    without = (squares.sum(axis=-1, keepdims=True) - squares).transpose(2, 0, 1)
    if (np.linalg.matrix_rank(without) < columns.shape[1]).any():
        return replace(plain, value=value, note="it hangs on the answers to one intent")
    each = np.linalg.solve(without, (products.sum(axis=-1, keepdims=True) - products).T[:, :, None])[:, 0, 0]
    half = student(level, clusters.count - 3) * math.sqrt(float(((each - value) ** 2).sum()))
    if half < _NO_SPREAD:
        return replace(plain, value=value, note=_NO_REST)
    return replace(plain, value=value, lower=value - half, upper=value + half)


def _untellable(label: Array, judge: Array, doubled: Array, clusters: Clusters) -> str:
    if clusters.count < FEWEST:
        return f"too few intents ({clusters.count}): {FEWEST} at least"
    if np.ptp(judge) < _NO_SPREAD:
        return "the judge's values are all alike"
    columns = np.column_stack([np.ones(len(label)), doubled, label])
    if np.ptp(doubled) < _NO_SPREAD or np.linalg.matrix_rank(columns) < np.linalg.matrix_rank(columns[:, [0, 2]]) + 1:
        return "the answers' lengths tell no more than the labels do"
    return ""


def position(sides: Sequence[int], clusters: Clusters, level: float) -> Position | None:
    """Say how often position decides: ``sides`` holds, for each pair of answers that was judged in both orders, 1 if the one that stood
    first was preferred both times, -1 if the other was, and 0 otherwise. None without pairs.

    Pairs of one intent are clustered in the share's interval; the binomial test of first against second place counts pairs.
    """
    if not sides:
        return None
    decided = np.asarray(sides) != 0
    first, second = sides.count(1), sides.count(-1)
    share = proportion(decided, np.ones(len(sides), dtype=np.bool_), clusters, level, "")
    return Position(len(sides), first, second, replace(share, needed={}), _even(first, second))


def _even(first: int, second: int) -> float | None:
    from scipy.stats import binomtest

    return float(binomtest(first, first + second, 0.5).pvalue) if first + second else None
