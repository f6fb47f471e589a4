"""Words: units, directions, and numbers that are never 0."""

from ragguard.decision import reasons
from ragguard.records.evidence import Check
from ragguard.records.metric import Metric, Scale
from ragguard.records.verdict import Estimate

STALE = Estimate(
    check=Check("version-confusion", Metric("Stale", 5), "veto", slice="current"),
    scale=Scale(higher_is_better=False),
    alpha=0.05 / 3,
    method="",
    cases=80,
    intents=1,
    guard=80,
    baseline_mean=0.02,
    candidate_mean=0.1,
    difference=-0.08,
    lower=-0.11,
    upper=-0.05,
    mde=0.03,
)


def test_lower_is_better_keeps_the_signs_of_the_metric() -> None:
    assert reasons.change("baseline", STALE, 1e-9) == (
        "version-confusion/Stale@5/current rose by 0.080 (0.020 -> 0.100; 98.33 % one-sided bounds +0.050 and +0.110, margin 0.050; "
        "1 intent, minimum detectable effect 0.030; Holm p < 0.0001)"
    )


def test_numbers_are_in_the_metrics_unit() -> None:
    scale = Scale(low=1.0, high=5.0, unit="points")
    rubric = Estimate(STALE.check, scale, 0.05, "", 80, 80, 59, 4.0, 4.2, 0.05, -0.01, 0.11, -0.01, 4.2, 0.2, 0.04)
    assert "rose by 0.200 (4.000 -> 4.200 points; 95 % one-sided bounds -0.040 and +0.440, margin 0.200" in reasons.change(
        "baseline", rubric, None
    )


def test_p_is_never_printed_as_0() -> None:
    assert reasons.p_text(2.2e-308) == "< 0.0001"
    assert reasons.p_text(0.0001) == "= 0.0001"
    assert reasons.p_text(1.0) == "= 1.0000"


def test_many_misses_are_named_up_to_ten() -> None:
    lost = Estimate(STALE.check, Scale(), 0.05, "", 50, 50, 59, misses=tuple(f"q{index:02}" for index in range(13)))
    assert reasons.missed(lost).endswith(
        "13 of 50 cases that must never break: q00, q01, q02, q03, q04, q05, q06, q07, q08, q09 and 3 more"
    )


def test_no_case_at_all() -> None:
    assert "no case that it applies to" in reasons.unscorable(Estimate(STALE.check, Scale(), 0.05, "", 0, 0, 59))
