"""The stated rate of false reports of drift is true for series with noise of their own; and what a drift takes to be reported."""

import math

import numpy as np
import pytest
from made_nights import checked, measured, night
from populations import Array, accepted

from ragguard.decision import series
from ragguard.statistics.cusum import Follower, K
from ragguard.statistics.run_length import threshold

TRIALS, NIGHTS = 1_000, 365


def reported(values: Array, h: float, floor: float = 0.0005) -> int | None:
    follower = Follower(floor)
    for number, value in enumerate(values):
        if follower.step(float(value), h).phase == "fall":
            return number
    return None


@pytest.mark.slow
@pytest.mark.parametrize("sd", [0.002, 0.006, 0.02])
def test_the_rate_of_false_alarms_is_the_one_that_is_stated(sd: float) -> None:
    between = 1_000.0
    rng, h = np.random.default_rng(7), threshold(K, between)
    alarms = sum(reported(0.7 + sd * rng.standard_normal(NIGHTS), h) is not None for _ in range(TRIALS))
    expected = 1 - math.exp(-(NIGHTS - 14) / between)
    assert accepted(alarms, TRIALS, expected * 1.05), alarms / TRIALS  # a rise that is none starts the level anew: a little more
    assert alarms / TRIALS > 0.8 * expected


@pytest.mark.slow
def test_nights_over_200_queries_that_flip_are_normal_enough() -> None:
    """Scores of single queries are of few values; the mean over 200 of them is what is watched."""
    rng, between = np.random.default_rng(11), 1_000.0
    h, alarms = threshold(K, between), 0
    chance = rng.beta(0.6, 0.4, 200)  # most queries are nearly always right or nearly always wrong
    for _ in range(TRIALS):
        alarms += reported(rng.binomial(1, chance, (NIGHTS, 200)).mean(axis=1), h) is not None
    assert accepted(alarms, TRIALS, 1.1 * (1 - math.exp(-(NIGHTS - 14) / between))), alarms / TRIALS


@pytest.mark.slow
def test_noise_with_heavy_tails_costs_a_few_times_the_rate_and_not_twenty_times() -> None:
    """Student's t with 5 degrees of freedom; without the limit on what one night counts it is 20 times."""
    rng, stated = np.random.default_rng(19), 0.0125
    h = threshold(K, NIGHTS / stated)
    alarms = sum(reported(0.7 + 0.006 * rng.standard_t(5, NIGHTS) / math.sqrt(5 / 3), h) is not None for _ in range(TRIALS))
    assert accepted(alarms, TRIALS, 5 * stated), alarms / TRIALS


@pytest.mark.slow
def test_a_plan_as_a_whole_keeps_to_its_rate() -> None:
    """Ten series of a plan share one false alarm a year, whatever the noise of each."""
    rng, trials = np.random.default_rng(13), 60
    drifts = 0
    for _ in range(trials):
        sds = rng.uniform(0.002, 0.02, 10)
        values = 0.6 + sds * rng.standard_normal((NIGHTS, 10))
        nights = []
        for number, row in enumerate(values):
            means = {"baseline": 0.6, "tuned": 0.6}
            measures = tuple(measured("tuned", float(value), metric=f"M@{place + 1}") for place, value in enumerate(row))
            checks = tuple(checked(means, metric=f"M@{place + 1}", margin=0.01) for place in range(10))
            nights.append(night(number, means, measures=measures, checks=checks))
        drifts += len(series.history("made", nights, false_alarms=1.0).drifts)
    from scipy.stats import poisson

    assert drifts <= poisson.ppf(0.999, trials * (NIGHTS - 14) / 365), drifts / trials


@pytest.mark.slow
@pytest.mark.parametrize(("sd", "jump", "slow"), [(0.002, 2, 18), (0.006, 3, 24), (0.01, 6, 38)])
def test_a_jump_and_a_slow_drift_are_reported_in_time(sd: float, jump: int, slow: int) -> None:
    """Nine times of ten, with the shipped rate shared by eight series: nights until a jump of 0.04, and a drift of 0.001 a night."""
    rng, h = np.random.default_rng(17), threshold(K, 8 * 365 / series.FALSE_ALARMS)
    waits: dict[str, list[float]] = {"jump": [], "slow": []}
    for _ in range(300):
        noise, at = 0.7 + sd * rng.standard_normal(120), np.arange(120)
        for kind, moved in (("jump", noise - 0.04 * (at >= 30)), ("slow", noise - 0.001 * np.clip(at - 30, 0, None))):
            found = reported(moved, h, 0.005)
            waits[kind].append(math.inf if found is None else found - 29)
    assert np.quantile(waits["jump"], 0.9) <= jump
    assert np.quantile(waits["slow"], 0.9) <= slow
