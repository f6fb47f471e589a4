import gzip
import json

import pytest
from small_collections import write_jsonl

from ragguard.data.formats.judgements import read_qrels
from ragguard.data.formats.runs import read_run
from ragguard.errors import InputError
from ragguard.records.evidence import Ranked

EXPECTED_RUN = {"q1": [Ranked("b", 2.0), Ranked("a", 1.5)], "q2": [Ranked("d", 1.0), Ranked("c", 1.0)]}
TREC = "q1 Q0 a 1 1.5 tag\nq2\tQ0\tc\t1\t1.0\ttag with more\n\nq1 Q0 b 2 2 tag\nq2 Q0 d 2 1 tag\n"


def problems_of(read, path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(path)
    return [str(problem).replace(str(path), "f") for problem in caught.value.problems]


def test_runs_in_all_three_forms_are_the_same(tmp_path):
    trec, packed = tmp_path / "run.trec", tmp_path / "run.trec.gz"
    trec.write_text(TREC)
    packed.write_bytes(gzip.compress(TREC.encode()))
    rankings = [{"query-id": q, "ranking": [{"id": r.id, "score": r.score} for r in ranking]} for q, ranking in EXPECTED_RUN.items()]
    rows = [{"qid": q, "docid": r.id, "score": r.score} for q, ranking in EXPECTED_RUN.items() for r in reversed(ranking)]
    files = [trec, packed, write_jsonl(tmp_path / "a.jsonl", rankings), write_jsonl(tmp_path / "b.jsonl", rows)]
    assert [read_run(path) for path in files] == [EXPECTED_RUN] * 4


def test_an_empty_ranking_is_kept(tmp_path):
    assert read_run(write_jsonl(tmp_path / "run.jsonl", [{"query-id": 7, "ranking": []}])) == {"7": []}


def test_problems_of_a_trec_run(tmp_path):
    path = tmp_path / "run"
    path.write_bytes(b"q1 Q0 a 1 nan t\nq1 Q0 b 1 -inf t\nq1 Q0 c 1 1.0 t\nq1 Q0 c 2 0.5 t\nq1 Q0 d 1 one t\nq1 Q0 e 1\nq1 Q0 \xff 1 1 t\n")
    assert [line.split(";")[0] for line in problems_of(read_run, path)] == [
        "f:1: the score is 'nan', not a finite number",
        "f:2: the score is '-inf', not a finite number",
        "f:4: document 'c' is ranked twice for query 'q1'",
        "f:5: the score is 'one', not a finite number",
        "f:6: has 4 columns, not 6",
        "f:7: is not UTF-8 (byte 0xff at offset 97)",
    ]


def test_problems_of_a_json_run(tmp_path):
    rows = [
        {"query-id": "q", "ranking": [{"id": "a"}, {"id": None, "score": 1}, {"id": "a", "score": 1}]},
        {"qid": "q", "docid": "x", "score": True},
    ]
    path = write_jsonl(
        tmp_path / "run.jsonl",
        [*rows, '{"qid": "q", "docid": "y", "score": NaN}', {"docid": "x", "score": 1}, {"query-id": "r", "ranking": ["a"]}],
    )
    assert [line.split(";")[0].split(" (it has")[0] for line in problems_of(read_run, path)] == [
        "f:1: the score is None, not a finite number",
        "f:1: id is null",
        "f:1: document 'a' is ranked twice for query 'q'",
        "f:2: the score is True, not a finite number",
        "f:3: is not JSON: unexpected character, expected a JSON value (column 37)",
        "f:4: has no query-id",
        "f:5: ranking is not a list of objects",
    ]


def test_missing_and_damaged_runs(tmp_path):
    assert "there is no such file; expected a run" in problems_of(read_run, tmp_path / "none.trec")[0]
    broken = tmp_path / "run.gz"
    broken.write_bytes(gzip.compress(TREC.encode() * 50)[:40])
    assert "is not a whole gzip file" in problems_of(read_run, broken)[0]
    broken.write_bytes(b"q1 Q0 a 1 1.5 tag\n")
    assert "is not a whole gzip file" in problems_of(read_run, broken)[0]
    assert "cannot be read" in problems_of(read_run, tmp_path)[0]


def test_qrels_in_all_three_forms_are_the_same(tmp_path):
    trec, beir = tmp_path / "a", tmp_path / "b"
    trec.write_text("q1 0 d1 2\nq1 0 d2 -1\nq2\t0\td1\t0\n")
    beir.write_text("query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t-1\nq2\td1\t0\n")
    rows = [
        {"query-id": "q1", "corpus-id": "d1", "score": 2},
        {"query-id": "q1", "corpus-id": "d2", "score": -1},
        {"query-id": "q2", "corpus-id": "d1", "score": 0},
    ]
    expected = {"q1": {"d1": 2, "d2": -1}, "q2": {"d1": 0}}
    assert [read_qrels(path) for path in (trec, beir, write_jsonl(tmp_path / "c", rows))] == [expected] * 3


def test_problems_of_qrels(tmp_path):
    path = write_jsonl(
        tmp_path / "q",
        [
            {"query-id": "q", "corpus-id": "d", "score": 1.0},
            {"query-id": "q", "corpus-id": "d"},
            {"query-id": [], "corpus-id": "d", "score": 1},
        ],
    )
    assert [line.split(";")[0] for line in problems_of(read_qrels, path)] == [
        "f:1: score is 1.0, not a whole number",
        "f:2: has no score",
        "f:3: query-id is a list",
    ]
    path.write_text("q 0 d 1\nq 0 d\n")
    assert problems_of(read_qrels, path) == ["f:2: has 3 columns, not 4; write, between blanks: query-id iteration corpus-id score"]


def test_real_runs_and_qrels(shared_data):
    run = read_run(shared_data / "trec_eval" / "results.test")
    assert (len(run), sum(map(len, run.values()))) == (3, 1500)
    assert sum(map(len, read_qrels(shared_data / "trec_eval" / "qrels.test").values())) == 3681
    assert json.dumps(sorted(read_run(shared_data / "cranfield" / "run.bm25.trec"))[:2]) == '["1", "10"]'
