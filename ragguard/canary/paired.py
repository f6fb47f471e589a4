"""What shadowed requests say of each guardrail by themselves: the mean difference between the arms, and how sure it is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ragguard.plan.canary import CanaryPlan
from ragguard.records.event import Noted
from ragguard.statistics.paired import lower_bound, moments

LEVEL = 0.95
"""Confidence of the intervals, each for itself."""


@dataclass(frozen=True, slots=True)
class Paired:
    """A guardrail's signal on shadowed requests.

    ``mean`` is candidate - baseline, higher is better, as a share of the signal's range; ``lower`` and ``upper`` are the ends of a 95 %
    interval of it (None: fewer than two units). ``units`` are the users, sessions or requests that the signal says something of, and
    ``requests`` how many requests of theirs it was said of.
    """

    signal: str
    tier: str
    margin: float
    units: int
    requests: int
    mean: float | None = None
    lower: float | None = None
    upper: float | None = None


def estimates(rules: CanaryPlan, noted: Sequence[Noted]) -> tuple[Paired, ...]:
    """Estimate every guardrail, one value a unit: the mean over its requests.

    The interval is that of checks with ``strict``: Hall's, corrected for skewness, and no narrower than Student's on the units and one more
    with the worst difference, or the best, so that it is never without width. It is for one look; a canary's evidence is for any number.
    """
    return tuple(_estimate(each.signal, each.tier, each.margin, noted) for each in rules.guardrails)


def _estimate(signal: str, tier: str, margin: float, noted: Sequence[Noted]) -> Paired:
    units: dict[str, list[float]] = {}
    for each in noted:
        if signal in each.values:
            units.setdefault(each.cluster, []).append(each.values[signal])
    means = [math.fsum(values) / len(values) for _, values in sorted(units.items())]
    plain = Paired(signal, tier, margin, len(means), sum(map(len, units.values())))
    if not means:
        return plain
    if len(means) == 1:
        return Paired(signal, tier, margin, 1, plain.requests, means[0])
    lower = max(-1.0, _lower(means))
    upper = min(1.0, -_lower([-value for value in means]))
    return Paired(signal, tier, margin, len(means), plain.requests, math.fsum(means) / len(means), lower, upper)


def _lower(means: Sequence[float]) -> float:
    return float(lower_bound(moments(means), (1 - LEVEL) / 2, strict=True))
