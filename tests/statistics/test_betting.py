"""The canary's state: against the direct products, in any order, in parts, kept and read back, and on what is degenerate."""

import json
import math

import numpy as np
import pytest

from ragguard.statistics.betting import Evidence, read_back, unseen
from ragguard.statistics.sequential import BETS, within_margin, worse

MARGINS = (0.20, 0.10, 0.05)
DIFFERENCES = np.random.default_rng(1).uniform(-1, 1, 60).round(3).tolist()


def product(gains: list[float]) -> float:
    return math.log(sum(math.prod(1 + bet * gain for gain in gains) for bet in BETS) / len(BETS))


def test_evidence_is_the_logarithm_of_the_mean_product() -> None:
    found = unseen(MARGINS).seen(DIFFERENCES)
    assert found.log_loss == pytest.approx(product([-each for each in DIFFERENCES]), abs=1e-9)
    for margin in MARGINS:
        assert found.log_within(margin) == pytest.approx(product([each + margin for each in DIFFERENCES]), abs=1e-9)
    assert (found.pairs, found.mean) == (60, pytest.approx(sum(DIFFERENCES) / 60, abs=1e-9))


def test_it_agrees_with_the_vectorised_processes_and_never_overstates() -> None:
    values = np.random.default_rng(2).uniform(-1, 1, 5_000)
    found = unseen(MARGINS).seen(values)
    exact = [worse(values)[-1], *(within_margin(values, margin)[-1] for margin in MARGINS)]
    kept = [found.log_loss, *(found.log_within(margin) for margin in MARGINS)]
    assert kept == pytest.approx(exact, abs=1e-8)
    assert all(mine <= theirs + 1e-10 for mine, theirs in zip(kept, exact, strict=True))


def test_any_order_and_any_parts_give_the_same_bytes() -> None:
    whole = unseen(MARGINS).seen(DIFFERENCES)
    text = json.dumps(whole.kept())
    for seed in range(20):
        shuffled = np.random.default_rng(seed).permutation(DIFFERENCES)
        parts = [unseen(MARGINS).seen(part) for part in np.array_split(shuffled, seed + 1)]
        merged = unseen(MARGINS)
        for part in parts:
            merged = merged.merged(part)
        assert json.dumps(merged.kept()) == text
        assert [merged.log_loss, merged.mean] == [whole.log_loss, whole.mean]


def test_it_is_kept_and_read_back() -> None:
    found = unseen(MARGINS).seen(DIFFERENCES)
    assert read_back(json.loads(json.dumps(found.kept()))) == found
    assert read_back(unseen(MARGINS).kept()) == unseen(MARGINS)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("bets", [0.5], "counted with the bets"),
        ("within", [[0] * 7], "one process for each margin"),
        ("pairs", -1, "-1 pairs"),
        ("pairs", None, "None pairs"),
        ("total", 10**20, "with the sum"),
        ("loss", [0] * 6, "7 whole numbers"),
        ("loss", [0.5] * 7, "7 whole numbers"),
        ("margins", [0.2, 0.2, 0.1], "different margins"),
        ("margins", ["0.2", 0.2, 0.1], "not all numbers"),
    ],
)
def test_a_state_that_is_none_is_refused(key: str, value: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_back({**unseen(MARGINS).seen([0.5]).kept(), key: value})


def test_before_the_first_pair_nothing_is_known() -> None:
    empty = unseen(MARGINS)
    assert (empty.pairs, empty.mean, empty.log_loss, empty.log_within(0.05)) == (0, 0.0, 0.0, 0.0)
    assert empty.seen([]) == empty


@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0])
def test_the_extremes_stay_finite(value: float) -> None:
    found = unseen(MARGINS).seen([value])
    many = Evidence(MARGINS, 10**6, found.total * 10**6, *_times(found, 10**6))
    assert math.isfinite(many.log_loss)
    assert all(math.isfinite(many.log_within(margin)) for margin in MARGINS)
    assert many.mean == value
    assert (many.log_loss > 0) == (value < 0)
    assert (many.log_within(0.05) > 0) == (value >= 0)


def _times(found: Evidence, count: int) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
    return tuple(each * count for each in found.loss), tuple(tuple(each * count for each in sums) for sums in found.within)


@pytest.mark.parametrize("value", [1.001, -2.0, math.nan, math.inf])
def test_no_difference_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="no difference between -1 and 1"):
        unseen(MARGINS).seen([0.0, value])


def test_margins_are_checked() -> None:
    for margins in ((), (0.0,), (0.1, 0.1), (1.0,), (math.nan,)):
        with pytest.raises(ValueError, match="different margins"):
            unseen(margins)
    with pytest.raises(ValueError, match="cannot be merged"):
        unseen((0.1,)).merged(unseen((0.2,)))
    with pytest.raises(KeyError, match="no process follows"):
        unseen((0.1,)).log_within(0.05)
