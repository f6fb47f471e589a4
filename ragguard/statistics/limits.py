"""P-values of "the candidate meets its absolute limit". Scores here are oriented: 0 is the worst of the range, 1 the best."""

import numpy as np
from scipy.special import bdtr

from ragguard.statistics.paired import SMALLEST, Array, Moments, p_below


def p_meets_graded(scores: Moments, limit: float) -> Array:
    """Return the p-value of "the mean score is at least ``limit``": a t-test with one phantom best score. In (0, 1]."""
    return p_below(scores, limit)


def p_meets_binary(successes: Array | int, n: int, limit: float) -> Array:
    """Return the exact binomial p-value of "the rate of success is at least ``limit``", of ``n`` independent cases. In (0, 1]."""
    return np.asarray(np.maximum(bdtr(np.asarray(successes, dtype=np.float64), n, limit), SMALLEST))
