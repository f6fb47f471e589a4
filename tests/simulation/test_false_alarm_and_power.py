"""STATISTICS.md section 7, rows 3 and 5: how often an equal candidate is blamed, and how often it passes."""

import numpy as np
import pytest
from populations import Array, accepted, accepted_at_least, equal, retrieval, sinking_but_for_finds

from ragguard.statistics.binary import mcnemar_worse
from ragguard.statistics.family import holm
from ragguard.statistics.paired import lower_bound, moments_of_rows, p_below

TRIALS = 10_000
ALPHA = 0.05
MARGIN = 0.05


def alarms(p: list[Array], means: list[Array]) -> int:
    """How many candidates a family blames on one metric or more, by the verdict's rule: significant, and at least the margin."""
    return int(((holm(np.stack(p, axis=1)) <= ALPHA) & (np.stack(means, axis=1) <= -MARGIN)).any(axis=1).sum())


@pytest.mark.slow
@pytest.mark.parametrize("size", [60, 100, 200])
@pytest.mark.parametrize("metrics", [8, 20])
def test_row_3_family_of_correlated_metrics(metrics: int, size: int) -> None:
    rng = np.random.default_rng(size + metrics)
    kinds = [(metric, noise, seed) for seed in range(7) for metric, noise in (("nDCG@10", 0.7), ("RR", 0.7), ("Success@1", 0.7))]
    picked = rng.integers(0, 200_000, (TRIALS, size))
    p, means = [], []
    for metric, noise, seed in kinds[:metrics]:
        differences = equal(retrieval(metric, noise, seed=seed)).difference[picked]
        binary = metric == "Success@1"
        wins, losses = (differences > 0).sum(axis=1), (differences < 0).sum(axis=1)
        means.append(differences.mean(axis=1))
        p.append(mcnemar_worse(wins, losses) if binary else p_below(moments_of_rows(differences), 0.0))
    count = alarms(p, means)
    assert accepted(count, TRIALS, 0.05), count / TRIALS


@pytest.mark.slow
@pytest.mark.parametrize("size", [60, 100, 200])
@pytest.mark.parametrize("metrics", [8, 20])
@pytest.mark.parametrize(
    ("metric", "noise", "share"), [("nDCG@10", 0.2, 0.02), ("nDCG@10", 0.2, 0.05), ("nDCG@10", 0.5, 0.05), ("RR", 0.2, 0.05)]
)
def test_row_3_many_small_losses_and_few_big_gains(metrics: int, size: int, metric: str, noise: float, share: float) -> None:
    """Independent metrics, each of which sinks a little nearly everywhere, and finds ``share`` of all queries that were lost.

    Known limit: skewed further, the target is missed. With a share of 0.09 (sd 0.33, skew 2) the family false alarm is 0.07 with 20
    independent metrics; a constant loss of 0.05 against gains of 1 in 1 of 20 queries reaches 0.28 with 80 intents.
    """
    population = sinking_but_for_finds(metric, noise, share)
    assert 0.15 <= population.difference.std() <= 0.31
    rng = np.random.default_rng(metrics)
    samples = [moments_of_rows(population.sample(rng, TRIALS, size) - population.mean) for _ in range(metrics)]
    count = alarms([p_below(sample, 0.0) for sample in samples], [sample.mean for sample in samples])
    assert accepted(count, TRIALS, 0.05), count / TRIALS


@pytest.mark.parametrize(("size", "power"), [(200, 0.85), (500, 0.99)])
def test_row_5_an_equal_candidate_passes(size: int, power: float) -> None:
    population = equal(retrieval("nDCG@10", 0.89))
    assert population.difference.std() == pytest.approx(0.25, abs=0.005)
    samples = moments_of_rows(population.sample(np.random.default_rng(5), TRIALS, size))
    count = int((lower_bound(samples, ALPHA) > -0.05).sum())
    assert accepted_at_least(count, TRIALS, power), count / TRIALS
