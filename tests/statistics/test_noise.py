"""How much of a difference is the judge disagreeing with itself."""

import numpy as np
import pytest

from ragguard.records.evidence import Check, PairedScores, Spread, Turns, Unscored
from ragguard.records.judgement import Judgement, Verdict
from ragguard.records.metric import Metric, Scale
from ragguard.records.verdict import Noise
from ragguard.statistics.estimate import estimate
from ragguard.statistics.noise import spread_of
from ragguard.statistics.pairing import Place, Told, paired

HELPFUL = Check("golden", Metric("rubric:helpful"), "advisory")


def said(*values: float | None, judge: str = "helpful") -> Judgement:
    return Judgement("q", judge, tuple(Verdict(value, error="" if value is not None else "timed out: x") for value in values))


def told(*values: float | None, text: str = "") -> Told:
    given = [value for value in values if value is not None]
    return Told(float(np.mean(given)) if given else Unscored("x"), (said(*values),), text or str(values))


def noise(before: list[Told], after: list[Told], intents: list[str] | None = None) -> Noise | None:
    places = [Place(f"q{index:03}", intents[index] if intents else f"q{index:03}") for index in range(len(before))]
    return estimate(paired(HELPFUL, Scale(), places, before, after, corrected=False), alpha=0.05, endpoints=1).noise


def test_turns_of_an_answer() -> None:
    found = spread_of([said(0.2, 0.4, 0.9)], [said(0.5)], same=False)
    assert found == Spread(Turns(3, pytest.approx(np.var([0.2, 0.4, 0.9], ddof=1))), Turns(1, None))
    several = spread_of([said(0.2, 0.4), said(0.9, None, 0.7)], [], same=False)
    assert several == Spread(Turns(4, pytest.approx(0.02)), None)


def test_what_is_known_without_a_judge_has_no_noise() -> None:
    assert spread_of([said(1.0, judge="")], [said(1.0, judge="")], same=True) is None
    assert spread_of([], [], same=True) is None
    assert spread_of([said(None, None)], [], same=False) is None


def test_one_verdict_on_one_answer_is_shared_and_like_verdicts_on_two_are_not() -> None:
    same = [said(0.2, 0.4)]
    assert spread_of(same, list(same), same=True).shared  # type: ignore[union-attr]
    assert not spread_of(same, list(same), same=False).shared  # type: ignore[union-attr]
    assert not spread_of(same, [said(0.4, 0.2)], same=True).shared  # type: ignore[union-attr]


def world(size: int, turns: int, own: float, between: float, seed: int = 4) -> tuple[list[Told], list[Told]]:
    rng = np.random.default_rng(seed)
    before = rng.uniform(0.4, 0.6, size)
    after = before + between * rng.standard_normal(size)
    return tuple([told(*np.clip(mean + own * rng.standard_normal(turns), 0, 1).tolist()) for mean in means] for means in (before, after))  # type: ignore[return-value]


@pytest.mark.parametrize(("own", "between", "turns"), [(0.1, 0.05, 2), (0.1, 0.05, 8), (0.02, 0.1, 3)])
def test_the_share_is_that_of_the_known_variances(own: float, between: float, turns: int) -> None:
    found = noise(*world(4000, turns, own, between))
    added = 2 * own**2 / turns
    assert found is not None
    assert found.sd == pytest.approx(own, rel=0.03)
    assert found.turns == turns
    assert found.share == pytest.approx(added / (added + between**2), abs=0.03)
    assert found.wanted == pytest.approx(max(1, 9 * 2 * own**2 / between**2), rel=0.15, abs=1)


def test_a_judge_that_never_wavers_has_no_noise_and_one_turn_tells_nothing() -> None:
    before, after = [told(0.5, 0.5)] * 20, [told(0.5, 0.5), told(1.0, 1.0)] * 10
    assert noise(before, after) == Noise(0.0, 2.0, 0.0, 1)
    assert noise([told(0.5)] * 20, [told(0.75)] * 20) is None
    assert noise([], []) is None


def test_answers_that_both_arms_share_have_no_noise_between_them() -> None:
    before, after = world(100, 2, 0.1, 0.0)
    shared = [Told(each.score, each.judgements, "the same") for each in before]
    assert noise(shared, shared) == Noise(pytest.approx(0.1, rel=0.3), 2.0, 0.0, 1)
    half = noise([*shared, *before], [*shared, *after])
    whole = noise(before, after)
    assert half is not None
    assert whole is not None
    assert half.share == pytest.approx(whole.share, abs=0.05)  # the spread is halved too, and all of it is noise


def test_turns_that_came_to_nothing_leave_the_others_variance() -> None:
    before, after = world(500, 2, 0.1, 0.1)
    torn = [told(each.judgements[0].values[0], None) if index % 2 else each for index, each in enumerate(before)]
    found, whole = noise(torn, after), noise(before, after)
    assert found is not None
    assert whole is not None
    assert found.turns == pytest.approx(1.75)
    assert found.share > whole.share
    assert found.sd == pytest.approx(0.1, rel=0.1)


def test_cases_of_an_intent_average_their_noise_out() -> None:
    before, after = world(600, 2, 0.1, 0.0)
    found = noise(before, after, [f"i{index // 3}" for index in range(600)])
    assert found is not None
    assert found.share == pytest.approx(1.0, abs=0.15)


def test_one_intent_and_missing_scores() -> None:
    assert noise([told(0.2, 0.4)], [told(0.3, 0.5)]) == Noise(pytest.approx(np.sqrt(0.02)), 2.0, 0.0, 1)
    found = noise([told(0.2, 0.4), told(None, None)], [told(0.3, 0.5), told(0.1, 0.2)])
    assert found is not None
    assert found.share == 0.0


def test_spreads_of_unequal_number_are_refused() -> None:
    with pytest.raises(Exception, match="differ in number"):
        estimate(PairedScores(HELPFUL, Scale(), ("a",), ("a",), (0.5,), (0.5,), spreads=(None, None)), alpha=0.05, endpoints=1)
