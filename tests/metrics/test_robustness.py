"""By hand: what a perturbation costs against the case as it stands, and the worst wording of an intent."""

import pytest

from ragguard.metrics.catalog import applicable, derive
from ragguard.metrics.scoring import score
from ragguard.records.collection import Query
from ragguard.records.evidence import Case, NotApplicable, Score, Unscored
from ragguard.records.metric import Metric

DROP, WORST, NDCG = Metric.parse("Drop(of=nDCG)@10"), Metric.parse("Worst(of=nDCG)@10"), Metric.parse("nDCG@10")


def case(name: str, intent: str = "i", clean: str = "") -> Case:
    return Case(name, "asked", Query(name.split("~", maxsplit=1)[0], "asked", intent), {"d": 1}, clean=clean)


def derived(metric: Metric, values: list[tuple[Case, Score]], inner: Metric = NDCG) -> dict[str, Score]:
    return derive([metric], [each for each, _ in values], {each.id: {inner: value} for each, value in values})[metric]


def test_drop_is_the_loss_against_the_case_as_it_stands():
    found = derived(DROP, [(case("a"), 0.8), (case("a~typos", clean="a"), 0.5), (case("a~polite", clean="a"), 0.9)])
    assert found["a~typos"] == pytest.approx(0.3, abs=1e-15)
    assert found["a~polite"] == pytest.approx(-0.1, abs=1e-15)
    assert found["a"] == NotApplicable("it was made from no other case")


def test_drop_of_a_metric_that_should_be_low_is_its_rise():
    stale, drop = Metric.parse("Stale@5"), Metric.parse("Drop(of=Stale)@5")
    assert derived(drop, [(case("a"), 0.2), (case("a~typos", clean="a"), 0.6)], stale)["a~typos"] == pytest.approx(0.4, abs=1e-15)


@pytest.mark.parametrize("first", [0, 1])
def test_drop_needs_both(first: int):
    pair = [case("a"), case("a~typos", clean="a")]
    values: list[Score] = [0.5, 0.5]
    values[first] = Unscored("timeout")
    assert derived(DROP, list(zip(pair, values, strict=True)))["a~typos"] == Unscored("timeout")
    values[1 - first] = NotApplicable("no document is relevant")
    assert derived(DROP, list(zip(pair, values, strict=True)))["a~typos"] == NotApplicable("no document is relevant")


def test_worst_is_that_of_the_wordings_that_people_wrote():
    values = [(case("a"), 0.8), (case("b"), 0.3), (case("c", "other"), 0.1), (case("a~typos", clean="a"), 0.0)]
    found = derived(WORST, values)
    assert (found["a"], found["b"]) == (0.3, 0.3)
    assert found["c"] == NotApplicable("it is the only wording of its intent")
    assert found["a~typos"] == NotApplicable("it was made from another case")


def test_worst_of_what_should_be_low_is_the_highest_and_an_outage_stays_one():
    stale, metric = Metric.parse("Stale@5"), Metric.parse("Worst(of=Stale)@5")
    assert derived(metric, [(case("a"), 0.2), (case("b"), 0.6)], stale)["a"] == 0.6
    assert derived(WORST, [(case("a"), 0.2), (case("b"), Unscored("timeout"))])["a"] == Unscored("timeout")


def test_applicable_of_the_case_alone():
    assert applicable(DROP, case("a")) is not None
    assert applicable(DROP, case("a~typos", clean="a")) is None
    assert applicable(WORST, case("a~typos", clean="a")) is not None


def test_they_are_not_scored_case_by_case():
    with pytest.raises(ValueError, match="made from the scores of a whole suite"):
        score(DROP, [case("a")], {})
