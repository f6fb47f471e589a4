import pytest
from small_collections import write_collection, write_jsonl

from ragguard.data.collection import load
from ragguard.data.quadruplets import load_quadruplets
from ragguard.errors import InputError

ROW = {
    "query": "how long?",
    "intent": "retry-window",
    "positive_document": "Retried for 72 hours.",
    "hard_negative_document": "Retried for 24 hours.",
    "easy_negative_document": "Paint dries.",
    "gold_answer": "72 hours",
    "required_attributes": ["72 hours"],
    "positive_id": "hooks-2.3",
    "hard_negative_id": "hooks-1.9",
    "easy_negative_id": "paint",
}


def test_known_ids_bring_the_whole_document_and_others_their_text(tmp_path):
    collection = load(write_collection(tmp_path))
    row, again = load_quadruplets(write_jsonl(tmp_path / "train.jsonl", [ROW, ROW]), collection)
    assert (row.positive, row.hard_negative) == (collection.document("hooks-2.3"), collection.document("hooks-1.9"))
    assert row.positive is again.positive
    assert row.easy_negative is not None
    assert (row.easy_negative.id, row.easy_negative.text, row.easy_negative.family) == ("paint", "Paint dries.", "")
    assert (row.intent, row.gold_answer, row.required_attributes) == ("retry-window", "72 hours", ("72 hours",))


def test_ids_alone_are_enough_with_a_collection(tmp_path):
    rows = [{"query": "how long?", "positive_id": "hooks-2.3"}]
    path = write_jsonl(tmp_path / "train.jsonl", rows)
    assert load_quadruplets(path, load(write_collection(tmp_path)))[0].positive.version == "2.3"
    with pytest.raises(InputError, match=r"positive_id 'hooks-2\.3' is not in the corpus, and there is no text in its place"):
        load_quadruplets(path)


def test_pairs_and_triplets(tmp_path):
    rows = [{"query": "a", "positive": "b"}, {"anchor": "c", "positive": "b", "negative": "e"}]
    pair, triplet = load_quadruplets(write_jsonl(tmp_path / "pairs.jsonl", rows))
    assert (pair.query, pair.intent, pair.positive.text, pair.hard_negative) == ("a", "a", "b", None)
    assert triplet.hard_negative is not None
    assert (triplet.query, triplet.hard_negative.text, triplet.easy_negative) == ("c", "e", None)
    assert pair.positive.id == triplet.positive.id != triplet.hard_negative.id


def test_all_problems_come_together(tmp_path):
    rows = [{"positive": "b"}, {"query": "a"}, {"query": "a", "positive": "b", "negative": "b"}, {"query": "a", "positive": 1.5}, "{"]
    with pytest.raises(InputError) as caught:
        load_quadruplets(write_jsonl(tmp_path / "t.jsonl", rows))
    assert [problem.where.rpartition(":")[2] for problem in caught.value.problems] == ["1", "2", "3", "4", "4", "5"]
    assert "negative is the positive document itself" in str(caught.value)


def test_an_empty_file_is_an_error(tmp_path):
    with pytest.raises(InputError, match="there is no row"):
        load_quadruplets(write_jsonl(tmp_path / "t.jsonl", []))
