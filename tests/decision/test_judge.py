"""Verdict rules of STATISTICS.md, section 2."""

from dataclasses import replace

import pytest

from ragguard.decision.judge import judge
from ragguard.records.evidence import Check, Tier
from ragguard.records.metric import Metric, Scale
from ragguard.records.verdict import Correction, Estimate, Noise, Verdict

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


LABELLED = replace(GOOD, intents=80, correction=Correction(unlabelled=120, weight=0.6, judged=0.1, labelled=0.02, alike_p=0.4))


def test_labelled_intents_are_what_the_guard_counts() -> None:
    assert one(LABELLED).outcome == "pass"
    few = one(replace(LABELLED, intents=58))
    assert few.outcome == "inconclusive"
    assert "at least 59 labelled intents are needed (1 more)" in few.reasons[0]
    assert "58 labelled intents and 120 that a judge alone scored" in few.reasons[0]


def test_without_labels_a_judge_alone_passes_and_fails_nothing() -> None:
    bare = replace(
        LABELLED, intents=0, baseline_mean=None, candidate_mean=None, difference=None, lower=None, upper=None, pass_lower=None, p_worse=None
    )
    verdict = one(replace(bare, correction=replace(LABELLED.correction, weight=0.0, stale=3)))  # type: ignore[type-var]
    assert verdict.outcome == "inconclusive"
    assert verdict.reasons == (
        "golden/nDCG@10: no intent has labels of both answers as they are now; those of 3 cases are of other answers, and the judge's word "
        "on 120 intents (it alone sees +0.100) is not enough: write out the answers to be labelled with ragguard judge sample, and gate "
        "again",
    )
    assert one(replace(bare, unscored=30)).outcome == "error"


@pytest.mark.parametrize(("stale", "outcome"), [(1, "pass"), (2, "inconclusive")])
def test_labels_of_answers_that_changed_hold_a_candidate_up(stale: int, outcome: str) -> None:
    verdict = one(replace(LABELLED, correction=replace(LABELLED.correction, stale=stale)))  # type: ignore[type-var]
    assert verdict.outcome == outcome
    assert stale == 1 or f"{stale} cases with labels have none of both answers as they are now" in verdict.reasons[0]


def test_and_do_not_block_it_either() -> None:
    worse = replace(WORSE, intents=80, correction=replace(LABELLED.correction, stale=9))  # type: ignore[type-var]
    assert one(replace(worse, correction=LABELLED.correction)).outcome == "fail"
    assert one(worse).outcome == "inconclusive"


def test_labels_of_a_sample_that_is_not_like_the_rest_pass_nothing() -> None:
    verdict = one(replace(LABELLED, correction=replace(LABELLED.correction, alike_p=0.0005)))  # type: ignore[type-var]
    assert verdict.outcome == "inconclusive"
    assert "scores the baseline's answers to labelled and unlabelled intents unlike (p = 0.0005)" in verdict.reasons[0]


def test_a_spread_that_is_mostly_the_judges_own_asks_for_turns_and_not_for_cases() -> None:
    unsure = replace(GOOD, pass_lower=-0.06, noise=Noise(sd=0.2, turns=2.0, share=0.64, wanted=32))
    told = "64% of the spread is the judge disagreeing with itself: more repeats (32 instead of 2 would make that a tenth) help more"
    assert one(unsure).reasons[0].endswith(f"that it is within the margin is not shown; {told} than more cases")
    calm = one(replace(unsure, noise=Noise(sd=0.1, turns=2.0, share=0.3, wanted=9)))
    assert "more intents" in calm.reasons[0]
