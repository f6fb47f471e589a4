from dataclasses import replace
from io import StringIO

import factory
from rich.console import Console

from ragguard.records.evidence import Answer
from ragguard.records.report import Report
from ragguard.reports import figures, markdown, worst
from ragguard.reports.terminal import show


def lost(report: Report) -> list[tuple[str, float]]:
    return [(each.case.id, round(each.loss, 6)) for each in worst.losses(report, report.decisions[0], "golden")]


def test_the_biggest_loss_is_first_and_ties_go_by_id() -> None:
    report = factory.with_cases(
        factory.small("block", factory.verdict("fail", "veto", metric="RR"), factory.verdict("fail")), ["a", "b", "c", "d"]
    )
    cases = list(report.cases)
    cases[2] = replace(cases[2], scores={**cases[2].scores, "tuned": {"nDCG@10": 0.125}})
    cases[3] = replace(cases[3], scores={**cases[3].scores, "tuned": {"nDCG@10": 1.0}})
    assert lost(replace(report, cases=tuple(reversed(cases)))) == [("q00000", 1.0), ("q00001", 0.875), ("q00002", 0.875)]


def test_lower_is_better_turns_the_order_around() -> None:
    verdict = factory.verdict("fail", metric="Stale@5", scale=factory.STALE)
    report = factory.with_cases(factory.small("block", verdict), ["a", "b"])
    scores = [{"baseline": {"Stale@5": 0.2}, "tuned": {"Stale@5": value}} for value in (0.6, 0.1)]
    cases = tuple(replace(case, scores=score) for case, score in zip(report.cases, scores, strict=True))
    assert lost(replace(report, cases=cases)) == [("q00000", 0.4)]


def test_the_place_of_a_document_and_its_marks() -> None:
    report = factory.report()
    case = report.cases[1]
    assert worst.place(case, "tuned-lora", "risk-rules-2.3") == "3"
    assert worst.place(case, "baseline", "absent") == f"not in top {len(case.rankings['baseline'])}"
    assert worst.place(case, "nobody", "absent") == "nothing ranked"
    assert worst.marks(report, "risk-rules-1.9") == "superseded"
    assert worst.marks(factory.with_cases(report, ["a"]), "zz") == ""


def test_a_bound_shows_on_which_side_of_the_margin_it_lies() -> None:
    assert figures.bound(-0.0499, 0.05) == "-0.0499"
    assert figures.bound(-0.05, 0.05) == "-0.050"
    assert figures.bound(-0.01, 0.05) == "-0.010"
    assert figures.signed(-0.0001) == "0.000"
    assert figures.p_value(0.0) == "p < 0.0001"


def answering(alike: bool) -> Report:
    report = factory.with_cases(factory.small("block", factory.verdict("fail")), ["how long?"])
    (case,) = report.cases
    answers = {"baseline": Answer("72 hours [1]"), "tuned": Answer("", abstained=True)}
    rankings = {**case.rankings, "tuned": case.rankings["baseline"]} if alike else case.rankings
    return replace(report, cases=(replace(case, answers=answers, expected="*72* hours", rankings=rankings),))


def printed(report: Report) -> str:
    console = Console(file=StringIO(), width=100)
    show(report, console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_what_was_said_stands_beside_what_was_ranked() -> None:
    text = printed(answering(alike=False))
    assert "- wanted answer: *72* hours\n- baseline says: 72 hours [1]\n- tuned says: nothing\n" in text
    assert "[2] how long?" in text
    page = markdown.render(answering(alike=False))
    assert "- wanted answer: \\*72\\* hours\n- baseline says: 72 hours \\[1\\]\n- tuned says: nothing\n" in page


def test_rankings_that_are_alike_are_told_once() -> None:
    text = printed(answering(alike=True))
    assert "- both ranked alike: how long?, d2\n" in text
    assert "[2] how long?" not in text


def test_systems_that_do_not_answer_say_nothing() -> None:
    report = factory.with_cases(factory.small("block", factory.verdict("fail")), ["how long?"])
    assert worst.said(report.cases[0], ("baseline", "tuned")) == []
    assert "wanted answer" not in printed(report)
