"""Checks of tier ``must``: no margin, no average; every applicable case meets an absolute rule."""

from collections.abc import Sequence
from dataclasses import replace

from ragguard.errors import InputError, Problem
from ragguard.records.verdict import Estimate
from ragguard.statistics.rows import Row

_ROUNDING = 1e-6
"""How far from the rule a score may lie and still meet it (float32 metrics)."""


def rule_of(estimate: Estimate) -> float:
    """Return what every case has to reach, in the metric's unit: the check's limit, or the metric's best value.

    Raises:
        InputError: there is neither.
    """
    rule = estimate.scale.best if estimate.check.limit is None else estimate.check.limit
    if rule is None:
        what = f"{estimate.check.metric} has no best value, so tier must has no rule"
        raise InputError(Problem(estimate.check.identity, what, "give the check a limit"))
    return rule


def meets(score: float, estimate: Estimate) -> bool:
    """Tell whether a score, in the metric's unit, meets the rule; InputError as ``rule_of``."""
    sign = 1.0 if estimate.scale.higher_is_better else -1.0
    return sign * (score - rule_of(estimate)) >= -_ROUNDING


def must_rule(plain: Estimate, rows: Sequence[Row]) -> Estimate:
    """Return the estimate with the ids of the cases whose candidate score misses the rule (any repeat of it), sorted.

    A missing candidate score is no miss, but it is counted as missing; the baseline's scores do not matter.
    """
    rule_of(plain)  # where there is none, even a check without any case is told so
    missed = {row.case for row in rows if row.candidate is not None and not meets(row.candidate, plain)}
    return replace(plain, method="every case meets the rule", misses=tuple(sorted(missed)))
