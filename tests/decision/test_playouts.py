"""Simulated roll-outs: what is drawn, when the loss begins, how they are counted and timed."""

from dataclasses import replace

import numpy as np
import pytest

from ragguard.decision.playout_counts import FOREVER, Clock, bottleneck, kind, needs, stays
from ragguard.decision.playouts import Candidate, Signal, begin_of_loss, candidates, play
from ragguard.decision.rollout import Rules, Stage
from ragguard.decision.rollouts import NEVER, Played, Watched
from ragguard.records.playout import Stay
from ragguard.statistics.seeds import keyed

RIGHT = np.repeat([1.0, 0.0], [90, 10])
GRADED = np.linspace(0.2, 1.0, 60)
SPLIT = Signal("split", Watched(), RIGHT)
PAIRED = Signal("paired", Watched(), GRADED, np.roll(GRADED, 3))
RULES = Rules()


def played(signals: list[Signal], candidate: Candidate, rollouts: int = 200, rules: Rules = RULES) -> Played:
    return play(signals, rules, candidate, rollouts, lambda purpose: keyed("test", purpose), lambda _: None)


@pytest.mark.parametrize("signal", [SPLIT, PAIRED])
@pytest.mark.parametrize("margins", [0.0, 1.0, 4.0])
def test_what_is_drawn_has_the_mean_and_the_spread_that_are_told(signal: Signal, margins: float) -> None:
    good, bad = signal.draw(keyed("draw"), 500, 0, 400, signal.lost(margins))
    size = np.sqrt(good.size)
    assert abs(good.mean()) < 4 * signal.sd / size
    assert abs(bad.mean() + margins * 0.05) < 4 * bad.std() / size
    assert good.std() == pytest.approx(signal.sd, rel=0.02)
    assert margins or (good == bad).all()
    assert abs(bad).max() <= 1


def test_pairs_without_a_value_are_as_many_as_said_whatever_the_blocks() -> None:
    rare = replace(SPLIT, values=0.3)
    whole, _ = rare.draw(keyed("x"), 2, 0, 100, 0.0)
    assert (~np.isnan(whole)).sum(axis=1).tolist() == [30, 30]
    absent = np.concatenate([np.isnan(rare.draw(keyed("x"), 1, first, 25, 0.0)[0][0]) for first in range(0, 100, 25)])
    assert (absent == np.isnan(whole[0])).all()


def test_a_signal_that_has_not_so_much_to_lose_loses_all() -> None:
    poor = Signal("poor", Watched(), np.repeat([1.0, 0.0], [1, 9]))
    assert poor.lost(4.0) > 1
    _, bad = poor.draw(keyed("x"), 50, 0, 400, poor.lost(4.0))
    assert bad.max() == 0


def test_every_kind_is_played_and_the_hardest_signal_stands_for_one() -> None:
    rare = Signal("rare", Watched(), RIGHT, values=0.2)
    veto = Signal("veto", Watched(tier="veto"), RIGHT, values=0.01)
    found = list(candidates([SPLIT, rare, veto], 3, waiting=7))
    assert [(each.drop, each.only, each.stage, each.waiting) for each in found] == [
        *((drop, "", 0, 0) for drop in (0, 0.5, 1, 2, 4)),
        *((drop, "rare", 0, 0) for drop in (0.5, 1, 2, 4)),
        *((drop, "", 2, 7) for drop in (0.5, 1, 2, 4)),
    ]
    assert len(list(candidates([SPLIT], 1))) == 5


def test_a_veto_signal_loses_nothing_and_never_holds_up() -> None:
    veto = Signal("veto", Watched(tier="veto"), RIGHT, values=0.001)
    assert Candidate(4.0).loses(veto) == 0
    assert played([SPLIT, veto], Candidate()).promoted.mean() > 0.9


def test_an_equal_candidate_goes_out_and_two_margins_do_not() -> None:
    equal, bad = (played([SPLIT, PAIRED], Candidate(drop)) for drop in (0.0, 2.0))
    assert equal.promoted.mean() > 0.9
    assert equal.rolled_back.mean() < 0.1
    assert bad.rolled_back.all()
    assert np.median(bad.rolled) < 300


def test_a_loss_at_the_last_stage_begins_with_the_units_that_begin_there() -> None:
    """What was equal until then is as if nothing were lost, draw by draw."""
    late = Candidate(4.0, stage=2, waiting=50)
    found = played([SPLIT], late)
    begins = begin_of_loss(found, late)
    reached = found.left[1] < NEVER
    assert reached.mean() > 0.9
    assert (begins[reached] == found.left[1][reached] + 50).all()
    after = found.rolled_back & (found.rolled > begins)
    assert after.mean() > 0.8
    waits = (found.rolled - begins)[after]
    assert np.median(waits) < np.median(played([SPLIT], Candidate(1.0)).rolled)
    counted = kind(late, found, None)
    assert counted.falsely.count == int((found.rolled_back & ~after).sum())


def test_roll_outs_end_where_the_labels_do() -> None:
    found = played([SPLIT], Candidate(), rules=replace(RULES, labels=100))
    counted = kind(Candidate(), found, None)
    assert counted.promoted.count == 0
    assert counted.neither.count + counted.rolled_back.count == 200
    assert min(found.left[-1]) == NEVER
    long = stays([SPLIT], replace(RULES, labels=100), found, None)
    assert ([stay.pairs for stay in long[1:]], bottleneck(long)) == ([None, None], 1)


def test_labels_are_pairs_that_have_a_value() -> None:
    rare = replace(SPLIT, values=0.5)
    found = played([rare], Candidate(), rules=replace(RULES, labels=1_000))
    assert found.promoted.mean() > 0.5
    assert found.left[-1][found.promoted].max() > 1_000


def test_the_same_seed_plays_the_same_and_another_does_not() -> None:
    one, two = (played([SPLIT], Candidate(1.0)) for _ in range(2))
    assert (one.rolled == two.rolled).all()
    other = play([SPLIT], RULES, Candidate(1.0), 200, lambda purpose: keyed("other", purpose), lambda _: None)
    assert (one.rolled != other.rolled).any()


def test_hours_follow_the_smaller_arm_and_the_window() -> None:
    """1,000 an hour: 10 pairs an hour at 1 %, 100 at 10 % and at 90 %; half an hour until a unit enters."""
    clock = Clock(1_000, (1, 10, 90), 0.5, paired=False)
    left = tuple(np.array([pair]) for pair in (50, 155, 355))
    leaves, back = clock.hours(Played(np.array([NEVER]), left))
    # 50 pairs: 5 h, and half an hour. Until then 5 more began; 100 more after that take an hour. 50 of the 200 wait there already.
    assert [float(each[0]) for each in leaves] == pytest.approx([5.5, 5.5 + 1.0 + 0.5, 7.0 + 1.5 + 0.5])
    assert back[0] == FOREVER
    assert Clock(1_000, (1, 10, 90), 0.5, paired=True).pace(2) == 900


def test_a_rollback_is_timed_by_the_units_that_had_begun_before_its_stage() -> None:
    clock = Clock(1_000, (1, 10, 50), 0.5, paired=False)
    never = np.array([NEVER])
    leaves, back = clock.hours(Played(np.array([52]), (np.array([50]), never, never)))
    assert (leaves[0][0], leaves[1][0]) == (5.5, FOREVER)
    assert back[0] == pytest.approx(5.2 + 0.5)  # the 52nd began at 5.2 h, at the pace of 1 %


def test_the_bottleneck_is_where_most_hours_pass_not_most_pairs() -> None:
    found = played([SPLIT, PAIRED], Candidate())
    by_pairs = stays([SPLIT, PAIRED], RULES, found, None)
    by_hours = stays([SPLIT, PAIRED], RULES, found, Clock(1_000, (1, 10, 50), 0.5, paired=False))
    assert (bottleneck(by_pairs), bottleneck(by_hours)) == (2, 0)
    assert by_pairs[2].slowest == "split"
    told = needs([SPLIT, PAIRED], RULES, found)
    assert [(each.guardrail, each.stage) for each in told] == [(name, stage) for name in ("split", "paired") for stage in range(3)]
    assert all(each.pairs is not None for each in told)
    assert told[2].margin == pytest.approx(0.05)


def test_one_stage_is_enough() -> None:
    rules = replace(RULES, stages=(Stage(20, 0.2, 60),))
    found = played([SPLIT], Candidate(), rules=rules)
    assert found.promoted.mean() > 0.9
    (stay,) = stays([SPLIT], rules, found, None)
    assert isinstance(stay, Stay)
    assert stay.pairs == pytest.approx(60, abs=25)
