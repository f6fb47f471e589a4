"""One check on many simulated samples at once: what of an estimate a decision hangs on, by the functions that ``estimate`` calls."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ragguard.records.evidence import Check
from ragguard.records.metric import Scale
from ragguard.statistics.binary import mcnemar_worse, tango_exceeds
from ragguard.statistics.limits import p_meets_binary, p_meets_graded
from ragguard.statistics.paired import Array, Moments, hall_bounds, moments_of_rows, p_below, phantom_bound
from ragguard.statistics.power import guard
from ragguard.statistics.ppi import Split, alone, corrected, guarded_bound, rectified, trusted
from ragguard.statistics.rows import oriented
from ragguard.statistics.strata import even, pooled_moments_of_rows, weights, worth

_TIE = 1e-12


@dataclass(frozen=True, slots=True)
class Sampled:
    """What a check comes to, one element a sample: whether its bound, guard and limit hold (``passes``), the mean ``difference`` (oriented,
    a share of the range), and the p-values of "not worse" and, where it has a limit, of "meets its limit".
    """

    passes: NDArray[np.bool_]
    difference: Array
    p_worse: Array
    p_limit: Array | None = None


def sampled(
    check: Check, scale: Scale, baseline: Array, candidate: Array, *, alpha: float, strata: Sequence[str] = (), exact: bool = False
) -> Sampled:
    """Judge samples of one check, of which none lacks a score.

    ``baseline`` and ``candidate`` are scores in the metric's unit (samples x intents); ``strata`` names each intent's task; ``exact``
    says that intents are won or lost, and compared as paired proportions.
    """
    strata = strata or ("",) * baseline.shape[1]
    before, after = _oriented(baseline, scale), _oriented(candidate, scale)
    differences = after - before
    found = _moments(differences, strata)
    wins, losses = (differences > _TIE).sum(axis=1), (differences < -_TIE).sum(axis=1)
    held = _bound_holds(check, found, wins, losses, differences.shape[1], alpha, exact=exact)
    enough = worth(strata) >= guard(alpha, check.margin)
    p_worse = mcnemar_worse(wins, losses) if exact else p_below(found, 0.0)
    if check.limit is None:
        return Sampled(held & enough, found.mean, p_worse)
    meets = _mean(candidate, strata) >= check.limit if scale.higher_is_better else _mean(candidate, strata) <= check.limit
    return Sampled(held & enough & meets, found.mean, p_worse, _p_limit(after, strata, oriented(check.limit, scale), exact=exact))


def sampled_corrected(check: Check, scale: Scale, baseline: Split, candidate: Split, *, alpha: float) -> Sampled:
    """Judge samples of a check whose judge human labels correct; the scores of both arms are in the metric's unit, none is missing."""
    before, after = (_oriented_split(arm, scale) for arm in (baseline, candidate))
    split = Split(after.human - before.human, after.judged - before.judged, after.unlabelled - before.unlabelled)
    weight, labels = trusted(split, alpha), alone(split)
    found = corrected(split, weight)
    held = guarded_bound(found, labels, alpha) > -check.margin
    if check.strict:
        held = held & (phantom_bound(found, alpha) > -check.margin)
    enough, p_worse = split.sizes[0] >= guard(alpha, check.margin), p_below(found, 0.0)
    if check.limit is None:
        return Sampled(np.asarray(held & enough), found.mean, p_worse)
    means = rectified(candidate, weight).mean(axis=1)
    meets = means >= check.limit if scale.higher_is_better else means <= check.limit
    p_limit = p_meets_graded(corrected(after, weight), oriented(check.limit, scale))
    return Sampled(np.asarray(held & enough & meets), found.mean, p_worse, p_limit)


def _oriented_split(split: Split, scale: Scale) -> Split:
    return Split(*(_oriented(part, scale) for part in (split.human, split.judged, split.unlabelled)))


def _oriented(scores: Array, scale: Scale) -> Array:
    worst, best = scale.worst or 0.0, 1.0 if scale.best is None else scale.best
    return (scores - worst) / (best - worst)


def _moments(values: Array, strata: Sequence[str]) -> Moments:
    return moments_of_rows(values) if even(strata) else pooled_moments_of_rows(values, strata)


def _mean(values: Array, strata: Sequence[str]) -> Array:
    return np.asarray(values.mean(axis=1) if even(strata) else values @ np.asarray(weights(strata)))


def _bound_holds(check: Check, found: Moments, wins: Array, losses: Array, n: int, alpha: float, *, exact: bool) -> NDArray[np.bool_]:
    held = tango_exceeds(wins, losses, n, -check.margin, alpha) if exact else hall_bounds(found, alpha)[0] > -check.margin
    return np.asarray(held & (phantom_bound(found, alpha) > -check.margin) if check.strict else held)


def _p_limit(after: Array, strata: Sequence[str], limit: float, *, exact: bool) -> Array:
    n = after.shape[1]
    return p_meets_binary(np.rint(after.sum(axis=1)), n, limit) if exact else p_meets_graded(_moments(after, strata), limit)
