from dataclasses import replace

import answered_report
import factory

from ragguard.records.verdict import Verdict
from ragguard.reports.page import steps
from ragguard.reports.page.view import parted


def told(answer: str, *verdicts: Verdict, **more: object) -> list[str]:
    report = replace(factory.small(answer, *verdicts), **more)  # type: ignore[arg-type]
    return steps.steps(report, report.decisions[0])


def test_what_was_promoted_is_to_be_accepted_and_what_was_only_compared_is_not() -> None:
    assert "`ragguard accept tuned`" in told("promote", factory.verdict("pass"))[0]
    assert told("promote", factory.verdict("pass"), plan="compare") == ["tuned may go out."]
    degraded = told("promote", factory.verdict("pass", degraded=True))
    assert any("surely worse in golden/nDCG@10" in step for step in degraded)


def test_what_failed_is_named_with_the_queries_to_begin_with_and_the_stage_that_loses_most() -> None:
    report = answered_report.answered()
    decision = next(each for each in report.decisions if each.answer == "block")
    found = steps.steps(report, decision)
    assert any("got worse; start with" in step for step in found)
    assert any("that it newly loses are lost as" in step for step in found)
    must = factory.verdict("fail", "must", misses=("q-1", "q-2"))
    assert any("mend `q-1`, `q-2`, which may never break" in step for step in told("block", must))


def test_what_is_open_says_how_much_is_lacking() -> None:
    few = factory.verdict("inconclusive")
    lacking = replace(few, estimate=replace(few.estimate, needed=200, intents=80))
    assert any("about 120 more intents would settle it" in step for step in told("hold", lacking))
    hopeless = replace(few, estimate=replace(few.estimate, needed=None, intents=80, guard=59))
    assert any("more cases like these will not settle it" in step for step in told("hold", hopeless))


def test_what_did_not_run_is_named() -> None:
    failed = factory.verdict("error", metric="RR")
    report = factory.small("error", failed, not_run=("forgetting",))
    found = steps.steps(report, report.decisions[0])
    assert "forgetting did not run" in found[0]
    assert "golden/RR: find out why" in found[1]


def test_a_reason_is_parted_at_its_first_brackets() -> None:
    assert parted("a fell by 0.1 (0.9 -> 0.8; 10 intents (worth 5)): pass (degraded): so") == (
        "a fell by 0.1: pass (degraded): so",
        "0.9 → 0.8; 10 intents (worth 5)",
    )
    assert parted("all 5 passed") == ("all 5 passed", "")
    assert parted("broken (bracket") == ("broken (bracket", "")
