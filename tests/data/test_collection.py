import os
import pickle

import pytest
from small_collections import DOCUMENTS, QRELS, QUERIES, write_collection, write_jsonl, write_qrels

from ragguard.data.collection import load
from ragguard.errors import CannotJudge, InputError
from ragguard.records.collection import Asks, Document


def problems_of(folder, split: str = "test") -> list[str]:
    with pytest.raises(InputError) as caught:
        load(folder, split)
    return [str(problem).replace(str(folder) + os.sep, "") for problem in caught.value.problems]


def test_a_collection_is_read_with_all_fields(tmp_path):
    collection = load(write_collection(tmp_path))
    assert (collection.size, collection.ids, collection.split) == (3, ("hooks-1.9", "hooks-2.3", "keys"), "test")
    assert collection.qrels == {"q1": {"hooks-1.9": 2, "hooks-2.3": 0}, "q2": {"keys": 1}}
    assert list(collection.queries) == ["q1", "q2", "q3"]
    assert collection.queries["q1"].asks == Asks("webhooks", "named", ("1.9",))
    assert collection.queries["q1"].intent == "q1"
    assert (collection.queries["q2"].intent, collection.queries["q2"].required) == ("rotate", ("rotated",))
    assert collection.queries["q3"].answerable is False
    keys = Document("keys", "Keys are rotated.", "Keys", effective_from="2024-02-01", extra={"team": "platform", "url": '{"path":"/k"}'})
    assert collection.document("keys") == keys
    assert [document.id for document in collection.documents()] == list(collection.ids)
    assert collection.warnings == ()
    with pytest.raises(KeyError):
        collection.document("nothing")


def test_documents_are_found_by_offset_past_blank_lines_byte_order_mark_and_wide_characters(tmp_path):
    folder = write_collection(
        tmp_path,
        [{"_id": 7, "text": "naïve – 日本"}, "", {"_id": "x", "title": "Ω", "text": ""}],
        [{"_id": 1, "text": "a"}],
        [(1, 7, 1)],
        "\r\n",
    )
    path = folder / "corpus.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    collection = load(folder)
    assert collection.document("7").text == "naïve – 日本"
    assert collection.document("x").title == "Ω"
    assert collection.qrels == {"1": {"7": 1}}


def test_the_fingerprint_ignores_order_and_line_ends(tmp_path):
    one = load(write_collection(tmp_path / "a"))
    reordered = [dict(reversed(list(row.items()))) for row in reversed(DOCUMENTS)]
    two = load(write_collection(tmp_path / "b", reordered, QUERIES[::-1], QRELS[::-1], "\r\n"))
    assert one.fingerprint == two.fingerprint
    assert one.corpus_fingerprint == two.corpus_fingerprint
    assert len(one.fingerprint) == 64


@pytest.mark.parametrize(
    "changed",
    [
        {"documents": [*DOCUMENTS[:2], DOCUMENTS[2] | {"text": "Keys are rotated!"}]},
        {"documents": [*DOCUMENTS[:2], DOCUMENTS[2] | {"team": "cards"}]},
        {"documents": [*DOCUMENTS, {"_id": "new", "text": "new"}]},
        {"queries": [*QUERIES[:2], QUERIES[2] | {"tags": ["x"]}]},
        {"queries": [QUERIES[0] | {"asks": {"family": "webhooks", "mode": "named", "versions": ["2.3"]}}, *QUERIES[1:]]},
        {"qrels": [*QRELS[:2], ("q2", "keys", 2)]},
        {"qrels": [*QRELS, ("q2", "hooks-1.9", 0)]},
    ],
)
def test_the_fingerprint_changes_with_any_content(tmp_path, changed):
    before, after = load(write_collection(tmp_path / "a")), load(write_collection(tmp_path / "b", **changed))
    assert before.fingerprint != after.fingerprint
    assert (before.corpus_fingerprint != after.corpus_fingerprint) == ("documents" in changed)


def test_all_problems_of_all_files_are_reported_together(tmp_path):
    folder = write_collection(
        tmp_path,
        [
            *DOCUMENTS,
            "{not json",
            "[1]",
            {"text": "no id"},
            {"_id": None, "text": "x"},
            {"_id": 1.5, "text": "x"},
            {"_id": "keys", "text": "x"},
            {"_id": "a", "text": "x", "status": "curent"},
            {"_id": "b", "text": "x", "version": 2.10},
            {"_id": "c", "body": "x"},
            {"_id": "d", "text": "x", "effective_from": "June 2024"},
        ],
        [
            {"_id": "q1", "text": "a", "asks": {"family": "webhooks", "mode": "named", "versions": ["2.7"]}},
            {"_id": "q1", "text": "b"},
            {"_id": "q2", "text": "c", "asks": {"family": "webhooks", "mode": "latest"}},
            {"_id": "q4", "text": "d", "asks": {"family": "webhoks", "mode": "dated"}},
            {"_id": "q5", "text": " ", "tags": "one", "answerable": "no", "intnt": "x"},
        ],
        [("q1", "keys", 1), ("q1", "keys", 2), ("q1", "gone", 1), ("q9", "keys", 1), ("q2", "keys", "1.5"), ("q2", "keys")],
    )
    found = problems_of(folder)
    for start in [
        "corpus.jsonl:4: is not JSON: ",
        "corpus.jsonl:5: is JSON, but not an object; ",
        "corpus.jsonl:6: has no _id; ",
        "corpus.jsonl:7: _id is null; ",
        "corpus.jsonl:8: _id is 1.5; ",
        "corpus.jsonl:9: duplicate id 'keys', first in line 3; ",
        "corpus.jsonl:10: status is 'curent'; did you mean 'current'?",
        "corpus.jsonl:11: version is 2.1, not text; put it in quotes",
        "corpus.jsonl:12: has neither text nor title; ",
        "corpus.jsonl:13: effective_from is 'June 2024', not a day; write it as YYYY-MM-DD",
        'queries.jsonl:1: asks.versions "2.7" names no version of family "webhooks" (known: 1.9, 2.3)',
        "queries.jsonl:2: duplicate id 'q1', first in line 1; ",
        "queries.jsonl:3: asks.mode is 'latest'; known: change, current, dated, named",
        'queries.jsonl:4: asks.family "webhoks" is the family of no document; ',
        "queries.jsonl:4: asks.mode 'dated' needs asks.as_of; ",
        "queries.jsonl:5: the query has no text; ",
        "queries.jsonl:5: tags is 'one', not a list of texts; ",
        "queries.jsonl:5: answerable is 'no'; write true or false",
        "queries.jsonl:5: has a field 'intnt'; did you mean 'intent'?",
        "qrels/test.tsv:3: document 'keys' is judged twice for query 'q1' (grades 1 and 2); ",
        "qrels/test.tsv:4: judges document 'gone', which is not in the corpus; ",
        "qrels/test.tsv:5: judges query 'q9', which is not among the queries; ",
        "qrels/test.tsv:6: score is '1.5', not a whole number; ",
        "qrels/test.tsv:7: has 2 columns, not 3; ",
    ]:
        assert [line for line in found if line.startswith(start)], (start, found)
    assert len(found) == 24


def test_bytes_that_are_not_utf8_are_placed(tmp_path):
    folder = write_collection(tmp_path)
    path = folder / "corpus.jsonl"
    before = path.stat().st_size
    path.write_bytes(path.read_bytes() + b'{"_id": "z", "text": "caf\xe9"}\n')
    assert problems_of(folder) == [f"corpus.jsonl:4: is not UTF-8 (byte 0xe9 at offset {before + 25}); save the file as UTF-8"]


def test_missing_files_are_named_with_what_was_expected(tmp_path):
    found = problems_of(tmp_path)
    assert [line.split(":")[0] for line in found] == ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"]
    assert all("there is no such file; expected" in line for line in found)


def test_a_missing_split_names_those_there_are(tmp_path):
    assert problems_of(write_collection(tmp_path), "dev")[0].endswith("; the splits here are: test")


def test_an_empty_corpus_is_an_error_and_the_only_one(tmp_path):
    assert [line.split(";")[0] for line in problems_of(write_collection(tmp_path, documents=[]))] == ["corpus.jsonl: the corpus is empty"]


def test_no_query_is_an_error(tmp_path):
    assert "there is no query" in problems_of(write_collection(tmp_path, queries=[], qrels=[]))[0]


def test_a_missing_header_is_an_error(tmp_path):
    folder = write_collection(tmp_path)
    (folder / "qrels" / "test.tsv").write_text("q1\tkeys\t1\n")
    assert "the first line is not the header" in problems_of(folder)[0]


def test_no_more_than_fifty_problems_are_listed(tmp_path):
    found = problems_of(write_collection(tmp_path, documents=[*DOCUMENTS, *["{"] * 1100]))
    assert len(found) == 51
    assert found[-1].startswith("and 1,050 more problems")


def test_oddities_are_warnings(tmp_path):
    documents = [*DOCUMENTS, {"_id": "void", "text": " "}]
    queries = [*QUERIES, {"_id": "q4", "text": "Key  rotation"}]
    warnings = load(write_collection(tmp_path, documents, queries)).warnings
    assert [
        part in line
        for part, line in zip(
            ("1 documents are empty: void", "1 answerable queries have no relevant document: q4", "q2 = q4"), warnings, strict=True
        )
    ]
    assert len(warnings) == 3


def test_queries_of_other_splits_are_left_out_and_unjudged_ones_stay(tmp_path):
    folder = write_collection(tmp_path)
    write_qrels(folder / "qrels" / "train.tsv", [("q2", "keys", 1)])
    write_qrels(folder / "qrels" / "test.tsv", QRELS[:2])
    assert list(load(folder).queries) == ["q1", "q3"]
    assert list(load(folder, "train").queries) == ["q2", "q3"]


def test_a_file_that_changes_while_in_use_is_noticed(tmp_path):
    collection = load(write_collection(tmp_path))
    write_jsonl(tmp_path / "corpus.jsonl", [{"_id": "other", "text": "x" * 500}, *DOCUMENTS])
    with pytest.raises(CannotJudge, match="changed while it was in use"):
        collection.document("keys")
    with pytest.raises(CannotJudge, match="changed while it was in use"):
        list(collection.documents())
    write_jsonl(tmp_path / "corpus.jsonl", DOCUMENTS[:2])
    with pytest.raises(CannotJudge, match="changed while it was in use"):
        list(collection.documents())


def test_reading_by_id_works_while_streaming_and_in_another_process(tmp_path):
    collection = load(write_collection(tmp_path))
    assert [collection.document("hooks-1.9").id + document.id for document in collection.documents()] == [
        f"hooks-1.9{name}" for name in collection.ids
    ]
    again = pickle.loads(pickle.dumps(collection))
    assert (again.fingerprint, again.document("keys")) == (collection.fingerprint, collection.document("keys"))


def test_cranfield_loads(shared_data):
    collection = load(shared_data / "cranfield")
    assert (collection.size, len(collection.queries), sum(map(len, collection.qrels.values()))) == (1400, 225, 1837)
    assert len(collection.warnings) == 1
    assert "2 documents are empty: 471, 995" in collection.warnings[0]
    assert collection.document("184").title.startswith("scale models")
