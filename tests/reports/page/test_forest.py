from dataclasses import replace
from xml.etree import ElementTree as ET

import answered_report
import factory
import pytest

from ragguard.records.report import Report
from ragguard.reports.page import forest, pictures, stages
from ragguard.reports.page.training import trainings


def drawn(report: Report, *, wide: bool = True) -> ET.Element:
    text = str(forest.picture(report, report.decisions[0], "one", wide=wide))
    return ET.fromstring(text.replace("xlink:href", "href"))


def texts(root: ET.Element) -> list[str]:
    return [each.text or "" for each in root.iter() if each.tag.endswith("text")]


def test_suites_hold_their_checks_together_the_blocking_ones_first() -> None:
    report = factory.report()
    for decision in report.decisions:
        groups = forest.groups(report, decision)
        assert sum(len(group.verdicts) for group in groups) == len(decision.verdicts)
        for group in groups:
            tiers = [forest.TIERS.index(verdict.check.tier) for verdict in group.verdicts]
            assert tiers == sorted(tiers)
            assert {verdict.check.suite for verdict in group.verdicts} == {group.suite}


@pytest.mark.parametrize("wide", [True, False])
def test_every_check_is_named_with_its_verdict_in_words(wide: bool) -> None:
    report = factory.report()
    words = " | ".join(texts(drawn(report, wide=wide)))
    for verdict in report.decisions[0].verdicts:
        assert str(verdict.check.metric) in words
    assert "golden" in words
    assert "← worse" in words


def test_each_verdict_has_a_colour_and_a_shape_of_its_own() -> None:
    outcomes = ("pass", "fail", "inconclusive", "error")
    made = [factory.verdict(outcome, metric=metric) for outcome, metric in zip(outcomes, ("RR", "AP", "R@5", "P@5"), strict=True)]
    made[3] = replace(made[3], estimate=replace(made[3].estimate, difference=0.0))
    text = ET.tostring(drawn(factory.small("block", *made)), encoding="unicode")
    assert all(f"var(--{name})" in text for name in ("pass", "fail", "unsure", "error"))
    assert len({(forest.COLOURS[name], forest._MARKERS[name]) for name in outcomes}) == 4
    assert "stroke: var(--unsure)" in text
    assert "fill: var(--paper)" in text


def test_bounds_and_margins_lie_on_one_scale() -> None:
    fail = factory.verdict("fail", margin=0.2)
    low, high = forest._span([fail, factory.verdict("pass")])
    assert low < -0.2
    assert high > 0.06
    assert forest._span([]) == forest._span([factory.verdict("error")])
    assert not forest.drawable(factory.verdict("pass", scale=factory.TIME))
    assert not forest.drawable(factory.verdict("pass", "must"))


def test_the_spread_counts_every_case_once() -> None:
    found = pictures.spread([0.0, 0.5, 1.0], [1.0, 1.0, 0.97], 0.0, 1.0)
    assert sum(found.before) == sum(found.after) == 3
    assert found.after[-1] == 3
    assert (found.edges[0], found.edges[-1]) == (0.0, 1.0)
    rangeless = pictures.spread([120.0, 250.0], [130.0], 0.0, None)
    assert sum(rangeless.before) == 2
    assert pictures.spread([3.0], [3.0], None, None).edges[0] == 2.5


def test_pictures_of_nothing_much_are_drawn_all_the_same() -> None:
    assert "0 lost, 3 tied, 0 won" in pictures.differences([0.0, 0.0, 0.0], "RR", "one")
    rows = [stages.Row(stage, 0, 0, 0, 0) for stage in stages.STAGES]
    assert "golden" in pictures.losses({"golden": rows}, ("a", "b"), "one", wide=False)
    assert "loss" in pictures.curve([(0, 1.0), (1, 0.5)], "loss", "one")


def test_trainings_are_read_with_their_curves_whatever_wrote_them() -> None:
    one, *_ = trainings(answered_report.answered().arms)
    assert (one.arm, one.part) == ("tuned", "retriever")
    assert [curve.what for curve in one.curves] == ["loss", "dev nDCG@10"]
    assert one.curves[0].points[1] == (10.0, 1.0)
    assert one.facts["data.rows_in_file"] == "480"
    assert "loss" not in one.facts
    plain = trainings([factory.arm("tuned")])
    assert plain[0].curves[0].points == ((0.0, 0.9), (1.0, 0.4))
    odd = replace(factory.arm("tuned"), provenance={"retriever": {"key": "k", "loss": "none", "dev": [{"step": 1}, 3, "x"]}})
    assert trainings([odd])[0].curves == ()
    assert trainings([factory.arm("baseline")]) == []
