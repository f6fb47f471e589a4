"""The betting processes by hand, whatever the order, and on what is degenerate."""

import math

import numpy as np
import pytest

from ragguard.statistics.sequential import BETS, Terms, log_money, look, within_margin, worse

TERMS = Terms(alpha=0.025, alpha_fail=0.025, family=1)


def by_hand(gains: list[float]) -> float:
    return math.log(sum(math.prod(1 + bet * gain for gain in gains) for bet in BETS) / len(BETS))


def test_money_is_the_mean_of_the_products() -> None:
    gains = np.random.default_rng(1).uniform(-1, 1, 40)
    found = log_money(gains)
    assert [found[n - 1] for n in (1, 7, 40)] == pytest.approx([by_hand(gains[:n].tolist()) for n in (1, 7, 40)])
    assert log_money(gains, np.array([7, 40])) == pytest.approx(found[[6, 39]])
    assert within_margin(gains, 0.05)[-1] == pytest.approx(by_hand((gains + 0.05).tolist()))
    assert worse(gains)[-1] == pytest.approx(by_hand((-gains).tolist()))


def test_the_order_does_not_matter_and_nothing_overflows() -> None:
    gains = np.random.default_rng(2).uniform(-1, 1, (3, 200))
    shuffled = np.random.default_rng(3).permuted(gains, axis=1)
    assert log_money(gains)[:, -1] == pytest.approx(log_money(shuffled)[:, -1])
    assert np.isfinite(log_money(np.ones(100_000))[-1])
    assert np.isfinite(log_money(-np.ones(100_000))[-1])


def test_a_fair_bet_wins_nothing_on_average() -> None:
    """The money's mean is 1 after any number of fair bets, and at most 1 after unfair ones: that is what makes it valid."""
    rng = np.random.default_rng(4)
    fair = np.exp(log_money(rng.choice([-1.0, 1.0], (200_000, 6))))
    assert fair.mean(axis=0) == pytest.approx(np.ones(6), abs=0.02)
    unfair = np.exp(log_money(rng.choice([-1.0, 0.9], (50_000, 6))))
    assert (unfair.mean(axis=0) < 1).all()


def test_equal_arms_pass_once_the_guard_is_reached_and_not_before() -> None:
    looks = np.array([50, 71, 72, 118, 119, 400])
    found = look(np.zeros(400), 0.05, TERMS, looks)
    assert not found.fails.any()
    assert found.passes.tolist() == [False, False, False, False, True, True]
    better = look(np.full(400, 0.5), 0.05, TERMS, looks)
    assert better.passes.tolist() == [False, False, True, True, True, True]
    assert math.ceil(math.log(0.025) / math.log(0.95)) == 72


def test_a_clear_loss_fails_soon_and_a_small_one_never_does() -> None:
    looks = np.array([5, 10, 20, 400])
    assert look(np.full(400, -0.5), 0.05, TERMS, looks).fails.tolist() == [False, False, True, True]
    assert not look(np.full(400, -0.04), 0.05, TERMS, looks).fails.any()
    assert not look(np.full(400, -0.5), 0.05, TERMS, looks).passes.any()


def test_a_larger_family_asks_for_more() -> None:
    looks = np.arange(1, 101)
    one, many = (int(look(np.full(100, -0.3), 0.05, Terms(0.025, 0.025, k), looks).fails.argmax()) for k in (1, 40))
    assert one < many


def test_what_was_sure_once_stays_so() -> None:
    differences = np.concatenate([np.full(20, -0.9), np.full(300, 0.9)])
    found = look(differences, 0.05, TERMS, np.array([10, 320]))
    assert found.fails.tolist() == [True, True]


@pytest.mark.parametrize("n", [1, 2])
def test_one_and_two_intents_say_nothing(n: int) -> None:
    for value in (-1.0, 0.0, 1.0):
        found = look(np.full(n, value), 0.05, TERMS, np.arange(1, n + 1))
        assert not found.passes.any()
        assert not found.fails.any()


def test_superiority_needs_gains() -> None:
    looks = np.array([100, 400])
    assert not look(np.zeros(400), 0.0, TERMS, looks).passes.any()
    assert look(np.full(400, 0.1), 0.0, TERMS, looks).passes[-1]
