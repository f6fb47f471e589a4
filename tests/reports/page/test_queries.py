from dataclasses import replace
from typing import Any

import answered_report
import factory

from ragguard.records.evidence import Unscored
from ragguard.records.report import CaseRun, Report, Shown, ShownDocument
from ragguard.reports.page import detail, queries


def made(*cases: CaseRun) -> tuple[Report, list[queries.Row]]:
    report = replace(factory.small("block", factory.verdict("fail")), cases=cases)
    documents = {"old": ShownDocument("Old guide", "1.9", "superseded")}
    report = replace(report, documents=documents)
    return report, queries.rows(report, report.decisions[0])


def case(id_: str, before: float | None, after: float | None, old: str, new: str, **more: Any) -> CaseRun:
    rankings = {"baseline": tuple(Shown(n, 1.0, 1 if n == "w" else None) for n in old), "tuned": tuple(Shown(n, 1.0) for n in new)}
    scores: Any = {arm: {"nDCG@10": Unscored("lost") if n is None else n} for arm, n in (("baseline", before), ("tuned", after))}
    return replace(CaseRun(id_, "golden", f"text {id_}", id_, (), ("",), {"w": 1}, scores, rankings), **more)


def test_the_worst_comes_first_and_errors_before_all() -> None:
    _, rows = made(
        case("a", 0.5, 0.5, "wx", "wx"),
        case("b", 1.0, 0.2, "wx", "xw"),
        case("c", 0.2, 0.9, "xw", "wx"),
        case("d", 0.9, None, "wx", "", errors={"tuned": "timeout"}),
        case("e", 0.9, 0.6, "wx", "xy"),
        case("f", 0.9, 0.1, "wx", "wx", aside=True),
    )
    assert [row.case.id for row in rows] == ["d", "b", "e", "a", "c"]
    assert [row.change is None or round(row.change, 6) for row in rows] == [True, -0.8, -0.3, 0.0, 0.7]
    assert queries.worsened(rows) == 2


def test_why_says_where_what_was_wanted_went_and_what_stands_first_instead() -> None:
    report, rows = made(
        case("b", 1.0, 0.2, ("w", "x"), ("old", "w")),
        case("c", 0.2, 0.9, ("x", "w"), ("w", "x")),
        case("d", 0.9, None, ("w",), (), errors={"tuned": "timeout after 30 s"}),
        case("e", 0.9, 0.0, ("w", "x"), ("x", "y")),
        case("g", 0.4, 0.3, ("x", "y"), ("x", "y")),
        case("h", 0.4, 0.4, ("x", "y"), ("x", "y")),
    )
    why = {row.case.id: row.why for row in rows}
    assert why["b"] == "w: rank 1 → rank 2; old (v1.9 superseded) stands first"
    assert why["c"] == "w: rank 2 → rank 1"
    assert why["d"] == "tuned gave an error: timeout after 30 s"
    assert why["e"] == "w: rank 1 → not in the first 2; x stands first"
    assert why["g"] == "what was wanted moved below the first 2"
    assert why["h"] == ""
    found = detail.of(report, report.decisions[0], next(row.case for row in rows if row.case.id == "b"))
    assert found.wanted == ("w (grade 1): 1 → 2",)
    assert [each.stale for each in found.sides[1].ranked] == [True, False]


def test_the_details_mark_what_the_answers_have_not_in_common() -> None:
    report = answered_report.answered()
    row = next(row for row in queries.rows(report, report.decisions[0]) if row.case.scores["tuned"]["Completeness"] == 0.0)
    assert "Completeness 1.000 → 0.000" in row.why
    found = detail.of(report, report.decisions[0], row.case)
    before, after = (side.said for side in found.sides)
    assert before is not None
    assert after is not None
    assert [kind for _, kind in before.pieces if kind] == ["gone"]
    assert "come" in [kind for _, kind in after.pieces]
    assert "".join(text for text, _ in after.pieces) == row.case.answers["tuned"].text
    assert after.about.startswith("cites ")
    assert found.expected == row.case.expected
    assert found.told[0][0] == "tuned, rubric:helpful (helpful)"
