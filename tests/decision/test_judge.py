"""Verdict rules of STATISTICS.md, section 2."""

from dataclasses import replace

import pytest

from ragguard.decision.judge import judge
from ragguard.records.evidence import Check, Tier
from ragguard.records.metric import Metric, Scale
from ragguard.records.verdict import Estimate, Verdict

CHECK = Check("golden", Metric("nDCG", 10), "blocking")
GOOD = Estimate(
    check=CHECK,
    scale=Scale(),
    alpha=0.05,
    method="",
    cases=200,
    intents=180,
    guard=59,
    baseline_mean=0.641,
    candidate_mean=0.650,
    difference=0.009,
    lower=-0.02,
    upper=0.04,
    pass_lower=-0.02,
    pass_mean=0.650,
    sd=0.25,
    mde=0.046,
    p_worse=0.8,
    needed=289,
    needed_as_observed=250,
)
WORSE = replace(GOOD, candidate_mean=0.529, difference=-0.112, lower=-0.14, upper=-0.084, pass_lower=-0.14, pass_mean=0.529, p_worse=0.0002)


def one(estimate: Estimate) -> Verdict:
    return judge([("baseline", estimate)], alpha=0.05)[0]


def tier(estimate: Estimate, name: Tier, **changes: object) -> Estimate:
    return replace(estimate, check=replace(estimate.check, tier=name, **changes))


def test_pass() -> None:
    verdict = one(GOOD)
    assert (verdict.outcome, verdict.degraded, verdict.p_adjusted) == ("pass", False, 0.8)


def test_degraded_pass_lies_wholly_below_0() -> None:
    verdict = one(replace(GOOD, difference=-0.02, lower=-0.03, pass_lower=-0.03, upper=-0.01))
    assert (verdict.outcome, verdict.degraded) == ("pass", True)
    assert "degraded" in verdict.reasons[0]


def test_fail_reads_as_a_person_would_say_it() -> None:
    verdict = one(WORSE)
    assert verdict.outcome == "fail"
    assert verdict.reasons == (
        "golden/nDCG@10 fell by 0.112 (0.641 -> 0.529; 95 % one-sided bounds -0.140 and -0.084, margin 0.050; 180 intents, "
        "minimum detectable effect 0.046; Holm p = 0.0002)",
    )


def test_fail_needs_both_significance_and_the_margin() -> None:
    assert one(replace(WORSE, difference=-0.049)).outcome == "inconclusive"
    assert one(replace(WORSE, difference=-0.05)).outcome == "fail"
    assert one(replace(WORSE, p_worse=0.051)).outcome == "inconclusive"


def test_holm_runs_over_blocking_and_veto_of_all_references_and_both_tests() -> None:
    alone = replace(WORSE, p_worse=0.02)
    family = [("baseline", alone), ("anchor", GOOD), ("baseline", tier(GOOD, "veto"))]
    verdicts = judge(family, alpha=0.05)
    assert verdicts[0].p_adjusted == pytest.approx(0.06)
    assert [verdict.outcome for verdict in verdicts] == ["inconclusive", "pass", "pass"]
    assert one(replace(alone, p_limit=0.5)).p_adjusted == pytest.approx(0.04)
    outside = judge([("baseline", alone), ("baseline", tier(WORSE, "advisory")), ("baseline", tier(GOOD, "must"))], alpha=0.05)
    assert [verdict.p_adjusted for verdict in outside] == [pytest.approx(0.02), None, None]
    assert outside[0].outcome == "fail"


def test_advisory_checks_are_adjusted_among_themselves() -> None:
    alone = tier(replace(WORSE, p_worse=0.02), "advisory")
    assert one(alone).outcome == "fail"
    assert judge([("baseline", alone)] + [("baseline", tier(GOOD, "advisory"))] * 2, alpha=0.05)[0].outcome == "inconclusive"


def test_limit_missed_for_certain_is_a_fail() -> None:
    limited = replace(GOOD, check=replace(CHECK, limit=0.7), p_limit=0.001)
    verdict = one(limited)
    assert verdict.outcome == "fail"
    assert "0.650, below its floor of 0.700" in verdict.reasons[0]
    assert one(replace(limited, p_limit=0.2)).outcome == "inconclusive"
    assert one(replace(limited, check=replace(CHECK, limit=0.6), p_limit=0.9)).outcome == "pass"


def test_ceiling_where_lower_is_better() -> None:
    stale = replace(GOOD, scale=Scale(higher_is_better=False), check=replace(CHECK, limit=0.7))
    assert one(stale).outcome == "pass"
    assert one(replace(stale, pass_mean=0.71)).outcome == "inconclusive"


def test_guard() -> None:
    verdict = one(replace(GOOD, intents=58))
    assert verdict.outcome == "inconclusive"
    assert "at least 59 intents are needed (1 more)" in verdict.reasons[0]


def test_inconclusive_says_what_would_settle_it() -> None:
    verdict = one(replace(GOOD, pass_lower=-0.06, lower=-0.06))
    assert verdict.outcome == "inconclusive"
    assert "if the candidate equals the reference, 109 more intents would settle it (289 in all)" in verdict.reasons[0]
    hopeless = one(replace(GOOD, pass_lower=-0.06, needed_as_observed=None))
    assert "if the observed difference is the true one, more cases will not help" in hopeless.reasons[0]


def test_bound_exactly_at_the_margin_does_not_pass() -> None:
    assert one(replace(GOOD, pass_lower=-0.05)).outcome == "inconclusive"


def test_margin_0_asks_for_superiority() -> None:
    superior = replace(GOOD, check=replace(CHECK, margin=0.0), pass_lower=0.001)
    assert one(superior).outcome == "pass"
    assert one(replace(superior, pass_lower=0.0)).outcome == "inconclusive"


def test_missing_more_than_2_percent_or_unevenly_cannot_pass_but_can_fail() -> None:
    assert one(replace(GOOD, unscored=4, missing_candidate=4)).outcome == "pass"
    assert one(replace(GOOD, unscored=5, missing_candidate=5)).outcome == "inconclusive"
    assert one(replace(WORSE, unscored=5, missing_candidate=5)).outcome == "fail"
    assert one(replace(GOOD, missing_p=0.009)).outcome == "inconclusive"


def test_missing_more_than_max_unscored_is_an_error_even_for_a_fail() -> None:
    assert one(replace(WORSE, unscored=20)).outcome == "fail"
    assert one(replace(WORSE, unscored=21)).outcome == "error"


def test_imputed_bound_decides_the_pass() -> None:
    assert one(replace(GOOD, unscored=2, pass_lower=-0.051)).outcome == "inconclusive"


def test_no_data_is_an_error() -> None:
    nothing = Estimate(check=CHECK, scale=Scale(), alpha=0.05, method="", cases=0, intents=0, guard=59)
    assert one(nothing).outcome == "error"
    assert one(replace(nothing, cases=30, unscored=30)).outcome == "error"
    assert one(tier(nothing, "must")).outcome == "error"


def test_must() -> None:
    rule = Estimate(check=replace(CHECK, tier="must"), scale=Scale(), alpha=0.05, method="", cases=50, intents=50, guard=59)
    assert one(rule).outcome == "pass"
    lost = one(replace(rule, misses=("q7", "q9"), missing_candidate=9))
    assert (lost.outcome, lost.misses) == ("fail", ("q7", "q9"))
    assert "2 of 50 cases that must never break: q7, q9" in lost.reasons[0]
    assert one(replace(rule, missing_candidate=1)).outcome == "inconclusive"
    assert one(replace(rule, missing_candidate=6)).outcome == "error"


def test_without_a_range_it_is_only_shown() -> None:
    seconds = replace(tier(GOOD, "advisory"), scale=Scale(high=None), pass_lower=None, p_worse=None, mde=None)
    verdict = one(seconds)
    assert verdict.outcome == "inconclusive"
    assert "no range" in verdict.reasons[0]


def test_order_of_verdicts_is_the_order_given() -> None:
    verdicts = judge([("baseline", WORSE), ("anchor", GOOD)], alpha=0.05)
    assert [verdict.against for verdict in verdicts] == ["baseline", "anchor"]
    assert "against the anchor" in verdicts[1].reasons[0]


def test_nothing_to_judge() -> None:
    assert judge([], alpha=0.05) == ()
