"""The one entry point: which method, what is missing, which way is up."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from ragguard.errors import InputError
from ragguard.records.evidence import Check, NotApplicable, PairedScores, Score, Tier, Unscored
from ragguard.records.metric import Metric, Scale
from ragguard.statistics.binary import mcnemar_worse, tango_bounds
from ragguard.statistics.estimate import estimate
from ragguard.statistics.limits import p_meets_binary, p_meets_graded
from ragguard.statistics.paired import hall_bounds, moments, p_below, phantom_bound

NDCG = Check("golden", Metric("nDCG", 10), "blocking")
GONE = Unscored("timeout")


def paired(
    baseline: Sequence[Score], candidate: Sequence[Score], check: Check = NDCG, scale: Scale | None = None, intents: Sequence[str] = ()
) -> PairedScores:
    ids = tuple(f"q{index:03}" for index in range(len(baseline)))
    return PairedScores(check, scale or Scale(), ids, tuple(intents) or ids, tuple(baseline), tuple(candidate))


def found(pairs: PairedScores):
    return estimate(pairs, alpha=0.05, endpoints=5)


def scores(size: int, seed: int = 1) -> tuple[list[float], list[float]]:
    source = random.Random(seed)
    baseline = [source.choice([0.0, 0.5, 0.63, 1.0]) for _ in range(size)]
    return baseline, [min(1.0, max(0.0, value + source.choice([-0.37, 0.0, 0.0, 0.37]))) for value in baseline]


def test_graded() -> None:
    baseline, candidate = scores(80)
    differences = [after - before for before, after in zip(baseline, candidate, strict=True)]
    result, sample = found(paired(baseline, candidate)), moments(differences)
    assert (result.lower, result.upper) == pytest.approx(tuple(map(float, hall_bounds(sample, 0.05))))
    assert result.pass_lower == result.lower
    assert result.pass_mean == result.candidate_mean == pytest.approx(sum(candidate) / 80)
    assert result.p_worse == pytest.approx(float(p_below(sample, 0.0)))
    assert result.p_limit is None
    assert result.wins + result.ties + result.losses == result.intents == result.cases == 80
    assert "Hall" in result.method


def test_binary_with_one_case_per_intent() -> None:
    baseline, candidate = [1.0] * 60 + [0.0] * 10 + [1.0] * 4, [1.0] * 60 + [1.0] * 10 + [0.0] * 4
    check = replace(NDCG, limit=0.9)
    result = found(paired(baseline, candidate, check, Scale(binary=True)))
    assert (result.lower, result.upper) == pytest.approx(tango_bounds(10, 4, 74, 0.05))
    assert result.p_worse == pytest.approx(float(mcnemar_worse(10, 4)))
    assert result.p_limit == pytest.approx(float(p_meets_binary(70, 74, 0.9)))
    assert "Tango" in result.method


def test_binary_with_paraphrases_is_graded_on_intent_means() -> None:
    baseline, candidate = [1.0, 1.0, 1.0, 0.0] * 15, [1.0, 0.0, 1.0, 1.0] * 15
    intents = [f"i{index // 2:02}" for index in range(60)]
    check = replace(NDCG, limit=0.9)
    result = found(paired(baseline, candidate, check, Scale(binary=True), intents))
    assert (result.cases, result.intents) == (60, 30)
    assert result.lower == pytest.approx(float(hall_bounds(moments([-0.5, 0.5] * 15), 0.05)[0]))
    assert result.p_worse == pytest.approx(float(p_below(moments([-0.5, 0.5] * 15), 0.0)))
    assert result.p_limit == pytest.approx(float(p_meets_graded(moments([0.5, 1.0] * 15), 0.9)))


def test_intents_weigh_equally_however_many_paraphrases() -> None:
    result = found(paired([0.0] * 5, [1.0, 0.0, 0.0, 0.0, 0.0], intents=["a", "b", "b", "b", "b"]))
    assert (result.difference, result.candidate_mean, result.intents, result.cases) == (0.5, 0.5, 2, 5)


def test_repeats_are_averaged_before_paraphrases() -> None:
    pairs = PairedScores(NDCG, Scale(), ("q1", "q1", "q2"), ("a", "a", "a"), (0.0, 0.0, 0.0), (1.0, 0.0, 1.0))
    assert found(pairs).candidate_mean == pytest.approx(0.75)


def test_missing_counts_against_the_candidate_on_the_pass_side_only() -> None:
    baseline, candidate = scores(80)
    complete = found(paired(baseline[:78], candidate[:78]))
    result = found(paired([*baseline[:78], GONE, 0.5], [*candidate[:78], 0.25, GONE]))
    filled = found(paired([*baseline[:78], 1.0, 0.5], [*candidate[:78], 0.25, 0.0]))
    assert (result.lower, result.upper, result.p_worse) == (complete.lower, complete.upper, complete.p_worse)
    assert (result.pass_lower, result.pass_mean) == (filled.lower, filled.candidate_mean)
    assert (result.cases, result.intents, result.unscored) == (80, 78, 2)
    assert (result.missing_baseline, result.missing_candidate, result.missing_p) == (1, 1, 1.0)


def test_missing_where_lower_is_better_is_the_high_end() -> None:
    stale = Scale(higher_is_better=False)
    result = found(paired([0.0] * 60 + [0.5], [0.0] * 60 + [GONE], scale=stale))
    assert result.pass_mean == pytest.approx(1 / 61)
    assert result.pass_lower is not None
    assert result.pass_lower < 0


def test_uneven_missing_shows() -> None:
    result = found(paired([0.5] * 80, [0.5] * 70 + [GONE] * 10))
    assert result.missing_p == pytest.approx(2 / 2**10)


def test_not_applicable_lies_outside() -> None:
    baseline, candidate = scores(80)
    outside = NotApplicable("asks for an old version")
    result = found(paired([*baseline, outside, outside, GONE], [*candidate, outside, GONE, outside]))
    assert replace(result, method="") == replace(found(paired(baseline, candidate)), method="")


def test_lower_is_better_is_the_mirror() -> None:
    baseline, candidate = scores(80)
    up = found(paired(baseline, candidate, replace(NDCG, limit=0.6)))
    flipped = [1 - value for value in baseline], [1 - value for value in candidate]
    down = found(paired(*flipped, replace(NDCG, limit=0.4), Scale(higher_is_better=False)))
    for name in ("difference", "lower", "upper", "p_worse", "p_limit", "mde"):
        assert getattr(down, name) == pytest.approx(getattr(up, name))
    assert down.candidate_mean == pytest.approx(1 - (up.candidate_mean or 0))


def test_differences_are_shares_of_the_range() -> None:
    baseline, candidate = scores(80)
    one = found(paired(baseline, candidate, replace(NDCG, limit=0.6)))
    rubric = [1 + 4 * value for value in baseline], [1 + 4 * value for value in candidate]
    five = found(paired(*rubric, replace(NDCG, limit=1 + 4 * 0.6), Scale(low=1.0, high=5.0)))
    for name in ("difference", "lower", "upper", "pass_lower", "sd", "mde", "p_worse", "p_limit", "needed"):
        assert getattr(five, name) == pytest.approx(getattr(one, name))
    assert five.baseline_mean == pytest.approx(1 + 4 * (one.baseline_mean or 0))


def test_strict_uses_the_phantom() -> None:
    strict = found(paired([0.5] * 60, [0.5] * 60, replace(NDCG, strict=True)))
    assert strict.lower == strict.pass_lower == pytest.approx(float(phantom_bound(moments([0.0] * 60), 0.05)))
    assert found(paired([0.5] * 60, [0.5] * 60)).lower == 0


def test_must_names_the_cases_that_miss() -> None:
    check = replace(NDCG, tier="must", limit=0.5)
    result = found(paired([1.0] * 5, [0.5, 0.4, 1.0, GONE, 0.0], check))
    assert (result.misses, result.missing_candidate, result.cases) == (("q001", "q004"), 1, 5)
    best = found(paired([1.0] * 3, [1.0, 0.9, 1.0 - 1e-8], replace(check, limit=None)))
    assert best.misses == ("q001",)
    ceiling = found(paired([0.0] * 3, [0.0, 0.1, 0.0], replace(check, limit=None), Scale(higher_is_better=False)))
    assert ceiling.misses == ("q001",)


def test_without_a_range_advisory_only_and_nothing_is_imputed() -> None:
    seconds, check = Scale(higher_is_better=False, high=None, unit="s"), replace(NDCG, tier="advisory")
    result = found(paired([1.0, 2.0, 3.0], [2.0, 2.5, GONE], check, seconds))
    assert result.difference == pytest.approx(-0.75)
    assert (result.pass_lower, result.pass_mean, result.p_worse) == (None, None, None)
    assert "no range" in result.method
    tiers: tuple[Tier, ...] = ("blocking", "veto")
    for tier in tiers:
        with pytest.raises(InputError, match="no range"):
            found(paired([1.0], [2.0], replace(check, tier=tier), seconds))
    with pytest.raises(InputError, match="no best value"):
        found(paired([1.0], [2.0], replace(check, tier="must"), Scale(high=None)))


@pytest.mark.parametrize("size", [0, 1, 2])
def test_little_data_is_no_crash_and_no_certainty(size: int) -> None:
    result = found(paired([0.5] * size, [0.0] * size))
    assert result.intents == size
    assert (result.lower is None) == (size < 2)
    assert result.p_worse is None or result.p_worse > 0.05


def test_nothing_scored() -> None:
    result = found(paired([0.5, GONE], [GONE, 0.5]))
    assert (result.intents, result.unscored, result.difference, result.p_worse) == (0, 2, None, None)


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        (paired([0.5], [1.5]), "outside the metric's range"),
        (paired([0.5], [float("nan")]), "not a finite number"),
        (paired([0.5], [1.0], scale=Scale(binary=True)), "is binary"),
        (paired([0.5], [NotApplicable("old")]), "one arm only"),
        (paired([0.5], [0.5, 0.5]), "differ in number"),
        (paired([0.5], [0.5], replace(NDCG, limit=7.0)), "lies outside the metric's range"),
        (PairedScores(NDCG, Scale(), ("q1", "q1"), ("a", "b"), (0.5, 0.5), (0.5, 0.5)), "several intents"),
    ],
)
def test_scores_that_are_not_what_they_should_be(pairs: PairedScores, words: str) -> None:
    with pytest.raises(InputError, match=words):
        found(pairs)


def test_all_bad_scores_come_back_together() -> None:
    with pytest.raises(InputError) as caught:
        found(paired([0.5, -3.0], [1.5, 0.5]))
    assert len(caught.value.problems) == 2


def test_float32_rounding_is_the_end_of_the_range() -> None:
    assert found(paired([0.5, 1.0], [1.0000001, 1.0])).candidate_mean == 1
