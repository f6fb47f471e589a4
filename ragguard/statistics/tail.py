"""Checks of a quantile, such as the 95th percentile of latency: the candidate's over the baseline's, by the paired bootstrap.

What is judged is 1 - ratio, which is 0 for an equal candidate, negative for one whose quantile is longer, and compared with the margin
as the differences of other checks are. Metrics so judged have numbers above 0 of which less is better, and no upper end.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ragguard.records.verdict import Estimate
from ragguard.statistics.bootstrap import RESAMPLES, quantiles
from ragguard.statistics.paired import Array
from ragguard.statistics.power import mde, needed
from ragguard.statistics.rows import Pair, Row, complete_pairs, imputed_pairs
from ragguard.statistics.seeds import keyed

LEAST, LEAST_BEYOND, BEYOND = 500, 2_000, 0.95
"""Intents from which on a quantile gates, up to the 95th percentile, and beyond it: fewer hold too few cases of the tail."""

_LOST = 10.0
"""How many times the largest number a missing candidate's stands for; a missing baseline's stands for the smallest."""

_SMALLEST = 1e-9
"""Numbers below this are this, so that every ratio is one."""


def least(quantile: float) -> int:
    """Return the least number of intents that may pass."""
    return LEAST if quantile <= BEYOND else LEAST_BEYOND


def by_quantile(plain: Estimate, rows: Sequence[Row], endpoints: int) -> Estimate:
    """Compare a quantile of both arms; ``plain`` is the estimate without any numbers.

    ``baseline_mean`` and ``candidate_mean`` become the quantiles, in the metric's unit; the others speak of 1 - ratio. Below ``least``
    intents there are no p-values: so few hold so little of the tail that equal candidates would be blamed (2 intents: 22 to 29 %).
    """
    quantile = plain.scale.quantile or 0.5
    plain = replace(plain, method=_method(quantile), guard=least(quantile), worth=None)
    complete = complete_pairs(rows)
    if plain.intents < 2:
        return plain
    before, after = _values(complete)
    seen = replace(
        plain,
        baseline_mean=float(np.quantile(before, quantile)),
        candidate_mean=float(np.quantile(after, quantile)),
        wins=int((after < before).sum()),
        ties=int((after == before).sum()),
        losses=int((after > before).sum()),
    )
    return _with_bounds(seen, rows, complete, quantile, endpoints)


def _method(quantile: float) -> str:
    return f"paired percentile bootstrap of the log ratio of the {100 * quantile:g}th percentiles, {RESAMPLES:,} resamples"


def _with_bounds(seen: Estimate, rows: Sequence[Row], complete: Sequence[Pair], quantile: float, endpoints: int) -> Estimate:
    alpha, before, after = seen.alpha, seen.baseline_mean or _SMALLEST, seen.candidate_mean or _SMALLEST
    drawn = _drawn(seen, complete, quantile)
    ratios = np.log(drawn[1]) - np.log(drawn[0])
    filled = _filled(rows)
    lost = seen.unscored > 0
    worst = np.log(_drawn(seen, filled, quantile)).T @ np.array([-1.0, 1.0]) if lost else ratios
    sd, margin = float(ratios.std(ddof=1)) * np.sqrt(seen.intents), float(np.log1p(seen.check.margin))
    enough, as_observed = (needed(sd, alpha, margin, endpoints, each) for each in (0.0, float(np.log(before / after))))
    limit, tells = seen.check.limit, seen.intents >= seen.guard
    return replace(
        seen,
        difference=1 - after / before,
        lower=_one_minus(ratios, 1 - alpha),
        upper=_one_minus(ratios, alpha),
        pass_lower=_one_minus(worst, 1 - alpha),
        pass_mean=float(np.quantile(_values(filled)[1], quantile)) if lost else after,
        sd=sd,
        mde=mde(sd, seen.intents, alpha),
        p_worse=_p(ratios <= 0) if tells else None,
        p_limit=_p(drawn[1] <= limit) if tells and limit is not None else None,
        needed=None if enough is None else max(enough, seen.guard),
        needed_as_observed=None if as_observed is None else max(as_observed, seen.guard),
    )


def _values(pairs: Sequence[Pair]) -> tuple[Array, Array]:
    before, after = (np.array([getattr(pair, arm) for pair in pairs], dtype=np.float64) for arm in ("baseline", "candidate"))
    return np.maximum(before, _SMALLEST), np.maximum(after, _SMALLEST)


def _filled(rows: Sequence[Row]) -> list[Pair]:
    numbers = [value for row in rows for value in (row.baseline, row.candidate) if value is not None]
    return imputed_pairs(rows, min(numbers), _LOST * max(numbers))


def _drawn(seen: Estimate, pairs: Sequence[Pair], quantile: float) -> Array:
    """The quantiles of both arms (2 x resamples). The draws hang on the check and its data alone."""
    before, after = _values(pairs)
    _, intents = np.unique([pair.intent for pair in pairs], return_inverse=True)
    rng = keyed("quantile", seen.check.identity, before.tobytes(), after.tobytes(), intents.astype(np.int64).tobytes())
    return np.stack(quantiles(before, after, intents.astype(np.int64), quantile, rng))


def _one_minus(log_ratios: Array, at: float) -> float:
    return float(-np.expm1(np.quantile(log_ratios, at)))


def _p(held: Array) -> float:
    """The share of resamples in which what is tested holds, counted with one more that does: never 0."""
    return float(1 + np.count_nonzero(held)) / (RESAMPLES + 1)
