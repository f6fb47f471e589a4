"""Limits against scipy."""

import pytest
from scipy import stats

from ragguard.statistics.limits import p_meets_binary, p_meets_graded
from ragguard.statistics.paired import moments

SCORES = [0.4, 0.5, 0.9, 1.0, 0.0, 0.6, 0.63, 1.0, 0.3]


@pytest.mark.parametrize("limit", [0.3, 0.7, 0.95])
def test_graded_is_t_with_one_phantom_best_score(limit: float) -> None:
    expected = stats.ttest_1samp([*SCORES, 1.0], limit, alternative="less").pvalue
    assert float(p_meets_graded(moments(SCORES), limit)) == pytest.approx(expected)


@pytest.mark.parametrize(("successes", "n", "limit"), [(3, 10, 0.5), (59, 60, 0.99), (0, 5, 0.2), (10, 10, 1.0)])
def test_binary_is_exact_binomial(successes: int, n: int, limit: float) -> None:
    assert float(p_meets_binary(successes, n, limit)) == pytest.approx(stats.binomtest(successes, n, limit, alternative="less").pvalue)


def test_never_0() -> None:
    assert float(p_meets_binary(9, 10, 1.0)) > 0
    assert float(p_meets_graded(moments([0.0] * 50), 1.0)) > 0


def test_a_candidate_that_is_best_everywhere_meets_any_limit() -> None:
    assert float(p_meets_graded(moments([1.0] * 50), 1.0)) == 1
