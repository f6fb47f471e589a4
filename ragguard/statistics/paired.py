"""One-sided bounds and p-values for the mean of paired differences, skewed or not.

Every function works on :class:`Moments`, whose members are 0-dimensional for one sample and have one element per sample for
many: a simulation of 10,000 samples runs the code that a verdict runs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

Array = NDArray[np.float64]

_NO_SPREAD = 1e-24
"""Variance below which rounding is all there is: differences lie in [-1, 1]."""

SMALLEST = float(np.finfo(np.float64).tiny)
"""What a p-value that underflows is stored as: never 0."""


@dataclass(frozen=True, slots=True)
class Moments:
    """What the bounds need of a sample: ``n`` values, ``mean``, ``sd`` (n - 1) and ``skew`` (m3 / m2 ** 1.5, central moments)."""

    n: int
    mean: Array
    sd: Array
    skew: Array


def moments(values: Sequence[float]) -> Moments:
    """Return the moments of one sample, by compensated sums: the same bits in any order of the values. One value has sd 0.

    Raises:
        ValueError: there are no values.
    """
    n = _count(len(values))
    mean = math.fsum(values) / n
    squares = math.fsum((value - mean) * (value - mean) for value in values)
    cubes = math.fsum((value - mean) * (value - mean) * (value - mean) for value in values)
    return _from_central(n, np.asarray(mean), np.asarray(squares / n), np.asarray(cubes / n))


def from_central(n: int, mean: float | Array, m2: float | Array, m3: float | Array) -> Moments:
    """Return the moments of one sample, or many, of which the mean and the second and third central moments are known."""
    return _from_central(n, np.asarray(mean), np.asarray(m2), np.asarray(m3))


def moments_of_rows(samples: Array) -> Moments:
    """Return the moments of many samples at once, one per row of ``samples`` (samples x values); of one, if it has one axis.

    Raises:
        ValueError: the samples are empty.
    """
    n = _count(samples.shape[-1])
    mean = samples.mean(axis=-1)
    centred = samples - mean[..., None]
    squares = centred * centred
    return _from_central(n, mean, squares.mean(axis=-1), (squares * centred).mean(axis=-1))


def _count(n: int) -> int:
    if n < 1:
        raise ValueError("a sample without any value has no mean")
    return n


def cumulants(sample: Moments) -> tuple[Array, Array]:
    """Return the estimated variance and third cumulant of the sample's mean: those of independent parts of an estimate add up."""
    n = sample.n
    return sample.sd**2 / n, sample.skew * (sample.sd**2 * (n - 1) / n) ** 1.5 / n**2


def from_cumulants(n: int, mean: Array, variance: Array, third: Array) -> Moments:
    """Return the moments of a sample of ``n`` values whose mean is as sure, and as skewed, as ``cumulants`` say."""
    return _from_central(n, mean, variance * (n - 1), third * n**2)


def _from_central(n: int, mean: Array, m2: Array, m3: Array) -> Moments:
    _count(n)
    spread = m2 > _NO_SPREAD
    safe = np.where(spread, m2, 1.0)
    return Moments(n, mean, np.where(spread, np.sqrt(safe * n / max(n - 1, 1)), 0.0), np.where(spread, m3 / safe**1.5, 0.0))


def with_phantom(sample: Moments, value: float) -> Moments:
    """Return mean and sd of the sample with one more value; the skew is not kept (0), a t-test does not ask for it."""
    n = sample.n
    squares = sample.sd**2 * (n - 1) + (value - sample.mean) ** 2 * n / (n + 1)
    mean = (sample.mean * n + value) / (n + 1)
    return _from_central(n + 1, mean, squares / (n + 1), np.zeros_like(mean))


def hall_bounds(sample: Moments, alpha: float) -> tuple[Array, Array]:
    """Return the lower and the upper one-sided bound of the mean, each at ``alpha``, corrected for skewness.

    Without spread both are the mean itself. They know nothing of the range of the values, beyond which they may lie. Source: Hall 1992,
    J. R. Stat. Soc. B 54:221, the cubic transformation, with the quantile of Student's t in place of the normal one.

    Raises:
        ValueError: the sample has less than two values, of which no spread can be told.
    """
    if sample.n < 2:
        raise ValueError(f"bounds of a mean take two values or more, and there is {sample.n}")
    q = float(stdtrit(sample.n - 1, 1 - alpha)) / math.sqrt(sample.n)
    lower = np.asarray(sample.mean - sample.sd * _hall(sample, q))
    return lower, np.asarray(sample.mean - sample.sd * _hall(sample, -q))


def _hall(sample: Moments, q: float) -> Array:
    """(3 / skew) * (cbrt(1 + skew * x) - 1) with x = q - skew / (6n), in a form that needs no division by the skew."""
    x = q - sample.skew / (6 * sample.n)
    root = np.cbrt(1 + sample.skew * x)
    return np.asarray(3 * x / (root * root + root + 1))


def lower_bound(sample: Moments, alpha: float, *, strict: bool = False) -> Array:
    """Return Hall's lower bound; ``strict`` takes the lower of it and of :func:`phantom_bound`."""
    lower, _ = hall_bounds(sample, alpha)
    return np.minimum(lower, phantom_bound(sample, alpha)) if strict else lower


def phantom_bound(sample: Moments, alpha: float) -> Array:
    """Return the lower t-bound of the mean on the sample plus one phantom difference of -1, the worst there is."""
    guarded = with_phantom(sample, -1.0)
    return np.asarray(guarded.mean - guarded.sd * stdtrit(guarded.n - 1, 1 - alpha) / math.sqrt(guarded.n))


def p_below(sample: Moments, value: float) -> Array:
    """Return the p-value of "the mean is at least ``value``", against "it is below": a t-test with one phantom best of +1.

    In (0, 1]. The phantom keeps the far tail honest, where Holm's adjustment looks and plain t does not hold.
    """
    guarded = with_phantom(sample, 1.0)
    spread = guarded.sd > 0
    t = (guarded.mean - value) / np.where(spread, guarded.sd, 1.0) * math.sqrt(guarded.n)
    return np.where(spread, np.maximum(stdtr(guarded.n - 1, t), SMALLEST), 1.0)
