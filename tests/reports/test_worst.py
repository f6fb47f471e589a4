from dataclasses import replace

import factory

from ragguard.records.report import Report
from ragguard.reports import figures, worst


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
