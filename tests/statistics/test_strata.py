"""Tasks of unlike size that count alike."""

import math
import random

import numpy as np
import pytest
from scipy import stats

from ragguard.errors import InputError
from ragguard.records.evidence import Check, PairedScores, Unscored
from ragguard.records.metric import Metric, Scale
from ragguard.statistics.estimate import estimate
from ragguard.statistics.paired import hall_bounds, moments
from ragguard.statistics.strata import even, pooled_mean, pooled_moments, weights, worth

BINARY = Scale(binary=True)


def paired(rows: list[tuple[str, float, float]], scale: Scale = BINARY, **more: float) -> PairedScores:
    """(task, baseline, candidate) of each item."""
    names = tuple(f"c{number:04d}" for number in range(len(rows)))
    check = Check("s", Metric("TaskScore"), "blocking", **more)
    strata, before, after = (tuple(column) for column in zip(*rows, strict=True))
    return PairedScores(check, scale, names, names, before, after, strata)


def drawn(sizes: dict[str, int], seed: int = 1) -> list[tuple[str, float, float]]:
    rng = random.Random(seed)
    return [(task, float(rng.random() < 0.8), float(rng.random() < 0.75)) for task, size in sizes.items() for _ in range(size)]


def test_strata_of_one_size_are_a_plain_sample():
    values, strata = [0.1, -0.2, 0.3, 0.4, 0.0, -1.0], list("aabbcc")
    assert even(strata)
    assert pooled_moments(values, strata) == moments(values)
    assert (pooled_mean(values, strata), worth(strata)) == (math.fsum(values) / 6, 6)
    assert weights(strata) == pytest.approx([1 / 6] * 6)


def test_each_stratum_counts_alike():
    values, strata = [1.0, 0.0, 0.0, 0.0, 0.0], list("abbbb")
    assert pooled_mean(values, strata) == 0.5
    assert worth(strata) == math.floor(1 / (0.5**2 + 4 * 0.125**2))


def test_moments_agree_with_the_sums_written_out():
    rows = drawn({"a": 12, "b": 50, "c": 200})
    values, strata = [after - before for _, before, after in rows], [task for task, _, _ in rows]
    found = pooled_moments(values, strata)
    each = {task: np.array([v for v, s in zip(values, strata, strict=True) if s == task]) for task in "abc"}
    centre = np.mean([group.mean() for group in each.values()])
    assert float(found.mean) == pytest.approx(centre)
    assert found.n == math.floor(9 / (1 / 12 + 1 / 50 + 1 / 200))
    variance = sum(((group - centre) ** 2).sum() / (3 * len(group)) ** 2 for group in each.values())
    cubes = sum(((group - centre) ** 3).sum() / (3 * len(group)) ** 3 for group in each.values())
    assert float(found.sd) ** 2 / found.n == pytest.approx(variance * found.n / (found.n - 1))
    # The skewness of the mean, which is what Hall's bound corrects, is that of the sample over the root of its size.
    assert float(found.skew) / math.sqrt(found.n) == pytest.approx(cubes / variance**1.5)


def test_the_spread_of_the_mean_is_that_of_means_drawn_again():
    sizes, rng = {"a": 15, "b": 60, "c": 240}, np.random.default_rng(3)
    strata = [task for task, size in sizes.items() for _ in range(size)]
    samples = [np.concatenate([rng.choice([-1.0, 0.0, 1.0], size, p=[0.1, 0.85, 0.05]) for size in sizes.values()]) for _ in range(2000)]
    means = [pooled_mean(sample.tolist(), strata) for sample in samples]
    errors = [float(found.sd) / math.sqrt(found.n) for found in (pooled_moments(sample.tolist(), strata) for sample in samples[:400])]
    assert np.mean(np.square(errors)) == pytest.approx(np.var(means), rel=0.1)


def test_tasks_of_one_size_are_compared_as_paired_proportions():
    rows = drawn({"a": 100, "b": 100})
    plain = estimate(paired([("", before, after) for _, before, after in rows]), alpha=0.05, endpoints=1)
    found = estimate(paired(rows), alpha=0.05, endpoints=1)
    assert (found.lower, found.upper, found.difference, found.method, found.worth) == (
        plain.lower, plain.upper, plain.difference, plain.method, None,
    )  # fmt: skip
    assert found.method == "Tango's score interval, exact McNemar test"


def test_tasks_of_unlike_size_say_so_and_are_worth_less():
    rows = [("small", 1.0, 0.0)] * 5 + [("small", 1.0, 1.0)] * 15 + [("large", 1.0, 1.0)] * 380
    found = estimate(paired(rows), alpha=0.05, endpoints=1)
    assert found.difference == pytest.approx(-0.125)
    assert found.method.endswith("tasks of unlike size counted alike")
    assert (found.intents, found.worth, found.evidence) == (400, 76, 76)
    values, strata = [after - before for _, before, after in rows], [task for task, _, _ in rows]
    assert (found.lower, found.upper) == tuple(map(float, hall_bounds(pooled_moments(values, strata), 0.05)))
    assert found.lower < -0.125 < found.upper < 0


def test_the_guard_asks_for_what_the_items_are_worth():
    rows = [("small", 1.0, 1.0)] * 8 + [("large", 1.0, 1.0)] * 900
    found = estimate(paired(rows), alpha=0.05, endpoints=1)
    assert found.evidence == 31 < found.guard


def test_missing_scores_count_within_their_task():
    rows = [("small", 1.0, 1.0)] * 20 + [("large", 1.0, 1.0)] * 400
    pairs = paired(rows)
    lost = (Unscored("x"), *pairs.candidate[1:])
    found = estimate(
        PairedScores(pairs.check, pairs.scale, pairs.cases, pairs.intents, pairs.baseline, lost, pairs.strata), alpha=0.05, endpoints=1
    )
    assert (found.difference, found.missing_candidate) == (0.0, 1)
    assert found.pass_mean == pytest.approx(0.5 * 19 / 20 + 0.5)


def test_strata_come_with_the_rows():
    pairs = paired(drawn({"a": 3}))
    short = PairedScores(pairs.check, pairs.scale, pairs.cases, pairs.intents, pairs.baseline, pairs.candidate, ("a",))
    with pytest.raises(InputError, match="differ in number"):
        estimate(short, alpha=0.05, endpoints=1)


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(20, 60, 200, 600), (59, 59, 59, 800), (100, 300)])
def test_a_candidate_at_the_margin_passes_no_more_often_than_alpha_allows(sizes):
    rng, runs, strata = np.random.default_rng(11), 2000, [str(task) for task, size in enumerate(sizes) for _ in range(size)]
    passed = 0
    for _ in range(runs):
        # Worse by the margin in every task; a tenth of the items flips the other way and back.
        draws = [rng.choice([-1.0, 0.0, 1.0], size, p=[0.1, 0.85, 0.05]) for size in sizes]
        sample = pooled_moments(np.concatenate(draws).tolist(), strata)
        passed += float(hall_bounds(sample, 0.05)[0]) > -0.05
    assert passed <= stats.binom.ppf(0.999, runs, 0.07), passed / runs
