"""Counts under unlimited looks: against numeric integration, their chance of a false alarm, and on what is degenerate."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binom

from ragguard.statistics.shares import log_above, log_other


@pytest.mark.parametrize(("hits", "trials", "share"), [(0, 0, 0.5), (3, 3, 0.05), (7, 40, 0.1), (30, 60, 0.5), (2, 300, 0.01)])
def test_they_are_the_integrals_they_claim_to_be(hits: int, trials: int, share: float) -> None:
    def ratio(other: float) -> float:
        return float((other / share) ** hits * ((1 - other) / (1 - share)) ** (trials - hits))

    points = [hits / trials] if trials and share < hits / trials < 1 else None
    whole = quad(ratio, 0, 1, points=[hits / trials] if trials and 0 < hits < trials else None)[0]
    above = quad(ratio, share, 1, points=points)[0] / (1 - share)
    assert math.exp(log_other(hits, trials, share)) == pytest.approx(whole, rel=1e-6)
    assert math.exp(log_above(hits, trials, share)) == pytest.approx(above, rel=1e-6)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_looking_after_each_event_alarms_no_more_often_than_stated(share: float) -> None:
    """1,000 looks, alpha 0.05; the threshold of each count of trials is found once."""
    trials, looks = 2_000, np.arange(1, 1_001)
    hits = np.cumsum(np.random.default_rng(5).random((trials, len(looks))) < share, axis=1)
    wrong = np.array([_table(int(n), int(hits[:, n - 1].max()), share)[hits[:, n - 1]] for n in looks]).T
    assert wrong.any(axis=1).sum() <= binom.ppf(0.999, trials, 0.05)


def _table(trials: int, most: int, share: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    from scipy.special import betaln

    hits = np.arange(most + 1)
    logs = betaln(hits + 1, trials - hits + 1) - hits * math.log(share) - (trials - hits) * math.log1p(-share)
    assert logs[-1] == pytest.approx(log_other(most, trials, share))
    return np.asarray(logs >= math.log(20))


def test_an_outage_is_seen_after_three_requests_and_a_good_share_never() -> None:
    assert log_above(2, 2, 0.05) < math.log(1_000) < log_above(3, 3, 0.05)
    assert log_above(0, 100_000, 0.05) < 0
    assert math.isfinite(log_other(0, 10**7, 0.5))


@pytest.mark.parametrize(("hits", "trials", "share"), [(-1, 2, 0.5), (3, 2, 0.5), (0, 0, 0.0), (0, 0, 1.0), (0, 0, math.nan)])
def test_what_is_no_count_or_share_is_refused(hits: int, trials: int, share: float) -> None:
    with pytest.raises(ValueError, match="is no"):
        log_above(hits, trials, share)
