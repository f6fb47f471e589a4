"""Who is told of a night, and in which words; and the junit file that CI shows of it."""

import json
from dataclasses import replace

import factory
import pytest
from junitparser import JUnitXml
from made_nights import day, night, nights

from ragguard.decision import series
from ragguard.records.history import History
from ragguard.records.night import Night
from ragguard.reports import junit as gates
from ragguard.reports.history import alert, junit

WHEN = ("block", "error", "drift", "recovered")
QUIET = [0.7] * 20
BAD = "night\n# of **@team** <b>|"


def history(*answers: str) -> History:
    return series.history("made", [night(number, {"baseline": 0.7, "tuned": 0.7}, answer=answer) for number, answer in enumerate(answers)])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answers", "kinds"),
    [
        (("promote", "promote"), None),
        (("promote", "block"), ("block",)),
        (("block", "block"), ("block",)),
        (("block", "promote"), ("recovered",)),
        (("error", "promote"), ("recovered",)),
        (("hold", "promote"), None),
        (("promote", "hold"), None),
        (("promote", "error"), ("error",)),
        (("block",), ("block",)),
    ],
)
def test_bad_nights_and_the_first_good_one_after_them_are_told(answers: tuple[str, ...], kinds: tuple[str, ...] | None) -> None:
    told = alert.alert(history(*answers), WHEN, 0)
    assert (told.kinds if told is not None else None) == kinds


def test_a_drift_is_told_once_then_carried_along_and_its_end_is_told() -> None:
    values = [*QUIET, 0.6, 0.6, 0.7, 0.7, 0.7]
    told = [alert.alert(series.history("made", nights(values[:count])), WHEN, 0) for count in range(20, len(values) + 1)]
    assert [each.kinds if each else None for each in told] == [None, None, ("drift",), None, ("recovered",), None]
    assert told[2] is not None
    assert f"tuned: golden/nDCG@10 drifted 0.700 -> 0.600, since {day(20)}" in told[2].text
    assert told[4] is not None
    assert f"back on {day(23)}" in told[4].text
    blocked = [*nights(values[:22]), night(22, {"baseline": 0.7, "tuned": 0.6}, answer="block")]
    later = alert.alert(series.history("made", blocked), WHEN, 1)
    assert later is not None
    assert (later.kinds, later.drifts, [each.reported for each in later.lasting]) == (("block",), (), [day(21)])


def test_who_wants_it_is_told_of_every_night_and_of_holds() -> None:
    assert alert.alert(history("promote", "hold"), ("hold",), 2).kinds == ("hold",)  # type: ignore[union-attr]
    assert alert.alert(history("promote", "promote"), ("always",), 0).kinds == ("always",)  # type: ignore[union-attr]
    assert alert.alert(history("promote", "block"), ("drift",), 1) is None


def test_the_text_of_a_block_has_its_first_reason() -> None:
    told = alert.alert(history("promote", "block"), WHEN, 1)
    assert told is not None
    assert told.text == f"made, night of {day(1)}: BLOCK: golden/nDCG@10 fell by 0.091 (0.7 -> 0.6): fail."


def test_a_night_that_was_not_judged_is_told_with_its_message() -> None:
    failed = Night("made", day(1), "", f"{day(1)}T02", "error", 4, message="rag.example cannot be reached", name=day(1))
    told = alert.alert(series.history("made", [*nights([0.7]), failed]), WHEN, 4)
    assert told is not None
    assert "rag.example cannot be reached" in told.text
    assert "rag.example cannot be reached" in alert.markdown(told)


def test_the_webhooks_json_has_type_timestamp_text_and_data() -> None:
    told = alert.alert(history("promote", "block"), WHEN, 1, "reports/made")
    assert told is not None
    body = json.loads(alert.payload(told, 1_767_225_600))
    assert (body["type"], body["timestamp"], body["text"]) == ("ragguard.nightly", "2026-01-01T00:00:00Z", told.text)
    assert body["data"]["decisions"][0]["answer"] == "block"
    assert (body["data"]["night"], body["data"]["kinds"], body["data"]["exit_code"]) == (day(1), ["block"], 1)


def test_names_in_markdown_stay_text() -> None:
    told = alert.alert(history("promote", "block"), WHEN, 1)
    assert told is not None
    decisions = tuple(replace(each, candidate=BAD, reasons=(BAD,)) for each in told.decisions)
    shown = alert.markdown(replace(told, plan=BAD, decisions=decisions))
    assert "<b>" not in shown
    assert "\n#  of" not in shown
    assert "@team" not in shown  # a zero-width space keeps it from calling anybody
    assert shown.startswith("## night")
    assert "BLOCK" in shown


@pytest.mark.parametrize("fails", [True, False])
def test_a_drift_is_red_in_junit_where_it_fails_the_night(fails: bool) -> None:
    gate = gates.to_xml(factory.report())
    drifting = series.history("made", nights([*QUIET, 0.6, 0.6]))
    found = JUnitXml.fromstring(junit.with_drift(gate, drifting, fails=fails, troubles=["no hook"]))
    before = JUnitXml.fromstring(gate)
    suites = {suite.name: suite for suite in found}
    assert found.tests == before.tests + 3
    cases = {(case.classname, case.name): case for case in suites["nightly/drift"]}
    drifted = cases["tuned.nightly", "golden/nDCG@10"]
    assert drifted.is_failure is fails
    assert drifted.is_skipped is not fails
    assert "drifted 0.700 -> 0.600" in drifted.result[0].message
    assert cases["baseline.nightly", "golden/nDCG@10"].is_passed
    assert cases["nightly", "trouble 1"].is_error
