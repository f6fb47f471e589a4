"""Checks of quantiles: the fast bootstrap beside plain ones, what is missing, and when it may gate."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from ragguard.decision.decide import decide
from ragguard.decision.judge import judge
from ragguard.errors import InputError
from ragguard.records.evidence import Check, PairedScores, Score, Unscored
from ragguard.records.metric import Metric, Scale
from ragguard.records.verdict import Estimate
from ragguard.statistics.bootstrap import quantiles
from ragguard.statistics.estimate import estimate
from ragguard.statistics.seeds import keyed

Array = NDArray[np.float64]
P95 = Metric.parse("p95(of=Latency)")
TIME = Scale(higher_is_better=False, high=None, unit="ms", quantile=0.95)


def times(n: int, *, slower: float = 1.0, seed: int = 3) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    common = rng.normal(5, 0.4, n)
    before, after = (np.exp(common + rng.normal(0, 0.2, n)) for _ in range(2))
    return before, slower * after


def found(before: Array, after: Array, *, check: Check | None = None, intents: list[str] | None = None, lost: int = 0) -> Estimate:
    cases = tuple(f"q{number:05}" for number in range(len(before)))
    candidate: list[Score] = [*after.tolist()]
    candidate[:lost] = [Unscored("timeout")] * lost
    check = check or Check("speed", P95, "blocking", 0.10)
    pairs = PairedScores(check, TIME, cases, tuple(intents or cases), tuple(before.tolist()), tuple(candidate))
    return estimate(pairs, alpha=0.05, endpoints=1)


def plain(before: Array, after: Array, intents: NDArray[np.int64], quantile: float, count: int) -> tuple[Array, Array]:
    """The same bootstrap, written down as it is defined."""
    rng, members = np.random.default_rng(9), [np.flatnonzero(intents == each) for each in range(intents.max() + 1)]
    made = []
    for _ in range(count):
        rows = np.concatenate([members[each] for each in rng.integers(0, len(members), len(members))])
        made.append([np.quantile(before[rows], quantile), np.quantile(after[rows], quantile)])
    return tuple(np.array(made).T)


@pytest.mark.parametrize("quantile", [0.5, 0.95, 0.99])
@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("n", [40, 600])
def test_the_fast_bootstrap_draws_from_the_same_distribution(quantile: float, size: int, n: int) -> None:
    before, after = times(n)
    before, after = np.round(before, 1), np.round(after, 1)
    intents = np.arange(n) // size if size == 1 else np.sort(np.random.default_rng(1).integers(0, n // size, n))
    _, intents = np.unique(intents, return_inverse=True)
    fast = quantiles(before, after, intents, quantile, keyed("x"), 4_000)
    slow = plain(before, after, intents, quantile, 4_000)
    for one, other in zip((*fast, np.log(fast[1] / fast[0])), (*slow, np.log(slow[1] / slow[0])), strict=True):
        assert stats.ks_2samp(one, other).statistic < 0.05
        assert set(np.round(fast[0], 9)) & set(np.round(slow[0], 9))
    assert np.corrcoef(*fast)[0, 1] == pytest.approx(np.corrcoef(*slow)[0, 1], abs=0.06)


def test_it_agrees_with_scipys_interval() -> None:
    before, after = times(800, slower=1.05)

    def log_ratio(one: Array, other: Array, axis: int = -1) -> Array:
        return np.asarray(np.log(np.quantile(other, 0.95, axis=axis) / np.quantile(one, 0.95, axis=axis)))

    reference = stats.bootstrap(
        (before, after), log_ratio, paired=True, method="percentile", confidence_level=0.9, n_resamples=9_999, rng=1, batch=500
    ).confidence_interval
    seen = found(before, after)
    assert seen.lower == pytest.approx(1 - np.exp(reference.high), abs=0.006)
    assert seen.upper == pytest.approx(1 - np.exp(reference.low), abs=0.006)
    assert seen.difference == pytest.approx(1 - np.quantile(after, 0.95) / np.quantile(before, 0.95))
    assert (seen.baseline_mean, seen.candidate_mean) == pytest.approx((np.quantile(before, 0.95), np.quantile(after, 0.95)))


def verdict(seen: Estimate) -> str:
    return judge([("baseline", seen)], alpha=0.05)[0].outcome


def test_equal_passes_slower_fails_and_few_cannot_pass() -> None:
    assert verdict(found(*times(2000))) == "pass"
    slower = found(*times(2000, slower=1.3))
    assert verdict(slower) == "fail"
    assert slower.p_worse == pytest.approx(1e-4)
    few = found(*times(499))
    assert few.guard == 500
    assert verdict(few) == "inconclusive"
    assert "at least 500 intents are needed (1 more)" in judge([("baseline", few)], alpha=0.05)[0].reasons[0]
    told = decide("c", judge([("baseline", slower)], alpha=0.05)).reasons[0]
    assert "speed/p95(of=Latency) rose by" in told
    assert "margin 10.0 %" in told


def test_a_tail_that_only_grew_is_seen() -> None:
    """One case in ten takes twice as long, and all others a little less: the geometric mean fell."""
    before, _ = times(2000)
    after = before * np.where(np.random.default_rng(2).random(2000) < 0.1, 2.0, 0.9)
    assert np.log(after / before).mean() < 0
    assert verdict(found(before, after)) == "fail"


def test_beyond_the_95th_percentile_it_takes_two_thousand() -> None:
    scale = Scale(higher_is_better=False, high=None, quantile=0.99)
    before, after = times(1999)
    cases = tuple(f"q{number:05}" for number in range(1999))
    pairs = PairedScores(Check("s", Metric.parse("p99(of=Latency)"), "blocking"), scale, cases, cases, tuple(before), tuple(after))
    assert estimate(pairs, alpha=0.05, endpoints=1).guard == 2000


def test_what_is_missing_counts_as_slow() -> None:
    before, after = times(1000)
    whole, holed = found(before, after), found(before, after, lost=15)
    assert whole.pass_lower == whole.lower
    assert holed.pass_lower is not None
    assert holed.lower is not None
    assert holed.pass_lower < holed.lower
    assert verdict(found(before, after, lost=60)) == "inconclusive"
    assert verdict(found(before, after, lost=200)) == "error"


def test_an_absolute_limit() -> None:
    before, after = times(1000)
    seen = float(np.quantile(after, 0.95))
    below = found(before, after, check=Check("s", P95, "veto", 0.5, limit=1.5 * seen))
    above = found(before, after, check=Check("s", P95, "veto", 0.5, limit=0.8 * seen))
    assert (verdict(below), verdict(above)) == ("pass", "fail")
    assert above.p_limit == pytest.approx(1e-4)


def test_the_order_of_rows_changes_nothing_and_clusters_widen_the_interval() -> None:
    before, after = times(1200)
    order = np.random.default_rng(5).permutation(1200)
    cases = np.array([f"q{number:05}" for number in range(1200)])
    check = Check("speed", P95, "blocking", 0.10)
    rows = [
        estimate(
            PairedScores(check, TIME, tuple(cases[o]), tuple(cases[o]), tuple(before[o].tolist()), tuple(after[o].tolist())),
            alpha=0.05,
            endpoints=1,
        )
        for o in (np.arange(1200), order)
    ]
    assert rows[0] == rows[1]
    alike = np.repeat(before[:600], 2), np.repeat(after[:600], 2)
    paired = found(*alike, intents=[f"i{number // 2:04}" for number in range(1200)])
    apart = found(*alike)
    assert paired.intents == 600
    assert paired.lower is not None
    assert apart.lower is not None
    assert paired.lower < apart.lower


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_degenerate_samples(n: int) -> None:
    seen = found(np.full(n, 10.0), np.full(n, 10.0))
    assert verdict(seen) == ("error" if n == 0 else "inconclusive")
    if n > 1:
        assert (seen.lower, seen.upper, seen.difference, seen.p_worse) == (0.0, 0.0, 0.0, None)


@pytest.mark.parametrize("n", [2, 20, 499])
def test_so_few_that_cannot_pass_cannot_fail_either(n: int) -> None:
    """Two of two cases that are slower by chance would else be p = 0.0001."""
    check = Check("speed", P95, "advisory", 0.10, limit=5.0)
    slow = found(np.full(n, 10.0), np.full(n, 20.0), check=check)
    assert (slow.difference, slow.p_worse, slow.p_limit) == (-1.0, None, None)
    assert verdict(slow) == "inconclusive"
    assert verdict(found(np.full(500, 10.0), np.full(500, 20.0), check=check)) == "fail"


def test_constant_differences_and_zeros() -> None:
    n = 500
    assert verdict(found(np.full(n, 10.0), np.full(n, 10.0))) == "pass"
    assert verdict(found(np.full(n, 10.0), np.full(n, 10.5))) == "pass"
    assert verdict(found(np.full(n, 10.0), np.full(n, 11.5))) == "fail"
    assert verdict(found(np.zeros(n), np.zeros(n))) == "pass"
    assert verdict(found(np.zeros(n), np.ones(n))) == "fail"


def test_a_metric_without_a_range_that_is_no_quantile_still_cannot_block() -> None:
    pairs = PairedScores(
        Check("s", Metric("Latency"), "blocking"), Scale(higher_is_better=False, high=None), ("a",), ("a",), (1.0,), (1.0,)
    )
    with pytest.raises(InputError, match="no range"):
        estimate(pairs, alpha=0.05, endpoints=1)
