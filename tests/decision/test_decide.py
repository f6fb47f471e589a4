"""The decision rule of STATISTICS.md, section 3."""

import pytest

from ragguard.decision.decide import decide
from ragguard.records.evidence import Check, Tier
from ragguard.records.metric import Metric, Scale
from ragguard.records.verdict import Answer, Estimate, Outcome, Verdict


def verdict(tier: Tier, outcome: Outcome, against: str = "baseline", *, degraded: bool = False) -> Verdict:
    check = Check("golden", Metric("nDCG", 10), tier)
    estimate = Estimate(check=check, scale=Scale(), alpha=0.05, method="", cases=1, intents=1, guard=59)
    return Verdict(check, outcome, (f"{tier} {outcome}{' degraded' * degraded}",), estimate, against, degraded)


GOOD = verdict("blocking", "pass")


@pytest.mark.parametrize(
    ("verdicts", "not_run", "answer"),
    [
        ([GOOD], [], "promote"),
        ([GOOD, verdict("veto", "inconclusive"), verdict("advisory", "fail"), verdict("advisory", "error")], [], "promote"),
        ([GOOD, verdict("must", "pass"), verdict("veto", "pass")], [], "promote"),
        ([GOOD, verdict("blocking", "inconclusive")], [], "hold"),
        ([GOOD, verdict("blocking", "inconclusive", "anchor")], [], "hold"),
        ([GOOD, verdict("must", "inconclusive")], [], "hold"),
        ([GOOD, verdict("blocking", "fail")], [], "block"),
        ([GOOD, verdict("veto", "fail")], [], "block"),
        ([GOOD, verdict("must", "fail")], [], "block"),
        ([verdict("veto", "fail"), verdict("blocking", "error")], ["forgetting"], "block"),
        ([GOOD, verdict("veto", "error")], [], "error"),
        ([GOOD, verdict("must", "error")], [], "error"),
        ([verdict("blocking", "error"), verdict("blocking", "inconclusive")], [], "error"),
        ([GOOD], ["forgetting"], "error"),
        ([], [], "error"),
        ([verdict("veto", "pass"), verdict("must", "pass"), verdict("advisory", "pass")], [], "error"),
    ],
)
def test_rule(verdicts: list[Verdict], not_run: list[str], answer: Answer) -> None:
    decision = decide("tuned", verdicts, not_run)
    assert decision.answer == answer
    assert decision.reasons
    assert (decision.candidate, decision.verdicts, decision.not_run) == ("tuned", tuple(verdicts), tuple(not_run))


def test_reasons_come_by_importance() -> None:
    verdicts = [verdict("blocking", "inconclusive"), verdict("veto", "fail"), verdict("blocking", "error"), verdict("must", "fail")]
    reasons = decide("tuned", verdicts, ["forgetting"]).reasons
    assert reasons[:3] == ("must fail", "veto fail", "blocking error")
    assert "suite forgetting" in reasons[3]
    assert reasons[4:] == ("blocking inconclusive",)


def test_promotion_says_first_what_it_costs() -> None:
    reasons = decide("tuned", [GOOD, verdict("blocking", "pass", degraded=True)]).reasons
    assert reasons == ("all 2 blocking checks passed, and no check failed", "blocking pass degraded", "blocking pass")


def test_no_blocking_check_says_so() -> None:
    assert "no blocking check" in decide("tuned", [verdict("veto", "pass")]).reasons[0]
