"""The drift detector beside published tables, and case by case."""

import math

import numpy as np
import pytest
from scipy import stats

from ragguard.statistics.cusum import LEARNS, Follower, follow
from ragguard.statistics.run_length import average_run_length, threshold

# Montgomery, Introduction to Statistical Quality Control, table 9.3: two-sided tabular CUSUM with k = 1/2, by shift.
SHIFTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
TABLE = {
    4: (168, 74.2, 26.6, 13.3, 8.38, 4.75, 3.34, 2.62, 2.19, 1.71),
    5: (465, 139, 38.0, 17.0, 10.4, 5.75, 4.01, 3.11, 2.57, 2.01),
}
# Its table 9.4 (Hawkins 1993): pairs of k and h whose two-sided average run length without a shift is 370.
PAIRS = ((0.25, 8.01), (0.5, 4.77), (0.75, 3.34), (1.0, 2.52), (1.25, 1.99), (1.5, 1.61))


def two_sided(k: float, h: float, shift: float) -> float:
    return 1 / (1 / average_run_length(k, h, shift) + 1 / average_run_length(k, h, -shift))


@pytest.mark.parametrize("h", TABLE)
@pytest.mark.parametrize(("shift", "place"), [(shift, place) for place, shift in enumerate(SHIFTS)])
def test_average_run_lengths_are_those_of_montgomerys_table(h: int, shift: float, place: int) -> None:
    printed = TABLE[h][place]
    half_a_digit = 0.5 * 10 ** (math.floor(math.log10(printed)) - 2)
    assert two_sided(0.5, h, shift) == pytest.approx(printed, abs=1.2 * half_a_digit)


@pytest.mark.parametrize(("k", "h"), PAIRS)
def test_pairs_of_hawkins_give_370(k: float, h: float) -> None:
    assert two_sided(k, h, 0.0) == pytest.approx(370, rel=0.02)  # h is printed to two decimals


@pytest.mark.parametrize("nights", [100, 3_650, 43_800, 1e6, 1e7])
def test_a_threshold_has_the_run_length_that_it_was_asked_for_and_siegmund_agrees(nights: float) -> None:
    h = threshold(1.0, nights)
    assert average_run_length(1.0, h) == pytest.approx(nights, rel=1e-4)
    b = h + 1.166  # Siegmund 1985, the approximation of an average run length
    assert (math.exp(2 * b) - 2 * b - 1) / 2 == pytest.approx(nights, rel=0.1)


def test_deviations_are_independent_standard_normal_numbers_however_few_nights_there_were() -> None:
    rng = np.random.default_rng(5)
    nights = [follow(list(0.7 + 0.006 * rng.standard_normal(20)), [99.0] * 20, 1e-9) for _ in range(2_000)]
    first, second = ([steps[place].deviation for steps in nights] for place in (LEARNS, LEARNS + 1))
    assert stats.kstest(first, "norm").pvalue > 0.001
    assert stats.kstest(second, "norm").pvalue > 0.001
    assert abs(stats.pearsonr(first, second).statistic) < 0.08


def quiet(count: int = LEARNS + 6) -> list[float | None]:
    return [0.7 + 0.002 * (-1) ** number for number in range(count)]


def test_a_series_is_learnt_and_then_watched() -> None:
    phases = [step.phase for step in follow(quiet(20), [4.0] * 20, 0.005)]
    assert phases == ["learning"] * LEARNS + ["quiet"] * (20 - LEARNS)
    follower = Follower(0.005)
    for number, value in enumerate(quiet(LEARNS)):
        assert follower.left == min(LEARNS - number, LEARNS - 1)
        follower.step(value, 4.0)
    assert follower.left == 0


def test_a_jump_is_reported_on_its_second_night_with_the_level_before_it() -> None:
    values = [*quiet(), 0.65, 0.65]
    first, second = follow(values, [4.0] * len(values), 0.005)[-2:]
    assert (first.phase, first.fall) == ("quiet", 0.6)
    assert (second.phase, second.since) == ("fall", len(values) - 2)
    assert second.level == pytest.approx(0.7, abs=0.001)


def test_one_bad_night_is_no_drift_and_makes_nobody_deaf() -> None:
    values = [*quiet(), 0.1, *quiet()]
    steps = follow(values, [4.0] * len(values), 0.0005)
    assert {step.phase for step in steps} == {"learning", "quiet"}
    assert steps[-1].sd == pytest.approx(0.0023, rel=0.1)
    assert steps[-1].level == pytest.approx(0.7, abs=0.001)


def test_a_slow_fall_is_reported_with_the_night_it_began_on() -> None:
    values = [*[0.7] * 30, *(0.7 - 0.001 * number for number in range(1, 40))]
    steps = follow(values, [4.4] * len(values), 0.005)
    reported = next(number for number, step in enumerate(steps) if step.phase == "fall")
    assert 35 < reported < 48
    assert 30 <= steps[reported].since <= 40
    assert steps[reported].level == pytest.approx(0.7, abs=0.003)


def test_what_is_smaller_than_the_floor_is_nobodys_concern() -> None:
    values = [*[0.7] * 20, *[0.6955] * 300]  # no noise at all, and a fall of less than the floor
    assert {step.phase for step in follow(values, [4.0] * 320, 0.005)} == {"learning", "quiet"}


def test_a_drift_lasts_until_two_nights_are_back() -> None:
    values = [*[0.7] * 20, *[0.6] * 5, 0.7, 0.6, 0.7, 0.7, 0.7]
    phases = [step.phase for step in follow(values, [4.0] * len(values), 0.005)]
    assert phases[20:] == ["quiet"] + ["fall"] * 7 + ["back", "quiet"]


def test_the_level_of_a_drift_does_not_follow_it_down() -> None:
    values = [*[0.7] * 20, *[0.6] * 60]
    steps = follow(values, [4.0] * len(values), 0.005)
    assert steps[-1].phase == "fall"
    assert steps[-1].level == 0.7


def test_a_rise_is_a_new_level() -> None:
    values = [*[0.7] * 20, *[0.75] * 5, 0.70, 0.70]
    steps = follow(values, [4.0] * len(values), 0.005)
    assert [step.phase for step in steps[20:]] == ["quiet", "rise", "learning", "quiet", "quiet", "quiet", "fall"]


def test_a_level_that_somebody_decided_on_is_learnt_in_a_night_and_the_noise_stays_known() -> None:
    values = [*quiet(20), *[value - 0.1 for value in quiet(5) if value]]
    assert "fall" in {step.phase for step in follow(values, [4.0] * 25, 0.005)}
    steps = follow(values, [4.0] * 25, 0.005, restarts={20})
    assert [step.phase for step in steps[20:]] == ["learning", *["quiet"] * 4]
    fallen = [*quiet(20), *[0.6] * 3, *[0.6] * 4]
    phases = [step.phase for step in follow(fallen, [4.0] * 27, 0.005, restarts={23})][20:]
    assert phases == ["quiet", "fall", "fall", "learning", *["quiet"] * 3]


def test_a_night_without_a_mean_changes_nothing() -> None:
    values = quiet(30)
    with_gaps = [*values[:16], None, *values[16:22], None, None, *values[22:]]
    plain, gaps = follow(values, [4.0] * 30, 0.005), follow(with_gaps, [4.0] * 33, 0.005)
    assert [step for step in gaps if step.phase != "missing"] == plain
    assert [number for number, step in enumerate(gaps) if step.phase == "missing"] == [16, 23, 24]


def test_two_equal_weeks_are_no_reason_to_take_the_first_difference_for_a_miracle() -> None:
    values = [*[0.7] * LEARNS, 0.69]
    last = follow(values, [4.0] * len(values), 0.005)[-1]
    assert last.phase == "quiet"
    assert last.deviation == pytest.approx(-2 * math.sqrt(LEARNS / (LEARNS + 1)))
