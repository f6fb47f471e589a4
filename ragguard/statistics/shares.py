"""Counts that may be looked at after every event: is the share what it should be, is it above its limit.

Both are mixtures of likelihood ratios over a uniform prior, so the chance that one ever reaches 1 / alpha is at most alpha if the share is
as it should be (Ville's inequality). Their state is two counts, and the order of the events does not matter.

Source: Robbins 1970, Ann. Math. Stat. 41:1397; Lindon and Malek 2022, NeurIPS (sample-ratio mismatch by mixtures).
"""

import math

from scipy.special import betaln
from scipy.stats import beta


def log_other(hits: int, trials: int, share: float) -> float:
    """Return the log evidence against "each trial is a hit with probability ``share``", which lies in (0, 1)."""
    _check(hits, trials, share)
    return float(betaln(hits + 1, trials - hits + 1)) - _log_likelihood(hits, trials, share)


def log_above(hits: int, trials: int, limit: float) -> float:
    """Return the log evidence against "each trial is a hit with probability ``limit`` or less", which lies in (0, 1)."""
    _check(hits, trials, limit)
    tail = float(beta.logsf(limit, hits + 1, trials - hits + 1))
    return log_other(hits, trials, limit) + tail - math.log1p(-limit)


def _log_likelihood(hits: int, trials: int, share: float) -> float:
    return hits * math.log(share) + (trials - hits) * math.log1p(-share)


def _check(hits: int, trials: int, share: float) -> None:
    if not 0 <= hits <= trials:
        raise ValueError(f"{hits} of {trials} trials is no count of hits")
    if not 0 < share < 1:
        raise ValueError(f"{share} is no share between 0 and 1")
