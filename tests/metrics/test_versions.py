"""Version metrics by hand: which document of the asked family comes first, and how much of the head is out of date."""

import random

import pytest

from ragguard.metrics.catalog import scale
from ragguard.metrics.scoring import score, score_all
from ragguard.records.collection import Asks, Mode, Query
from ragguard.records.evidence import Case, Mark, NotApplicable, Observation, Ranked, Unscored
from ragguard.records.metric import Metric, Scale

MARKS = {
    "hooks-1": Mark("hooks", "1", "superseded"),
    "hooks-2": Mark("hooks", "2", "deprecated"),
    "hooks-3": Mark("hooks", "3", "current"),
    "hooks-3b": Mark("hooks", "3", "current"),
    "hooks-bare": Mark("hooks", "", "current"),
    "keys-1": Mark("keys", "1", "superseded"),
    "keys-3": Mark("keys", "3", "current"),
    "plain": Mark(),
}
ALL = [Metric.parse(name) for name in ("VersionAcc@1", "VersionAcc@2", "Stale@1", "Stale@5", "Inverted")]


def case(mode: Mode = "current", *asked: str, name: str = "q") -> Case:
    asks = Asks("hooks", mode, asked if mode in ("named", "change") else (), "2024-01-01" if mode == "dated" else "")
    return Case(name, "asked", Query(name, "asked", name, asks=asks), {}, asked or ("3",))


def ranked(*ids: str) -> Observation:
    return Observation("q", tuple(Ranked(name, -float(i)) for i, name in enumerate(ids)))


def one(metric: str, asking: Case, observation: Observation):
    return score(Metric.parse(metric), [asking], {asking.id: observation}, MARKS)[asking.id]


@pytest.mark.parametrize(
    ("ranking", "accurate", "within_two", "inverted"),
    [
        (("hooks-3", "hooks-1"), 1.0, 1.0, 0.0),
        (("hooks-1", "hooks-3"), 0.0, 1.0, 1.0),
        (("hooks-1", "hooks-2", "hooks-3"), 0.0, 0.0, 1.0),
        (("keys-1", "plain", "keys-3", "hooks-3"), 1.0, 1.0, 0.0),
        (("keys-3", "hooks-2", "plain", "hooks-3"), 0.0, 1.0, 1.0),
        (("hooks-1",), 0.0, 0.0, 1.0),
        (("keys-3", "plain"), 0.0, 0.0, 0.0),
        ((), 0.0, 0.0, 0.0),
        (("hooks-bare", "hooks-3", "hooks-1"), 1.0, 1.0, 0.0),
        (("hooks-bare", "hooks-1", "hooks-3"), 0.0, 1.0, 1.0),
        (("hooks-3b", "hooks-1", "hooks-3"), 1.0, 1.0, 0.0),
        (("not-in-the-corpus", "hooks-3"), 1.0, 1.0, 0.0),
    ],
)
def test_only_the_order_within_the_asked_family_counts(ranking, accurate: float, within_two: float, inverted: float):
    found = [one(metric, case("current"), ranked(*ranking)) for metric in ("VersionAcc@1", "VersionAcc@2", "Inverted")]
    assert found == [accurate, within_two, inverted]


@pytest.mark.parametrize(
    ("metric", "ranking", "value"),
    [
        ("Stale@1", ("hooks-1", "hooks-3"), 1.0),
        ("Stale@1", ("hooks-3", "hooks-1"), 0.0),
        ("Stale@5", ("hooks-3", "hooks-1", "hooks-2", "plain", "keys-1", "keys-3"), 3 / 5),
        ("Stale@5", ("hooks-1",), 1 / 5),
        ("Stale@3", ("plain", "keys-3", "hooks-3", "hooks-1"), 0.0),
        ("Stale@5", ("not-in-the-corpus",), 0.0),
        ("Stale@5", (), 0.0),
    ],
)
def test_stale_share_counts_every_family_and_is_of_k(metric: str, ranking, value: float):
    assert one(metric, case("current"), ranked(*ranking)) == pytest.approx(value, abs=1e-12)


def test_old_version_asked_for_is_right_and_the_newest_is_wrong():
    for mode in ("named", "dated"):
        old_first, new_first = ranked("hooks-1", "hooks-3"), ranked("hooks-3", "hooks-1")
        assert [one(metric, case(mode, "1"), old_first) for metric in ("VersionAcc@1", "Inverted")] == [1.0, 0.0]
        assert [one(metric, case(mode, "1"), new_first) for metric in ("VersionAcc@1", "Inverted")] == [0.0, 1.0]
        assert isinstance(one("Stale@5", case(mode, "1"), old_first), NotApplicable), "old documents are wanted here"


def test_of_a_change_every_version_named_is_right_and_none_is_inverted():
    asking = case("change", "1", "3")
    assert [one("VersionAcc@1", asking, ranked(first, "hooks-2")) for first in ("hooks-1", "hooks-3")] == [1.0, 1.0]
    assert one("VersionAcc@1", asking, ranked("hooks-2", "hooks-3", "hooks-1")) == 0.0
    assert one("Inverted", asking, ranked("hooks-2")) == NotApplicable("several versions are asked for")
    assert one("Stale@5", asking, ranked("hooks-2")) == NotApplicable("what is asked for is not the current version")


@pytest.mark.parametrize("metric", ALL, ids=str)
def test_case_that_asks_for_no_version_is_not_applicable_whatever_was_done(metric: Metric):
    bare = Case("q", "asked", Query("q", "asked", "q"), {"hooks-3": 1})
    unresolved = Case("q", "asked", case("current").query, {})
    for asking in (bare, unresolved):
        for observation in (ranked("hooks-1"), Observation("q", error="timed out")):
            assert score(metric, [asking], {"q": observation}, MARKS)["q"] == NotApplicable("no version is asked for")


@pytest.mark.parametrize("metric", ALL, ids=str)
def test_what_failed_is_unscored(metric: Metric):
    assert score(metric, [case("current")], {"q": Observation("q", error="timed out")}, MARKS)["q"] == Unscored("timed out")
    assert isinstance(score(metric, [case("current")], {}, MARKS)["q"], Unscored)


def test_ties_go_by_id_descending():
    tied = Observation("q", tuple(Ranked(name, 1.0) for name in ("hooks-1", "hooks-3", "hooks-2")))
    assert one("VersionAcc@1", case("current"), tied) == 1.0
    assert one("VersionAcc@1", case("named", "1"), tied) == 0.0
    assert one("Stale@1", case("current"), tied) == 0.0


def test_values_do_not_depend_on_any_order_and_keep_to_their_range():
    draw = random.Random(11)
    modes: list[tuple[Mode, str]] = [("current", "3"), ("named", "1"), ("dated", "2"), ("change", "2")]
    cases = [case(*draw.choice(modes), name=f"q{i}") for i in range(60)]
    runs = {each.id: [Ranked(name, draw.randrange(4) / 3) for name in draw.sample(sorted(MARKS), draw.randrange(8))] for each in cases}
    first = score_all(ALL, cases, {name: Observation(name, tuple(run)) for name, run in runs.items()}, MARKS)
    shuffled = {name: Observation(name, tuple(draw.sample(run, len(run)))) for name, run in draw.sample(sorted(runs.items()), 60)}
    again = score_all(ALL[::-1], draw.sample(cases, 60), shuffled, dict(draw.sample(sorted(MARKS.items()), len(MARKS))))
    assert first == again
    numbers = [value for values in first.values() for value in values.values() if isinstance(value, float)]
    assert len(numbers) > 150
    assert all(0 <= value <= 1 for value in numbers)
    for each in cases:
        accurate, inverted = first[ALL[0]][each.id], first[ALL[4]][each.id]
        if isinstance(inverted, float):
            assert accurate + inverted <= 1, "the asked version and another one cannot both come first"


def test_marks_must_be_given_where_they_are_needed():
    with pytest.raises(ValueError, match=r"Stale@5, Inverted: the marks of the ranked documents are needed"):
        score_all([ALL[3], Metric("RR"), ALL[4]], [case("current")], {"q": ranked("hooks-3")})
    assert score(Metric("RR"), [case("current")], {"q": ranked("hooks-3")}) == {"q": NotApplicable("no document is relevant")}


def test_direction_and_cutoffs():
    assert scale(ALL[0]) == Scale(binary=True)
    assert scale(ALL[3]) == Scale(higher_is_better=False)
    assert scale(ALL[4]) == Scale(higher_is_better=False, binary=True)
    for wrong, said in (("VersionAcc", "needs a cutoff"), ("Stale", "needs a cutoff"), ("Inverted@5", "takes no cutoff")):
        with pytest.raises(ValueError, match=said):
            scale(Metric.parse(wrong))
