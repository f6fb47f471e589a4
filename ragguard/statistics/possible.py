"""What an estimate shows, kept within what is possible: no difference is larger than the metric's range, no mean lies outside of it.

Hall's bounds know nothing of the range: of three intents they may lie at -6 and +6 of it. A mean that labels correct may lie beyond it as
well. No verdict hangs on how far beyond: a check passes by a lower bound above -margin and a mean that meets its limit, it fails by a
difference of -margin or less, it is degraded by an upper bound below 0; margins lie in [0, 1), limits in the range, and what is beyond an
end moves to that end. P-values and standard deviations stay as they are, for they say nothing of where.
"""

from dataclasses import replace

from ragguard.records.verdict import Estimate


def possible(found: Estimate) -> Estimate:
    """Return the estimate with its difference and bounds within [-1, 1] and its means within the range; without a range, as it is."""
    scale = found.scale
    if scale.low is None or scale.high is None or scale.quantile is not None:
        return found
    return replace(
        found,
        baseline_mean=_within(found.baseline_mean, scale.low, scale.high),
        candidate_mean=_within(found.candidate_mean, scale.low, scale.high),
        pass_mean=_within(found.pass_mean, scale.low, scale.high),
        difference=_within(found.difference, -1.0, 1.0),
        lower=_within(found.lower, -1.0, 1.0),
        upper=_within(found.upper, -1.0, 1.0),
        pass_lower=_within(found.pass_lower, -1.0, 1.0),
    )


def _within(value: float | None, low: float, high: float) -> float | None:
    return None if value is None else min(max(value, low), high)
