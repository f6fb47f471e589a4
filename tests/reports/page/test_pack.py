import base64
import gzip
import json
from typing import Any

import answered_report
import pytest

from ragguard.records.report import Report
from ragguard.reports.page import diff, queries
from ragguard.reports.page.pack import Packed, _packed, pack
from ragguard.reports.page.queries import Row


def opened(text: str) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(text)))


def tables(report: Report) -> dict[str, list[Row]]:
    return {decision.candidate: queries.rows(report, decision) for decision in report.decisions}


def packed(room: int = 10_000_000) -> Packed:
    report = answered_report.answered()
    return pack(report, tables(report), room)


def test_every_listed_case_is_in_it_once_with_what_each_candidate_made_of_it() -> None:
    report = answered_report.answered()
    index = opened(packed().index)
    cases = queries.listed(report)
    assert index["ids"] == [case.id for case in cases]
    for decision, columns in zip(report.decisions, index["candidates"], strict=True):
        for row in queries.rows(report, decision):
            place = row.number
            assert columns["why"][place] == row.why
            assert columns["change"][place] == row.change
            assert index["stages"][columns["now"][place]] == row.now[0]
            assert index["suites"][index["suite"][place]] == row.case.suite
        assert [index["arms"][arm] for arm in columns["arms"]] == ["baseline", decision.candidate]


def test_the_details_hold_rankings_scores_and_answers() -> None:
    report = answered_report.answered()
    details, index = opened(packed().details), opened(packed().index)
    case = queries.listed(report)[7]
    _, intent, tags, judged, rankings, scores, errors, (expected, answers, told) = details["cases"][7]
    names = [document[0] for document in details["docs"]]
    tuned = index["arms"].index("tuned")
    codes = rankings[tuned] or range(len(rankings[0]))
    ids = [names[rankings[0][code] if code >= 0 else -1 - code] for code in codes]
    assert ids == [shown.id for shown in case.rankings["tuned"]]
    assert intent == case.intent
    assert dict(zip([names[number] for number in judged[::2]], judged[1::2], strict=True)).items() >= dict(case.relevant).items()
    metrics = [name for name, _ in details["metrics"][case.suite]]
    assert dict(zip(metrics, scores[tuned] or scores[0], strict=True))["RR"] == pytest.approx(case.scores["tuned"]["RR"], abs=5e-4)
    assert (tags, errors, expected) == (list(case.tags), 0, case.expected)
    old = diff.words(answers[0][0])
    assert "".join(text for text, _ in diff.pieces(old, answers[tuned][0])[1]) == case.answers["tuned"].text
    assert details["texts"][told[tuned][0][0]] == "tuned, rubric:helpful (helpful)"


def test_what_finds_no_room_is_left_out_from_the_least_interesting_on() -> None:
    whole = packed()
    assert (whole.without_answers, whole.without_details, whole.without_rows) == (0, 0, 0)
    worst = queries.rows(answered_report.answered(), answered_report.answered().decisions[0])[0].case.id
    seen = []
    for room in (whole.size - 1, whole.size // 2, whole.size // 4, whole.size // 8):
        found = packed(room)
        assert found.size <= room
        seen.append((found.without_answers, found.without_details, found.without_rows))
        details = opened(found.details)["cases"]
        assert sum(each == 0 for each in details) == found.without_details
        assert sum(bool(each) and each[7] == 1 for each in details) == found.without_answers
        if any(details):
            assert details[opened(found.index)["ids"].index(worst)][7] != 1
    assert seen[0][0] > 0
    assert any(rows for *_, rows in seen)
    assert seen == sorted(seen, key=lambda each: (each[2], each[1]))


def test_it_is_the_same_each_time() -> None:
    assert packed() == packed()


def test_control_characters_are_replaced_and_backslashes_are_not() -> None:
    texts = ["\x1b[2J\b\f\x7f\u202e\ud800 red", "\\u001b \\\\b", "tab\tline\n"]
    assert opened(_packed(texts)) == ["\ufffd[2J" + "\ufffd" * 5 + " red", "\\u001b \\\\b", "tab\tline\n"]
