from dataclasses import replace
from typing import Any

import factory
import pytest

from ragguard.records.evidence import Answer, NotApplicable, Unscored
from ragguard.records.judgement import Judgement, Verdict
from ragguard.records.report import CaseRun, JudgeRun, Shown
from ragguard.records.verdict import Decision
from ragguard.reports.page import stages

HEAD = ("a", "b", "c", "d")


def case(wanted: str = "a", head: tuple[str, ...] = HEAD, scores: dict[str, Any] | None = None, **more: Any) -> CaseRun:
    rankings = {"tuned": tuple(Shown(name, 1.0) for name in head)}
    base = CaseRun("q", "golden", "?", "q", (), ("",), {wanted: 1, "z": 0} if wanted else {}, {"tuned": scores or {}}, rankings)
    return replace(base, **more)


def answering(scores: dict[str, Any] | None = None, contexts: tuple[str, ...] = ("a", "b"), **more: Any) -> CaseRun:
    return case(scores=scores, answers={"tuned": Answer("so")}, contexts={"tuned": contexts}, **more)


def judged(*values: float) -> dict[str, Any]:
    return {"tuned": {"rubric:helpful": (Judgement("q", "helpful", tuple(Verdict(value) for value in values)),)}}


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (case(), ("fine", "")),
        (case(errors={"tuned": "timeout"}), ("error", "")),
        (case(errors={"baseline": "timeout"}), ("fine", "")),
        (replace(case(), scores={}, rankings={}), ("error", "")),
        (case(wanted="x"), ("not retrieved", "")),
        (case(wanted="a", head=()), ("not retrieved", "")),
        (case(wanted="x", scores={"RR": 0.05, "Stale@5": 0.2}), ("ranked too low", "")),
        (case(wanted="x", scores={"RR": 0.0, "Stale@5": 0.2}), ("not retrieved", "")),
        (case(wanted="c"), ("fine", "")),
        (case(wanted="d"), ("ranked too low", "")),
        (case(wanted="", scores={"FalseAnswer": 1.0}), ("wrong answer", "FalseAnswer")),
        (case(wanted="", head=()), ("fine", "")),
        (case(scores={"VersionAcc@1": 0.0, "nDCG@10": 0.3}), ("wrong version", "VersionAcc@1")),
        (case(wanted="d", scores={"VersionAcc@1": 0.0}), ("ranked too low", "")),
        (case(scores={"VersionAcc@1": NotApplicable("none is asked for")}), ("fine", "")),
        (answering(), ("fine", "")),
        (answering(contexts=("b",)), ("ranked too low", "")),
        (answering(contexts=("d",), scores={"Completeness": 0.0}, wanted="d"), ("wrong answer", "Completeness")),
        (answering({"Completeness": 0.5, "VersionConflation": 1.0}), ("wrong answer", "Completeness")),
        (answering({"Completeness": 1.0, "VersionConflation": 1.0, "InventedCitation": 1.0}), ("wrong version", "VersionConflation")),
        (answering({"Completeness": 1.0, "VersionConflation": 0.0, "VersionAcc@1": 0.0}), ("fine", "")),
        (answering({"Completeness": 1.0, "InventedCitation": 1.0}), ("wrong citation", "InventedCitation")),
        (answering({"CitationPrecision": 0.0}), ("wrong citation", "CitationPrecision")),
        (answering({"CitationPrecision": 0.5, "CitationRecall": 0.5, "TokenF1": 0.1}), ("fine", "")),
        (answering({"Completeness": Unscored("timeout")}), ("fine", "")),
        (answering(judged=judged(1.0, 0.0, 0.0)), ("wrong answer", "rubric:helpful")),
        (answering(judged=judged(1.0, 0.0)), ("fine", "")),
        (answering(judged=judged()), ("fine", "")),
    ],
)
def test_a_case_is_lost_at_the_first_stage_that_loses_it(made: CaseRun, expected: tuple[str, str]) -> None:
    assert stages.place(made, "tuned") == expected


def test_a_judge_of_two_answers_says_nothing_of_one() -> None:
    lost = answering(judged=judged(0.0))
    judge = JudgeRun("helpful", "rubric", "m", "f", ("rubric:helpful",), first_won_twice=0.1)
    two = stages.pairwise(replace(factory.small("hold"), judges=(judge,)))
    assert stages.place(lost, "tuned", two) == ("fine", "")
    assert stages.pairwise(replace(factory.small("hold"), judges=(replace(judge, first_won_twice=None),))) == frozenset()


def test_the_rows_count_every_counted_case_once_and_what_was_lost_and_won_back() -> None:
    def run(number: int, before: tuple[str, ...], after: tuple[str, ...], **more: Any) -> CaseRun:
        rankings = {"baseline": tuple(Shown(n, 1.0) for n in before), "tuned": tuple(Shown(n, 1.0) for n in after)}
        return replace(case(), id=f"q{number}", rankings=rankings, scores={"baseline": {}, "tuned": {}}, **more)

    cases = (
        run(0, HEAD, HEAD),
        run(1, HEAD, ("x",)),
        run(2, ("x",), HEAD),
        run(3, ("x",), ("b", "c", "d", "a")),
        run(4, HEAD, ("x",), aside=True),
        run(5, HEAD, ("x",), unlabelled=True),
        run(6, HEAD, ("x",), task="arc"),
        run(7, HEAD, ("x",), suite="other"),
    )
    report = replace(factory.small("hold"), cases=cases)
    pairs = stages.both(report, Decision("tuned", "hold", (), ()))
    found = {row.stage: row for row in stages.rows(pairs, "golden")}
    assert list(found) == list(stages.STAGES)
    assert found["not retrieved"] == stages.Row("not retrieved", baseline=2, candidate=1, newly=1, back=1)
    assert found["ranked too low"] == stages.Row("ranked too low", baseline=0, candidate=1, newly=0, back=0)
    assert found["fine"] == stages.Row("fine", baseline=2, candidate=2, newly=0, back=0)
    assert sum(row.candidate for row in found.values()) == 4
    everywhere = stages.rows(pairs)
    assert sum(row.candidate for row in everywhere) == 5
    assert stages.told(report)
    assert not stages.told(replace(report, cases=(replace(cases[0], relevant={}, rankings={}),)))
