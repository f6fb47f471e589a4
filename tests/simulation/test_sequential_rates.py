"""Early stopping keeps the error rates: betting processes at alpha/2, looked at after every batch, and the fixed rule at the end."""

import numpy as np
import pytest
from populations import Array, Population, accepted, accepted_at_least, equal, losing, retrieval

from ragguard.decision.many import decided
from ragguard.records.evidence import Check
from ragguard.records.metric import Metric, Scale
from ragguard.statistics.family import holm
from ragguard.statistics.many import sampled
from ragguard.statistics.paired import lower_bound, moments_of_rows, p_below
from ragguard.statistics.power import guard
from ragguard.statistics.sequential import Look, Terms, look

TRIALS = 4_000
ALPHA, MARGIN, HALF = 0.05, 0.05, 0.025
BATCH = 32
NDCG = Metric("nDCG", 10)


def looks(size: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.append(np.arange(BATCH, size, BATCH), size)


def watched(samples: Array, family: int = 1) -> Look:
    return look(samples, MARGIN, Terms(HALF, HALF, family), looks(samples.shape[1]))


def passed(samples: Array) -> Array:
    """Whether a check passes, early or by the fixed rule at the end."""
    fixed = (lower_bound(moments_of_rows(samples), HALF) > -MARGIN) & (samples.shape[1] >= guard(HALF, MARGIN))
    return np.asarray(watched(samples).passes[:, -1] | fixed)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["smooth", "half", "collapse"])
@pytest.mark.parametrize("size", [100, 400, 1_500])
def test_worse_by_exactly_the_margin_passes_no_more_than_alpha(kind: str, size: int) -> None:
    population = losing("nDCG@10", 0.7, MARGIN, kind)
    samples = population.sample(np.random.default_rng(size), TRIALS, size)
    held = passed(samples - (population.mean + MARGIN))
    assert accepted(int(held.sum()), TRIALS, ALPHA), held.mean()


@pytest.mark.slow
@pytest.mark.parametrize("checks", [1, 10])
@pytest.mark.parametrize("size", [100, 400, 1_500])
def test_an_equal_candidate_is_blamed_no_more_than_alpha(checks: int, size: int) -> None:
    rng = np.random.default_rng(checks * size)
    early, p, means = np.zeros(TRIALS, dtype=bool), [], []
    for number in range(checks):
        samples = equal(retrieval("nDCG@10", 0.7, seed=number)).sample(rng, TRIALS, size)
        early |= watched(samples, checks).fails[:, -1]
        found = moments_of_rows(samples)
        p.append(p_below(found, 0.0))
        means.append(found.mean)
    fixed = (holm(np.stack(p, axis=1)) <= HALF) & (np.stack(means, axis=1) <= -MARGIN)
    blamed = early | fixed.any(axis=1)
    assert accepted(int(blamed.sum()), TRIALS, ALPHA), blamed.mean()


def stopped(population: Population, size: int) -> Array:
    """After how many intents a single check is sure; ``size`` where it never is before."""
    samples = population.sample(np.random.default_rng(1), 1_000, size)
    found, at = watched(samples), looks(size)
    sure = found.passes | found.fails
    return np.asarray(np.where(sure.any(axis=1), at[sure.argmax(axis=1)], size))


@pytest.mark.slow
def test_it_saves_cases_where_there_are_more_than_it_takes() -> None:
    """Of 1,500 intents: an equal candidate takes 220 on average, one that lost 0.2 takes 56."""
    assert np.mean(stopped(equal(retrieval("nDCG@10", 0.7)), 1_500)) < 300
    assert np.mean(stopped(losing("nDCG@10", 0.7, 0.20, "half"), 1_500)) < 80


@pytest.mark.slow
def test_an_equal_candidate_passes_about_as_often_as_with_the_fixed_rule_at_half_alpha() -> None:
    samples = equal(retrieval("nDCG@10", 0.89)).sample(np.random.default_rng(2), TRIALS, 300)
    assert accepted_at_least(int(passed(samples).sum()), TRIALS, 0.9)


def whole(endpoints: list[Population], size: int) -> tuple[int, int, float]:
    """How many whole decisions promote, and block, and the share of the cases asked: each endpoint blocks, two halves of it veto."""
    rng, parts = np.random.default_rng(size), []
    for number, population in enumerate(endpoints):
        picked = rng.integers(0, len(population.baseline), (TRIALS, size))
        before, after = population.baseline[picked], population.candidate[picked]
        parts.append((Check(str(number), NDCG, "blocking", MARGIN), before, after))
        for half in (0, 1):
            parts.append((Check(str(number), NDCG, "veto", MARGIN, slice=str(half)), before[:, half::2], after[:, half::2]))
    at = looks(size)
    found = [
        look(after - before, MARGIN, Terms(HALF, HALF, len(parts)), at if check.tier == "blocking" else at // 2)
        for check, before, after in parts
    ]
    failed = np.logical_or.reduce([each.fails for each in found])
    passed_ = np.logical_and.reduce([each.passes for each, (check, _, _) in zip(found, parts, strict=True) if check.tier == "blocking"])
    sure = failed | passed_
    first, stops = sure.argmax(axis=1), sure.any(axis=1)
    early = failed[np.arange(TRIALS), first]
    late = decided([(check, sampled(check, Scale(), before, after, alpha=HALF)) for check, before, after in parts], alpha=HALF)
    promoted, blocked = np.where(stops, ~early, late.promoted), np.where(stops, early, late.blocked)
    return int(promoted.sum()), int(blocked.sum()), float(np.where(stops, at[first], size).mean() / size)


@pytest.mark.slow
@pytest.mark.parametrize("size", [200, 1_000])
def test_whole_decisions_keep_their_rates_under_the_stop(size: int) -> None:
    same, better = equal(retrieval("nDCG@10", 0.7)), losing("nDCG@10", 0.7, 0.02, "smooth")
    better = Population(better.candidate, better.baseline)
    for kind in ("smooth", "collapse"):
        promoted, _, _ = whole([losing("nDCG@10", 0.7, MARGIN, kind), better, same], size)
        assert accepted(promoted, TRIALS, ALPHA), (kind, promoted / TRIALS)
    promoted, blocked, asked = whole([same, same, same], size)
    assert accepted(blocked, TRIALS, ALPHA), blocked / TRIALS
    assert promoted > (0.95 if size == 1_000 else 0.5) * TRIALS
    assert asked < 0.5 or size == 200
    _, blocked, asked = whole([losing("nDCG@10", 0.7, 0.15, "half"), same, same], size)
    assert accepted_at_least(blocked, TRIALS, 0.95)
    assert asked < 0.15 or size == 200
