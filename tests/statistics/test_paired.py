"""Bounds of the mean against scipy, statsmodels and Hall's own formula."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ragguard.statistics.paired import hall_bounds, lower_bound, moments, moments_of_rows, p_below, phantom_bound, with_phantom

SKEWED = [-0.9, -0.4, 0.0, 0.0, 0.0, 0.0, 0.0, 0.05, 0.1, 0.0, -0.02, 0.0, 0.2, 0.0, -0.6, 0.0, 0.0, 0.01]
VALUES = st.lists(st.floats(-1, 1), min_size=2, max_size=60)


def hall_as_printed(values: list[float], alpha: float) -> tuple[float, float]:
    """STATISTICS.md section 2, word for word."""
    n, mean, s = len(values), np.mean(values), np.std(values, ddof=1)
    gamma = stats.skew(values)
    q = stats.t.ppf(1 - alpha, n - 1) / math.sqrt(n)

    def h(x: float) -> float:
        return float(3 / gamma * (np.cbrt(1 + gamma * (x - gamma / (6 * n))) - 1))

    return float(mean - s * h(q)), float(mean - s * h(-q))


def test_moments_are_scipys() -> None:
    found = moments(SKEWED)
    assert float(found.mean) == pytest.approx(np.mean(SKEWED))
    assert float(found.sd) == pytest.approx(stats.tstd(SKEWED))
    assert float(found.skew) == pytest.approx(stats.skew(SKEWED))


def test_rows_and_single_sample_agree() -> None:
    rows = np.random.default_rng(1).normal(size=(5, 40)).clip(-1, 1)
    together = hall_bounds(moments_of_rows(rows), 0.05)
    for index, row in enumerate(rows):
        alone = hall_bounds(moments(row.tolist()), 0.05)
        assert (together[0][index], together[1][index]) == pytest.approx((float(alone[0]), float(alone[1])))


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 3, 0.01])
def test_hall_is_the_printed_formula(alpha: float) -> None:
    assert tuple(map(float, hall_bounds(moments(SKEWED), alpha))) == pytest.approx(hall_as_printed(SKEWED, alpha), rel=1e-12)


def test_hall_without_skew_is_students_interval() -> None:
    values = [-0.3, -0.1, 0.0, 0.1, 0.3]
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.90)
    assert tuple(map(float, hall_bounds(moments(values), 0.05))) == pytest.approx((expected.low, expected.high))


def test_a_left_tail_lowers_the_bound() -> None:
    student = stats.ttest_1samp(SKEWED, 0).confidence_interval(0.90)
    assert float(hall_bounds(moments(SKEWED), 0.05)[0]) < student.low


def test_without_spread_the_bound_is_the_mean() -> None:
    assert tuple(map(float, hall_bounds(moments([0.1] * 70), 0.05))) == pytest.approx((0.1, 0.1), abs=1e-15)
    assert float(moments([0.1] * 70).sd) == 0


def test_phantom_is_one_more_value() -> None:
    found, expected = with_phantom(moments(SKEWED), -1.0), moments([*SKEWED, -1.0])
    assert (found.n, float(found.mean), float(found.sd)) == pytest.approx((expected.n, float(expected.mean), float(expected.sd)))


def test_strict_takes_the_lower_bound_of_the_two() -> None:
    sample = moments(SKEWED)
    student = stats.ttest_1samp([*SKEWED, -1.0], 0).confidence_interval(0.90).low
    assert float(phantom_bound(sample, 0.05)) == pytest.approx(student)
    assert float(lower_bound(sample, 0.05, strict=True)) == min(student, float(hall_bounds(sample, 0.05)[0]))
    assert float(lower_bound(sample, 0.05)) == float(hall_bounds(sample, 0.05)[0])


@pytest.mark.parametrize("value", [0.0, 0.1])
def test_p_is_a_t_test_with_a_phantom_gain(value: float) -> None:
    expected = stats.ttest_1samp([*SKEWED, 1.0], value, alternative="less").pvalue
    assert float(p_below(moments(SKEWED), value)) == pytest.approx(expected, rel=1e-9)


def test_p_is_never_0_and_1_without_evidence() -> None:
    assert 0 < float(p_below(moments([-1.0] * 5000), 0.5)) < 1e-100
    assert float(p_below(moments([1.0] * 50), 1.0)) == 1
    assert float(p_below(moments([-1.0]), 0.0)) == pytest.approx(0.5)


@given(VALUES, st.sampled_from([0.05, 0.01]))
def test_bounds_enclose_and_mirror(values: list[float], alpha: float) -> None:
    sample, mirrored = moments(values), moments([-value for value in values])
    lower, upper = map(float, hall_bounds(sample, alpha))
    assert math.isfinite(lower)
    assert math.isfinite(upper)
    assert lower <= upper
    assert (lower, upper) == pytest.approx(tuple(-float(bound) for bound in reversed(hall_bounds(mirrored, alpha))), abs=1e-9)
    assert 0 < float(p_below(sample, 0.0)) <= 1


@given(VALUES, st.randoms())
def test_order_does_not_matter_to_the_bit(values: list[float], random: object) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert repr(moments(values)) == repr(moments(shuffled))


def test_smaller_alpha_widens() -> None:
    bounds = [float(hall_bounds(moments(SKEWED), alpha)[0]) for alpha in (0.1, 0.05, 0.01)]
    assert all(wide > narrow for wide, narrow in itertools.pairwise(bounds))
