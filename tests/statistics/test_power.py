"""The numbers printed in STATISTICS.md, sections 2 and 4."""

import math

import numpy as np
import pytest
from scipy import stats

from ragguard.errors import InputError
from ragguard.statistics.power import BETA, chance, guard, mde, needed, sd_limit


@pytest.mark.parametrize(("margin", "least"), [(0.05, 59), (0.03, 99), (0.02, 149), (0.01, 299), (0.0, 59)])
def test_guard_as_printed(margin: float, least: int) -> None:
    assert guard(0.05, margin) == least


def test_guard_grows_with_a_reduced_alpha() -> None:
    assert guard(0.05 / 3, 0.05) == 80


@pytest.mark.parametrize(("alpha", "margin"), [(0.0, 0.05), (0.6, 0.05), (0.05, 1.0), (0.05, -0.1)])
def test_guard_refuses_nonsense(alpha: float, margin: float) -> None:
    with pytest.raises(InputError):
        guard(alpha, margin)


@pytest.mark.parametrize(
    ("sd", "margin", "one", "five"),
    [
        (0.15, 0.02, 348, 649),
        (0.15, 0.03, 155, 289),
        (0.15, 0.05, 59, 104),  # 56 by the formula, but never below the guard
        (0.25, 0.02, 967, 1802),
        (0.25, 0.03, 430, 801),
        (0.25, 0.05, 155, 289),
        (0.32, 0.02, 1583, 2952),
        (0.32, 0.03, 704, 1312),
        (0.32, 0.05, 254, 473),
    ],
)
def test_needed_is_the_printed_table(sd: float, margin: float, one: int, five: int) -> None:
    assert (needed(sd, 0.05, margin, 1), needed(sd, 0.05, margin, 5)) == (one, five)


def test_needed_as_observed() -> None:
    assert needed(0.25, 0.05, 0.05, 1, difference=0.05) == 59
    assert needed(0.25, 0.05, 0.05, 1, difference=-0.025) == pytest.approx(4 * 155, abs=4)
    assert needed(0.25, 0.05, 0.05, 1, difference=-0.05) is None
    assert needed(0.25, 0.05, 0.0, 1) is None


def test_mde_by_spread_and_by_number() -> None:
    assert mde(0.25, 155, 0.05) == pytest.approx(0.05, abs=0.0005)
    assert mde(0.0, 59, 0.05) == pytest.approx(1 - 0.05 ** (1 / 59))


@pytest.mark.parametrize("margin", [0.02, 0.05, 0.1])
@pytest.mark.parametrize("endpoints", [1, 5])
def test_the_chance_with_the_intents_that_are_needed_is_the_power_that_was_asked_for(margin: float, endpoints: int) -> None:
    enough = needed(0.25, 0.05, margin, endpoints)
    assert enough is not None
    if enough > guard(0.05, margin):
        assert chance(0.25, enough, 0.05, margin) >= 1 - BETA / endpoints > chance(0.25, enough - 1, 0.05, margin)


def test_the_chance_is_alpha_at_the_margin_and_nothing_below_the_guard() -> None:
    assert chance(0.25, 300, 0.05, 0.05, -0.05) == pytest.approx(0.05)
    assert chance(0.25, 58, 0.05, 0.05) == 0.0
    assert chance(0.0, 59, 0.05, 0.05) == 1.0
    assert chance(0.0, 59, 0.05, 0.05, -0.05) == 0.0
    assert chance(0.0, 59, 0.05, 0.0) == 0.0


def test_the_limit_of_a_standard_deviation_is_missed_one_time_in_five() -> None:
    samples = np.random.default_rng(1).normal(0, 2, (20_000, 30))
    limits = np.array([sd_limit(sd, 30) for sd in samples.std(axis=1, ddof=1)])
    assert (limits < 2).mean() == pytest.approx(0.2, abs=0.01)
    assert sd_limit(0.25, 30) == pytest.approx(0.25 * math.sqrt(29 / stats.chi2.ppf(0.2, 29)))
    assert sd_limit(0.0, 2) == 0.0
