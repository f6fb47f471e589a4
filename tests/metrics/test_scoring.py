import math
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from ragguard.metrics.arrays import trec_order
from ragguard.metrics.catalog import CATALOG
from ragguard.metrics.scoring import score, score_all
from ragguard.records.collection import Query
from ragguard.records.evidence import Case, NotApplicable, Observation, Ranked, Unscored
from ragguard.records.metric import Metric

ALL = [
    Metric.parse(name) for name in ("nDCG", "nDCG@2", "RR", "RR@2", "AP", "AP@2", "R@2", "P@2", "Success@2", "Rprec", "RBP", "RBP(p=0.5)@2")
]


def case(name: str, **relevant: int) -> Case:
    return Case(name, "asked", Query(name, "asked", name), relevant)


def ranked(name: str, *ids: str) -> Observation:
    return Observation(name, tuple(Ranked(d, -float(i)) for i, d in enumerate(ids)))


def one(metric: str, judged: Case, observation: Observation):
    return score(Metric.parse(metric), [judged], {judged.id: observation})[judged.id]


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("nDCG", (1 / math.log2(3) + 2 / math.log2(5)) / (2 + 1 / math.log2(3))),
        ("nDCG@2", (1 / math.log2(3)) / (2 + 1 / math.log2(3))),
        ("nDCG(gains=exponential)", (1 / math.log2(3) + 3 / math.log2(5)) / (3 + 1 / math.log2(3))),
        ("RR", 1 / 2),
        ("RR(rel=2)", 1 / 4),
        ("RR(rel=2)@3", 0.0),
        ("AP", (1 / 2 + 2 / 4) / 2),
        ("AP@2", (1 / 2) / 2),
        ("R@2", 1 / 2),
        ("R(rel=2)@4", 1.0),
        ("P@4", 2 / 4),
        ("P@10", 2 / 10),
        ("Success@1", 0.0),
        ("Success@2", 1.0),
        ("Rprec", 1 / 2),
        ("RBP", 0.2 * (0.8 + 0.8**3)),
        ("RBP(p=0.5)", 0.5 * (0.5 + 0.5**3)),
        ("RBP(p=0.5, rel=2)", 0.5 * 0.5**3),
        ("RBP(p=0.5)@2", 0.5 * 0.5),
    ],
)
def test_values_by_hand(metric, value):
    # Unjudged, then grade 1, then judged not relevant, then grade 2.
    assert one(metric, case("q", good=1, best=2, bad=0), ranked("q", "new", "good", "bad", "best")) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("metric", ALL, ids=str)
def test_an_empty_ranking_scores_zero(metric):
    assert score(metric, [case("q", a=1)], {"q": Observation("q")}) == {"q": 0.0}


@pytest.mark.parametrize("metric", ALL, ids=str)
def test_errors_and_absence_are_unscored_and_unanswerable_cases_are_not_applicable(metric):
    cases = [case("failed", a=1), case("absent", a=1), case("none"), case("zero", a=0), case("failed-none"), case("fine", a=1)]
    observations = {
        "failed": Observation("failed", error="timed out"),
        "failed-none": Observation("failed-none", error="timed out"),
        "none": ranked("none", "a"),
        "zero": ranked("zero", "a"),
        "fine": ranked("fine", "a"),
    }
    values = score(metric, cases, observations)
    assert list(values) == [c.id for c in cases]
    assert values["failed"] == Unscored("timed out")
    assert isinstance(values["absent"], Unscored)
    assert all(isinstance(values[name], NotApplicable) for name in ("none", "zero", "failed-none"))
    assert isinstance(values["fine"], float)
    assert values["fine"] > 0


def test_a_level_that_no_document_reaches_is_not_applicable():
    assert one("R(rel=2)@5", case("q", a=1), ranked("q", "a")) == NotApplicable("no document has a grade of 2 or more")


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_not_finite_is_unscored(bad):
    value = one("nDCG@10", case("q", a=1), Observation("q", (Ranked("a", 1.0), Ranked("b", bad))))
    assert isinstance(value, Unscored)
    assert "'b'" in value.unscored


def test_a_document_ranked_twice_is_unscored():
    assert one("R@2", case("q", a=1), ranked("q", "a", "b", "a")) == Unscored("document 'a' is ranked twice")


def test_ties_go_by_id_descending_and_32_bits_decide_what_a_tie_is():
    ties = [Ranked("a", 1.0), Ranked("c", 1.0), Ranked("b", 1.0), Ranked("é", 1.0), Ranked("z", 0.5)]
    assert trec_order(ties) == ("é", "c", "b", "a", "z")
    assert trec_order([Ranked("a", 1.0 + 1e-9), Ranked("b", 1.0)]) == ("b", "a")
    assert trec_order([Ranked("a", 1.0 + 1e-6), Ranked("b", 1.0)]) == ("a", "b")
    assert trec_order([Ranked("a", 1e300), Ranked("b", 1.0)]) == ("a", "b")


def test_values_do_not_depend_on_any_order():
    draw = random.Random(3)
    cases = [case(f"q{i}", **{f"d{draw.randrange(12)}": draw.randrange(1, 4) for _ in range(4)}) for i in range(40)]
    runs = {c.id: [Ranked(f"d{k}", draw.randrange(4) / 3) for k in draw.sample(range(15), 10)] for c in cases}
    first = score_all(ALL, cases, {name: Observation(name, tuple(ranking)) for name, ranking in runs.items()})
    shuffled = [Case(c.id, c.text, c.query, dict(draw.sample(sorted(c.relevant.items()), len(c.relevant)))) for c in draw.sample(cases, 40)]
    again = score_all(ALL[::-1], shuffled, {n: Observation(n, tuple(draw.sample(r, 10))) for n, r in draw.sample(sorted(runs.items()), 40)})
    assert first == again
    assert all(0 <= value <= 1 for values in first.values() for value in values.values())


def test_threads_may_score_at_the_same_time():
    cases = [case(f"q{i}", a=1) for i in range(30)]
    observations = {c.id: ranked(c.id, "b", "a") for c in cases}
    with ThreadPoolExecutor(4) as pool:
        means = list(pool.map(lambda _: sum(score(Metric("RR"), cases, observations).values()) / 30, range(16)))
    assert means == [0.5] * 16


def test_cases_that_share_an_id_are_refused():
    with pytest.raises(ValueError, match="share an id"):
        score(Metric("RR"), [case("q", a=1), case("q", b=1)], {})


def test_every_ranking_metric_of_the_catalog_is_tested_here():
    assert {"nDCG", "RR", "AP", "R", "P", "Success", "Rprec", "RBP"} <= set(CATALOG)
    assert {m.base for m in ALL} == {"nDCG", "RR", "AP", "R", "P", "Success", "Rprec", "RBP"}
