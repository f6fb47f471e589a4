import pytest

from ragguard.errors import InputError
from ragguard.plan.recipes import BiEncoderRecipe, EarlyStopping
from ragguard.records.collection import Document, Quadruplet
from ragguard.train.rows import columns, divide, refuse_golden


def recipe(**options):
    return BiEncoderRecipe(**{"recipe": "biencoder", "base": "b", "data": "train.jsonl", **options})


def rows(intents=10, each=3, negative=True):
    return [
        Quadruplet(f"q{i}-{j}", f"i{i}", Document(f"p{i}", f"text {i}", title="T"), Document(f"n{i}", f"near {i}") if negative else None)
        for i in range(intents)
        for j in range(each)
    ]


def test_the_cap_takes_whole_intents_but_for_the_last():
    split = divide(rows(), recipe(max_rows=10), 1)
    sizes = sorted(sum(row.intent == name for row in split.train) for name in {row.intent for row in split.train})
    assert sizes == [1, 3, 3, 3]
    assert divide(rows(), recipe(max_rows=10), 1) == split
    assert divide(rows(), recipe(max_rows=10), 2) != split


def test_no_intent_is_in_both_splits():
    split = divide(rows(), recipe(early_stopping=EarlyStopping(dev_share=0.3)), 1)
    assert len({row.intent for row in split.dev}) == 3
    assert {row.intent for row in split.dev}.isdisjoint(row.intent for row in split.train)
    assert len(split.train) + len(split.dev) == 30


def test_one_intent_cannot_be_split():
    with pytest.raises(InputError, match="two intents"):
        divide(rows(1), recipe(early_stopping=EarlyStopping()), 1)


def test_spoiled_rows_have_the_positive_of_another_row():
    plain = rows(10, 1)
    spoiled = divide(plain, recipe(spoil="shuffled-positives"), 1).train
    assert sorted(row.positive.id for row in spoiled) == sorted(row.positive.id for row in plain)
    assert all(row.positive != other.positive for row, other in zip(plain, spoiled, strict=True))


def test_swapped_rows_have_their_hard_negative_as_positive():
    plain = rows(3, 1)
    spoiled = divide(plain, recipe(spoil="swapped-negatives"), 1).train
    assert [row.positive for row in spoiled] == [row.hard_negative for row in plain]
    assert [row.hard_negative for row in spoiled] == [row.positive for row in plain]


def test_columns_follow_the_loss():
    two = rows(2, 1)
    assert columns(two, recipe(), "{title}: {text}") == {
        "anchor": ["q0-0", "q1-0"],
        "positive": ["T: text 0", "T: text 1"],
        "negative": [": near 0", ": near 1"],
    }
    assert set(columns(two, recipe(hard_negatives=False), "{text}")) == {"anchor", "positive"}
    assert columns(two, recipe(loss="cosent"), "{text}") == {
        "sentence1": ["q0-0", "q1-0"] * 2,
        "sentence2": ["text 0", "text 1", "near 0", "near 1"],
        "score": [1.0, 1.0, 0.0, 0.0],
    }


def test_rows_without_negatives():
    assert set(columns(rows(negative=False), recipe(), "{text}")) == {"anchor", "positive"}
    with pytest.raises(InputError, match="30 of 30 rows have no negative"):
        columns(rows(negative=False), recipe(loss="triplet"), "{text}")
    with pytest.raises(InputError, match=r"3 of 6 rows.*hard_negatives: false"):
        columns([*rows(1), *rows(1, negative=False)], recipe(), "{text}")


def test_an_easy_negative_stands_in_for_a_hard_one():
    row = Quadruplet("q", "i", Document("p", "yes"), easy_negative=Document("e", "far"))
    assert columns([row], recipe(), "{text}")["negative"] == ["far"]


def test_twenty_pairs_are_named_at_most():
    leaked = [Quadruplet(f"how do I rotate key number {i}", "i", Document("p", "t")) for i in range(30)]
    with pytest.raises(InputError) as caught:
        refuse_golden(leaked, {f"g{i}": row.query for i, row in enumerate(leaked)}, "train.jsonl")
    assert len(caught.value.problems) == 21
    refuse_golden(leaked, {"g": "an unrelated question about tea"}, "train.jsonl")
