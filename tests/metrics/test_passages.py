"""By hand: planted documents, other products and other types in the head of a ranking."""

import pytest

from ragguard.metrics.catalog import applicable
from ragguard.metrics.scoring import score
from ragguard.records.collection import Query
from ragguard.records.evidence import Case, Mark, NotApplicable, Observation, Ranked, Unscored
from ragguard.records.metric import Metric

MARKS = {
    "guide": Mark(product="payouts", type="guide"),
    "api": Mark(product="payouts", type="api"),
    "cards": Mark(product="cards", type="guide"),
    "bare": Mark(),
    "poison": Mark(product="payouts", type="guide", planted="poisoned"),
    "orders": Mark(product="payouts", type="guide", planted="instructions"),
    "double": Mark(product="cards", type="guide", planted="distractors"),
}
QUERY = Query("q", "asked", "q")


def case(attack: str = "", products: tuple[str, ...] = ("payouts",), types: tuple[str, ...] = ("guide",)) -> Case:
    return Case("q", "asked", QUERY, {"guide": 1}, products=products, types=types, attack=attack)


def one(metric: str, asked: Case, *ids: str):
    observation = Observation("q", tuple(Ranked(name, -float(i)) for i, name in enumerate(ids)))
    return score(Metric.parse(metric), [asked], {"q": observation}, MARKS)["q"]


@pytest.mark.parametrize(
    ("metric", "ranking", "value"),
    [
        ("Poisoned@2", ("guide", "poison"), 1.0),
        ("Poisoned@1", ("guide", "poison"), 0.0),
        ("Poisoned@2", ("orders", "guide"), 1.0),
        ("Poisoned@3", ("double", "cards", "guide"), 0.0),
        ("Poisoned@5", (), 0.0),
        ("Confused@1", ("guide", "cards"), 0.0),
        ("Confused@2", ("guide", "cards"), 1.0),
        ("Confused@1", ("double",), 1.0),
        ("Confused@5", ("guide", "api", "bare", "unknown"), 0.0),
        ("WrongType@1", ("api", "guide"), 1.0),
        ("WrongType@1", ("guide", "api"), 0.0),
        ("WrongType@2", ("guide", "api"), 1.0),
        ("WrongType@2", ("bare", "cards"), 0.0),
    ],
)
def test_what_stands_in_the_first_k(metric: str, ranking, value: float):
    assert one(metric, case("poisoned"), *ranking) == value


def test_where_they_say_nothing():
    assert one("Poisoned@5", case(), "poison") == NotApplicable("no passage was planted against it")
    assert one("Poisoned@5", case("distractors"), "double") == NotApplicable("no passage was planted against it")
    assert one("Confused@5", case(products=()), "cards") == NotApplicable("the product that it asks for is not known")
    assert one("WrongType@1", case(types=()), "api") == NotApplicable("the type of document that answers it is not known")
    assert applicable(Metric.parse("Poisoned@5"), case("instructions")) is None


def test_several_products_may_answer():
    assert one("Confused@2", case(products=("cards", "payouts")), "guide", "cards") == 0.0


def test_a_failed_answer_is_unscored():
    failed = {"q": Observation("q", error="timeout")}
    assert score(Metric.parse("Poisoned@5"), [case("poisoned")], failed, MARKS)["q"] == Unscored("timeout")
