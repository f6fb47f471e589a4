"""The estimates of a replay: one value a unit, with an interval that covers what it should."""

import numpy as np
import pytest
from scipy.stats import binom

from ragguard.canary.paired import estimates
from ragguard.plan.canary import CanaryPlan, GuardrailPlan
from ragguard.records.event import Noted

RULES = CanaryPlan(guardrails=[GuardrailPlan(signal="Refused"), GuardrailPlan(signal="Feedback", tier="veto", margin=0.1)])


def noted(values: list[float], unit: str = "") -> list[Noted]:
    return [Noted(f"r{i}", "both", 0.0, unit or f"u{i}", {"Refused": value}) for i, value in enumerate(values)]


def test_requests_of_a_unit_count_once() -> None:
    rows = [*noted([1.0, 0.0, -1.0, -1.0], unit="s"), Noted("z", "both", 0.0, "t", {"Refused": 0.25})]
    refused, feedback = estimates(RULES, rows)
    assert (refused.units, refused.requests) == (2, 5)
    assert refused.mean == pytest.approx((-0.25 + 0.25) / 2)
    assert (feedback.units, feedback.mean, feedback.lower, feedback.tier, feedback.margin) == (0, None, None, "veto", 0.1)


def test_one_unit_has_no_interval_and_equal_ones_have_one() -> None:
    assert estimates(RULES, noted([0.5]))[0].lower is None
    equal = estimates(RULES, noted([0.0] * 30))[0]
    assert equal.mean == 0.0
    assert equal.lower is not None
    assert equal.upper is not None
    assert -0.2 < equal.lower < 0.0 < equal.upper < 0.2


def test_better_and_worse_are_mirrored() -> None:
    values = list(np.random.default_rng(3).uniform(-0.3, 0.8, 40))
    up, down = estimates(RULES, noted(values))[0], estimates(RULES, noted([-value for value in values]))[0]
    assert up.lower is not None
    assert down.upper is not None
    assert up.lower == pytest.approx(-down.upper)


def test_the_interval_covers_the_truth() -> None:
    """Rare losses, as production has them: most differences are 0, a few -1. Binomial acceptance at 0.999."""
    generator, runs, misses = np.random.default_rng(5), 2_000, 0
    for _ in range(runs):
        found = estimates(RULES, noted(list(-(generator.random(100) < 0.05).astype(float))))[0]
        assert found.lower is not None
        assert found.upper is not None
        misses += not found.lower <= -0.05 <= found.upper
    assert misses <= binom.ppf(0.999, runs, 0.05)
