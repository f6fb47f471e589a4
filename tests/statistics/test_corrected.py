"""Checks of judged metrics where people labelled answers."""

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from ragguard.records.evidence import Check, PairedScores, Score, Truth, Unscored
from ragguard.records.metric import Metric, Scale
from ragguard.records.verdict import Estimate
from ragguard.statistics.estimate import estimate
from ragguard.statistics.limits import p_meets_graded
from ragguard.statistics.paired import hall_bounds, moments, p_below
from ragguard.statistics.ppi import Split, alone, corrected, guarded_bound, trusted

HELPFUL = Check("golden", Metric("rubric:helpful"), "blocking")
GONE = Unscored("timeout")


def drawn(size: int, seed: int = 3, bias: float = 0.0) -> tuple[list[float], list[float], list[float], list[float]]:
    """What people, then a judge, say of the baseline's and the candidate's answers."""
    source = random.Random(seed)
    before = [source.choice([0.0, 0.5, 1.0, 1.0]) for _ in range(size)]
    after = [min(1.0, max(0.0, value + source.choice([-0.5, 0.0, 0.0, 0.0, 0.25]))) for value in before]

    def judged(values: list[float], more: float) -> list[float]:
        return [min(1.0, max(0.0, value + more + source.gauss(0, 0.1))) for value in values]

    return before, after, judged(before, 0.0), judged(after, bias)


def pairs(
    baseline: Sequence[Score],
    candidate: Sequence[Score],
    truths: Sequence[Truth | None],
    check: Check = HELPFUL,
    intents: Sequence[str] = (),
) -> PairedScores:
    ids = tuple(f"q{index:04}" for index in range(len(baseline)))
    return PairedScores(check, Scale(), ids, tuple(intents) or ids, tuple(baseline), tuple(candidate), truths=tuple(truths))


def found(given: PairedScores) -> Estimate:
    return estimate(given, alpha=0.05, endpoints=2)


def world(size: int = 300, labelled: int = 80, bias: float = 0.3) -> tuple[PairedScores, Split]:
    before, after, one, other = drawn(size, bias=bias)
    truths = [Truth(*pair) if index < labelled else None for index, pair in enumerate(zip(before, after, strict=True))]
    human, judged = (np.subtract(b, a) for a, b in ((before, after), (one, other)))
    return pairs(one, other, truths), Split(human[:labelled], judged[:labelled], judged[labelled:])


def test_it_is_the_corrected_mean() -> None:
    given, split = world()
    result, weight = found(given), trusted(split, 0.05)
    sample = corrected(split, weight)
    assert result.difference == pytest.approx(float(sample.mean))
    assert (result.lower, result.upper) == pytest.approx(
        (float(guarded_bound(sample, alone(split), 0.05)), float(hall_bounds(sample, 0.05)[1]))
    )
    assert result.pass_lower == pytest.approx(result.lower)
    assert result.p_worse == pytest.approx(float(p_below(sample, 0.0)))
    assert (result.intents, result.cases, result.evidence) == (80, 300, 80)
    assert result.correction is not None
    assert (result.correction.unlabelled, result.correction.stale) == (220, 0)
    assert result.correction.weight == pytest.approx(weight.mean())
    assert result.correction.labelled == pytest.approx(split.human.mean())
    assert result.correction.judged == pytest.approx(np.concatenate([split.judged, split.unlabelled]).mean())
    assert result.baseline_mean is not None
    assert result.candidate_mean is not None
    assert result.candidate_mean - result.baseline_mean == pytest.approx(result.difference)
    assert result.wins + result.ties + result.losses == 80
    assert "PPI++" in result.method


def test_a_judge_that_likes_the_candidate_for_nothing_is_put_right() -> None:
    given, _ = world(1000, 200)
    by_judge, result = found(replace(given, truths=())), found(given)
    assert by_judge.lower is not None
    assert result.difference is not None
    assert by_judge.lower > 0
    assert result.difference < -0.03
    assert result.correction is not None
    assert result.sd is not None
    assert result.sd < 0.8 * float(moments(world(1000, 200)[1].human.tolist()).sd)


def test_without_unlabelled_intents_it_is_the_check_of_the_labels() -> None:
    before, after, one, other = drawn(90)
    labels = found(replace(pairs(before, after, []), check=replace(HELPFUL, limit=0.7)))
    result = found(pairs(one, other, [Truth(*pair) for pair in zip(before, after, strict=True)], replace(HELPFUL, limit=0.7)))
    named = ("difference", "lower", "upper", "pass_lower", "sd", "mde", "p_worse", "p_limit", "needed", "wins", "ties", "losses", "intents")
    assert {name: getattr(result, name) for name in named} == pytest.approx({name: getattr(labels, name) for name in named}, abs=1e-14)
    assert result.difference == labels.difference
    assert "labels alone" in result.method


def test_nobody_labelled_anything() -> None:
    _, _, one, other = drawn(100)
    result = found(pairs(one, other, [None] * 100))
    assert (result.intents, result.difference, result.lower, result.p_worse) == (0, None, None, None)
    assert result.correction is not None
    assert result.correction.unlabelled == 100
    assert result.correction.judged == pytest.approx(np.subtract(other, one).mean())


@pytest.mark.parametrize("labelled", [1, 2, 3])
def test_few_labels_are_no_crash_and_no_certainty(labelled: int) -> None:
    result = found(world(100, labelled)[0])
    assert result.intents == labelled
    assert (result.lower is None) == (labelled == 1)
    assert result.p_worse is not None
    assert result.p_worse > 0.05


def test_labels_of_other_answers_are_counted_and_their_cases_stay_with_the_judge() -> None:
    given, _ = world()
    truths = [Truth(0.5, None) if 10 <= index < 15 else truth for index, truth in enumerate(given.truths)]
    result = found(replace(given, truths=tuple(truths)))
    assert result.correction is not None
    assert (result.intents, result.correction.unlabelled, result.correction.stale) == (75, 225, 5)


def test_an_intent_is_labelled_by_its_labelled_cases_and_its_others_are_left_out() -> None:
    before, after, one, other = drawn(200)
    intents = [f"i{index // 2:03}" for index in range(200)]
    truths = [Truth(before[index], after[index]) if index < 120 and index % 2 == 0 else None for index in range(200)]
    result = found(pairs(one, other, truths, intents=intents))
    assert result.correction is not None
    assert (result.intents, result.correction.unlabelled) == (60, 40)
    assert result.correction.labelled == pytest.approx(np.subtract(after, before)[:120:2].mean())


def test_what_the_judge_could_not_score_counts_against_the_candidate() -> None:
    given, _ = world(400, 100)
    lost = replace(given, candidate=tuple(GONE if index % 50 == 0 else score for index, score in enumerate(given.candidate)))
    whole, result = found(given), found(lost)
    assert (result.unscored, result.missing_candidate, result.intents) == (8, 8, 98)
    assert result.pass_lower is not None
    assert result.lower is not None
    assert result.pass_lower < result.lower - 0.015
    assert result.pass_mean is not None
    assert result.candidate_mean is not None
    assert result.pass_mean == pytest.approx(0.98 * result.candidate_mean)
    assert whole.pass_lower == whole.lower


def test_a_judge_that_scores_labelled_and_other_answers_unlike_is_noticed() -> None:
    given, _ = world(400, 100)
    assert found(given).correction.alike_p > 0.01  # type: ignore[union-attr]
    shifted = tuple(score if index < 100 else max(0.0, float(score) - 0.4) for index, score in enumerate(given.baseline))  # type: ignore[arg-type]
    assert found(replace(given, baseline=shifted)).correction.alike_p < 1e-6  # type: ignore[union-attr]


def test_the_limit_is_what_people_would_say_of_the_candidate() -> None:
    given, _ = world(400, 150, bias=0.4)
    limited = replace(given, check=replace(HELPFUL, limit=0.75))
    result = found(limited)
    judge = p_meets_graded(moments([float(score) for score in given.candidate]), 0.75)  # type: ignore[arg-type]
    assert result.p_limit is not None
    assert result.p_limit < 0.001 < 0.5 < float(judge)


def test_lower_is_better_turns_everything_round() -> None:
    given, split = world()
    truths = tuple(None if truth is None else Truth(1 - truth.baseline, 1 - truth.candidate) for truth in given.truths)  # type: ignore[operator]
    turned = replace(
        given,
        scale=Scale(higher_is_better=False),
        baseline=tuple(1 - score for score in given.baseline),  # type: ignore[operator]
        candidate=tuple(1 - score for score in given.candidate),  # type: ignore[operator]
        truths=truths,
    )
    result = found(turned)
    assert result.difference == pytest.approx(float(corrected(split, trusted(split, 0.05)).mean))
    assert result.baseline_mean is not None
    assert result.candidate_mean is not None
    assert result.baseline_mean - result.candidate_mean == pytest.approx(result.difference)


def test_the_order_of_the_rows_does_not_matter() -> None:
    given, _ = world()
    order = random.Random(1).sample(range(300), 300)
    named = ("cases", "intents", "baseline", "candidate", "truths")
    shuffled = replace(given, **{name: tuple(getattr(given, name)[index] for index in order) for name in named})
    assert found(shuffled) == found(given)


def test_strict_takes_the_lower_bound() -> None:
    given, _ = world()
    strict = found(replace(given, check=replace(HELPFUL, strict=True)))
    assert strict.lower is not None
    assert strict.lower < found(given).lower  # type: ignore[operator]
    assert "strict" in strict.method
