"""Means over strata that count alike, however many intents each has: lm-eval's tasks."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from ragguard.statistics.paired import Array, Moments, from_central, moments
from ragguard.statistics.rows import mean


def even(strata: Sequence[str]) -> bool:
    """Whether all strata are of one size, so that every intent counts alike."""
    return len(set(Counter(strata).values())) <= 1


def pooled_mean(values: Sequence[float], strata: Sequence[str]) -> float:
    """Return the mean of the strata's means."""
    if even(strata):
        return mean(values)
    return math.fsum(weight * value for weight, value in zip(weights(strata), values, strict=True))


def weights(strata: Sequence[str]) -> list[float]:
    """Return what each intent counts: 1 over the number of strata, over the intents of its own."""
    sizes = Counter(strata)
    return [1 / (len(sizes) * sizes[stratum]) for stratum in strata]


def worth(strata: Sequence[str]) -> int:
    """Return how many intents that count alike the unevenly counting ones are worth: Kish's effective sample size, rounded down."""
    return len(strata) if even(strata) else math.floor(1 / math.fsum(weight * weight for weight in weights(strata)) + 1e-9)


def pooled_moments(values: Sequence[float], strata: Sequence[str]) -> Moments:
    """Return the moments that bounds of ``pooled_mean`` follow from: a sample of its mean, spread, skewness, and worth.

    With strata of one size they are those of the plain sample, differences between the strata counted as spread. Else the variance of
    the mean is the sum of weight^2 * deviation^2, and its third cumulant that of the cubes, scaled to a sample of ``worth`` values.
    """
    if even(strata):
        return moments(values)
    centre, n = pooled_mean(values, strata), worth(strata)
    deviations = [weight * (value - centre) for weight, value in zip(weights(strata), values, strict=True)]
    squares, cubes = math.fsum(each * each for each in deviations), math.fsum(each**3 for each in deviations)
    return from_central(n, centre, squares * n, cubes * n * n)


def pooled_moments_of_rows(samples: Array, strata: Sequence[str]) -> Moments:
    """Return the moments of many samples at once, one per row of ``samples`` (samples x values), of strata of unlike size."""
    each, n = np.asarray(weights(strata)), worth(strata)
    centre = samples @ each
    deviations = each * (samples - centre[:, None])
    squares = deviations * deviations
    return from_central(n, centre, squares.sum(axis=1) * n, (squares * deviations).sum(axis=1) * n * n)
