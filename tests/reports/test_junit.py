import factory
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase

from ragguard.records.verdict import Verdict
from ragguard.reports import junit


def parsed(*verdicts: Verdict, answer: str = "block", **more: object) -> JUnitXml:
    return JUnitXml.fromstring(junit.to_xml(factory.small(answer, *verdicts, **more)))  # type: ignore[arg-type]


def only(found: JUnitXml) -> TestCase:
    cases = [case for suite in found for case in suite]
    assert len(cases) == 1
    return cases[0]


def result(verdict: Verdict, answer: str = "promote") -> tuple[type, str] | None:
    found = only(parsed(verdict, answer=answer)).result
    return (type(found[0]), found[0].type) if found else None


def test_each_outcome_of_each_tier() -> None:
    quality, doubt, outage, advice = (Failure, "quality"), (Failure, "inconclusive"), (Error, "infrastructure"), (Skipped, "advisory")
    wanted = {
        "blocking": {"pass": None, "fail": quality, "inconclusive": doubt, "error": outage},
        "must": {"pass": None, "fail": quality, "inconclusive": doubt, "error": outage},
        "veto": {"pass": None, "fail": quality, "inconclusive": None, "error": outage},
        "advisory": {"pass": advice, "fail": advice, "inconclusive": advice, "error": advice},
    }
    got = {tier: {outcome: result(factory.verdict(outcome, tier)) for outcome in row} for tier, row in wanted.items()}  # type: ignore[arg-type]
    assert got == wanted


def test_counts_and_names_of_a_whole_report() -> None:
    report = factory.report()
    found = JUnitXml.fromstring(junit.to_xml(report))
    assert [suite.name for suite in found] == [f"{c}/{s}" for c in ("tuned", "tuned-lora") for s in ("golden", "version-confusion")]
    verdicts = [each for decision in report.decisions for each in decision.verdicts]
    assert found.tests == len(verdicts)
    assert found.skipped == sum(each.check.tier == "advisory" for each in verdicts)
    red = [each for each in verdicts if each.check.tier != "advisory" and each.outcome == "fail"]
    doubts = [each for each in verdicts if each.check.tier == "blocking" and each.outcome == "inconclusive"]
    assert found.failures == len(red) + len(doubts) > 0
    assert {case.name for suite in found for case in suite} == {each.check.identity for each in verdicts}


def test_numbers_are_properties_and_in_the_message() -> None:
    case = only(parsed(factory.verdict("fail")))
    properties = {each.get("name"): each.get("value") for each in case._elem.iter("property")}
    assert properties["difference"] == "-0.08"
    assert properties["margin"] == "0.05"
    assert {"lower", "upper", "p_worse", "cases", "intents", "mde", "baseline_mean", "candidate_mean"} <= set(properties)
    assert "0.600 -> 0.520, difference -0.080 (95 % one-sided bounds -0.115 to -0.045), margin 0.05" in case.result[0].message


def test_an_advisory_check_shows_its_numbers() -> None:
    assert "difference -0.080" in only(parsed(factory.verdict("fail", "advisory"), answer="promote")).result[0].message


def test_a_suite_that_did_not_run_is_an_error() -> None:
    found = parsed(factory.verdict("pass"), answer="error", not_run=("forgetting",))
    assert [(suite.name, suite.tests, suite.errors) for suite in found] == [("tuned/golden", 1, 0), ("tuned/forgetting", 1, 1)]


def test_what_was_not_promoted_is_never_all_green() -> None:
    for answer, errors, failures in (("hold", 0, 1), ("error", 1, 0), ("block", 0, 1), ("promote", 0, 0)):
        found = parsed(factory.verdict("pass"), answer=answer, reasons=("nothing was demanded",))
        assert (found.errors, found.failures) == (errors, failures)


def test_the_anchor_has_a_case_of_its_own() -> None:
    found = parsed(factory.verdict("pass"), factory.verdict("pass", against="anchor"), answer="promote")
    assert sorted(case.name for suite in found for case in suite) == ["golden/nDCG@10", "golden/nDCG@10 against anchor"]


def test_hostile_text_gives_xml_that_reads_back() -> None:
    hostile = "a\x00b\x1b[31m <![CDATA[ ]]> & \"'\ud800\ufffe end"
    case = only(parsed(factory.verdict("fail", slice=hostile, reasons=(hostile,))))
    assert case.name.startswith("golden/nDCG@10/a�b�[31m <![CDATA[ ]]> & \"'")
    assert case.result[0].text.endswith("end")
