"""A judge that disagrees with itself: the interval over intents holds what it says on average, however often it is asked."""

import numpy as np
import pytest
from populations import Array, accepted, losing

from ragguard.statistics.noise import turns
from ragguard.statistics.paired import hall_bounds, moments_of_rows

TRIALS = 4_000
AT_ONCE = 500
ALPHA = 0.05
KINDS = ["normal", "five points", "binary", "by case", "rarely all wrong"]


def verdicts(rng: np.random.Generator, truth: Array, repeats: int, kind: str) -> Array:
    """The mean of ``repeats`` verdicts on each answer, whose true quality is ``truth``; without bias where the scale allows it."""
    shape = (repeats, *truth.shape)
    if kind == "binary":  # right with that chance
        return np.asarray((rng.random(shape) < truth).mean(axis=0))
    if kind == "five points":  # of the two points next to the quality, the nearer one more often
        low = np.floor(4 * truth)
        return np.asarray(((low + (rng.random(shape) < 4 * truth - low)) / 4).mean(axis=0))
    if kind == "by case":  # where the quality is middling, it wavers most
        return np.asarray((truth + 1.2 * truth * (1 - truth) * rng.uniform(-1, 1, shape)).mean(axis=0))
    if kind == "rarely all wrong":
        return np.asarray(np.where(rng.random(shape) < 0.03, 1 - truth, truth).mean(axis=0))
    return np.asarray((truth + 0.25 * rng.standard_normal(shape)).mean(axis=0))


def said_on_average(truth: Array, kind: str) -> Array:
    return 0.97 * truth + 0.03 * (1 - truth) if kind == "rarely all wrong" else truth


def false_passes(name: tuple[str, float, str], kind: str, repeats: int, size: int) -> tuple[int, float]:
    """How often a candidate that is worse by the margin passes, and the mean standard deviation of the differences."""
    population = losing(name[0], name[1], 0.05, name[2])
    mean = float((said_on_average(population.candidate, kind) - said_on_average(population.baseline, kind)).mean())
    rng, passes, spread = np.random.default_rng(17), 0, []
    for _ in range(TRIALS // AT_ONCE):
        picked = rng.integers(0, len(population.baseline), (AT_ONCE, size))
        before, after = (verdicts(rng, arm[picked], repeats, kind) for arm in (population.baseline, population.candidate))
        found = moments_of_rows(after - before)
        passes += int((hall_bounds(found, ALPHA)[0] > mean).sum())
        spread.append(found.sd.mean())
    return passes, float(np.mean(spread))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [("nDCG@10", 0.5, "half"), ("RR", 1.0, "smooth")])
def test_noise_is_in_the_interval_and_more_turns_make_it_narrower(kind: str, name: tuple[str, float, str]) -> None:
    seen = {(repeats, size): false_passes(name, kind, repeats, size) for repeats in (1, 2, 5) for size in (59, 150)}
    assert {cell: passes / TRIALS for cell, (passes, _) in seen.items() if not accepted(passes, TRIALS, 0.07)} == {}
    total = sum(passes for passes, _ in seen.values())
    assert accepted(total, TRIALS * len(seen), 0.062), total / TRIALS / len(seen)  # half of them with the fewest intents there may be
    assert seen[1, 150][1] > seen[2, 150][1] > seen[5, 150][1]


@pytest.mark.slow
def test_verdicts_of_the_baseline_that_were_kept_are_as_good_as_fresh_ones() -> None:
    """The baseline's noise was drawn once, long ago, and each intent's stays with it; the candidate's is fresh."""
    population = losing("nDCG@10", 1.0, 0.05, "smooth")
    kept = verdicts(np.random.default_rng(1), population.baseline, 1, "five points")
    mean = float(population.candidate.mean() - kept.mean())  # of these very verdicts; off the truth by their own luck
    assert mean == pytest.approx(population.mean, abs=0.005)
    rng, passes = np.random.default_rng(2), 0
    for _ in range(TRIALS // AT_ONCE):
        picked = rng.integers(0, len(kept), (AT_ONCE, 100))
        after = verdicts(rng, population.candidate[picked], 1, "five points")
        passes += int((hall_bounds(moments_of_rows(after - kept[picked]), ALPHA)[0] > population.mean).sum())
    assert accepted(passes, TRIALS, 0.065), passes / TRIALS


@pytest.mark.slow
def test_a_judge_that_drifts_between_the_arms_is_not_covered() -> None:
    """What no interval over intents can show: both arms are equal, and the judge became stricter from one night to the next."""
    population = losing("RR", 1.0, 0.05, "smooth")
    rng, alarms = np.random.default_rng(3), 0
    for _ in range(TRIALS // AT_ONCE):
        truth = population.baseline[rng.integers(0, len(population.baseline), (AT_ONCE, 150))]
        before, after = (verdicts(rng, truth, 2, "normal") - shift for shift in (0.0, 0.1))
        alarms += int((hall_bounds(moments_of_rows(after - before), ALPHA)[1] < 0).sum())
    assert alarms > 0.9 * TRIALS


@pytest.mark.slow
def test_turns_that_follow_the_judges_variance_do_not_follow_the_difference() -> None:
    """As many turns as the pilot on the baseline asks for: the candidate at the margin passes as often as with a number set before."""
    population = losing("nDCG@10", 0.7, 0.05, "half")
    rng, passes, trials = np.random.default_rng(5), 0, 4_000
    for _ in range(trials):
        picked = rng.integers(0, len(population.baseline), 100)
        before, after = population.baseline[picked], population.candidate[picked]
        pilot = before[:, None] + 0.3 * rng.standard_normal((100, 2))
        wanted = turns(pilot.tolist(), 8)
        kept = np.concatenate([pilot, before[:, None] + 0.3 * rng.standard_normal((100, wanted - 2))], axis=1).mean(axis=1)
        fresh = after + 0.3 / np.sqrt(wanted) * rng.standard_normal(100)
        passes += int(hall_bounds(moments_of_rows(fresh - kept), ALPHA)[0] > population.mean)
    assert accepted(passes, trials, 0.065), passes / trials
