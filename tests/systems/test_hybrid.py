import pytest

from ragguard.errors import InputError
from ragguard.plan.retrievers import HybridRetriever as Plan
from ragguard.records.evidence import Observation, Ranked
from ragguard.systems.factory import build
from ragguard.systems.hybrid import HybridRetriever

PARTS = [{"type": "lexical"}, {"type": "lexical", "k1": 0.9}]


class Fixed:
    """A retriever that answers what it is told: by case id."""

    def __init__(self, answers):
        self.answers, self.fingerprint = answers, str(answers)

    def index(self, corpus, vault, progress):
        pass

    def search(self, cases, depth):
        return [self.answers[case.id] for case in cases]

    def notes(self):
        return {"n": len(self.answers)}


def answer(error="", **scores):
    ranking = tuple(Ranked(id_, score) for id_, score in sorted(scores.items(), key=lambda pair: -pair[1]))
    return Observation("q", ranking, error, seconds={"retrieve": 1.0})


def hybrid(*parts, **options):
    return HybridRetriever(Plan(type="hybrid", retrievers=PARTS[:1] * len(parts), **options), [Fixed(part) for part in parts])


@pytest.mark.slow
def test_reciprocal_rank_fusion_by_hand(case):
    one = {"q1": answer(a=9, b=8, c=7), "q2": answer(), "q3": answer(a=1)}
    two = {"q1": answer(c=0.3, a=0.2), "q2": answer(b=5.0), "q3": answer(longer_id=2)}
    first, second, third = hybrid(one, two, k=60).search([case("x", "q1"), case("y", "q2"), case("z", "q3")], 10)
    scores = {r.id: r.score for r in first.ranking}
    assert scores == pytest.approx({"a": 1 / 61 + 1 / 62, "c": 1 / 63 + 1 / 61, "b": 1 / 62})
    assert [r.id for r in first.ranking] == ["a", "c", "b"]
    assert second.ranking == (Ranked("b", pytest.approx(1 / 61)),)
    assert [r.id for r in third.ranking] == ["longer_id", "a"]
    assert first.seconds == {"retrieve": 2.0}


@pytest.mark.slow
def test_weighted_fusion_by_hand(case):
    one, two = {"q1": answer(a=10, b=6, c=2)}, {"q1": answer(c=0.9, d=0.4, b=0.5)}
    (found,) = hybrid(one, two, fusion="weighted", weights=[0.25, 0.75]).search([case("x")], 3)
    assert [(r.id, pytest.approx(r.score)) for r in found.ranking] == [("c", 0.75), ("b", 0.25 * 0.5 + 0.75 * 0.2), ("a", 0.25)]


def test_an_error_of_a_part_is_an_error(case):
    (found,) = hybrid({"q1": answer(a=1)}, {"q1": answer("broken")}).search([case("x")], 3)
    assert found.error == "broken"
    assert found.ranking == ()


def test_the_fingerprint_covers_parts_and_fusion(tmp_path):
    def make(**options):
        return build(Plan(type="hybrid", **{"retrievers": PARTS, **options}), base=tmp_path).fingerprint

    prints = {
        make(),
        make(k=10),
        make(retrievers=PARTS[::-1]),
        make(fusion="weighted", weights=[1, 2]),
        make(fusion="weighted", weights=[2, 1]),
    }
    assert len(prints) == 5


def test_two_trained_parts_are_refused(tmp_path):
    part = {"type": "dense", "train": {"recipe": "biencoder", "base": "x", "data": "y"}}
    with pytest.raises(InputError, match="train one part"):
        build(Plan(type="hybrid", retrievers=[part, part]), base=tmp_path, checkpoint=tmp_path)
