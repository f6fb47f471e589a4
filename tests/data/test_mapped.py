import importlib.util
import os

import pytest
from small_collections import DOCUMENTS, QRELS, QUERIES, write_collection, write_jsonl

from ragguard.data.collection import load, load_mapped
from ragguard.data.mapped import Layout, Table
from ragguard.errors import InputError

needs_datasets = pytest.mark.skipif(importlib.util.find_spec("datasets") is None, reason="needs datasets (the extra: models)")

COLLECTION_YAML = """\
corpus: {path: docs.jsonl, format: jsonl, columns: {_id: key, text: body}}
queries: {path: asked.jsonl, format: jsonl}
qrels:
  path: judged-{split}.txt
  format: trec
"""


def problems_of(call) -> list[str]:
    with pytest.raises(InputError) as caught:
        call()
    return [str(problem) for problem in caught.value.problems]


def test_collection_yaml_renames_columns_and_reads_trec_qrels(tmp_path):
    plain = load(write_collection(tmp_path / "plain"))
    folder = tmp_path / "mapped"
    write_jsonl(folder / "docs.jsonl", [{{"_id": "key", "text": "body"}.get(k, k): v for k, v in row.items()} for row in DOCUMENTS])
    write_jsonl(folder / "asked.jsonl", QUERIES)
    (folder / "judged-test.txt").write_text("".join(f"{q} 0 {d} {g}\n" for q, d, g in QRELS))
    (folder / "collection.yaml").write_text(COLLECTION_YAML)
    mapped = load(folder)
    assert mapped.fingerprint == plain.fingerprint
    assert mapped.document("keys") == plain.document("keys")


def test_problems_of_collection_yaml_come_together_with_lines(tmp_path):
    (tmp_path / "collection.yaml").write_text(
        "corpus: {path: a.jsonl, columns: {txt: body}}\nqueries:\n  pth: q.jsonl\nqrels: {path: x, format: tsv}\nquery: {}\n"
    )
    found = [line.replace(str(tmp_path) + os.sep, "") for line in problems_of(lambda: load(tmp_path))]
    assert found == [
        "collection.yaml:1: corpus has no column 'txt'; did you mean 'text'?",
        "collection.yaml:3: unknown key 'pth' in queries; did you mean 'path'?",
        "collection.yaml:2: queries needs one of path and dataset; write path: for what is on disk, dataset: for the hub",
        "collection.yaml:4: qrels.format is 'tsv'; known: beir, datasets, jsonl, trec",
        "collection.yaml:5: unknown key 'query'; did you mean 'queries'?",
    ]


def test_problems_of_a_layout_made_in_code(tmp_path):
    layout = Layout(corpus=Table(dataset="org/name"), qrels=Table(path="x.tsv", columns={"score": "grade"}))
    assert [line.split(";")[0] for line in problems_of(lambda: load_mapped(layout, tmp_path))] == [
        "corpus: corpus names a dataset of the hub",
        "qrels: beir qrels have fixed columns",
    ]


def test_a_compressed_corpus_is_refused(tmp_path):
    assert "unpack it" in problems_of(lambda: load_mapped(Layout(corpus=Table(path="corpus.jsonl.gz")), tmp_path))[0]


@needs_datasets
@pytest.mark.slow
def test_saved_datasets_and_csv_and_parquet_files_give_the_same_collection(tmp_path):
    from datasets import Dataset, DatasetDict

    documents = [{"_id": row["_id"], "title": row["title"], "text": row["text"]} for row in DOCUMENTS]
    queries = [{"_id": row["_id"], "text": row["text"]} for row in QUERIES[1:2]]
    judged = [{"query": "q2", "document": "keys", "grade": 1}]
    plain = load(write_collection(tmp_path, documents, queries, [("q2", "keys", 1)]))
    DatasetDict({"passages": Dataset.from_list(documents)}).save_to_disk(str(tmp_path / "saved"))
    Dataset.from_list(queries).to_parquet(str(tmp_path / "queries.parquet"))
    Dataset.from_list(judged).to_csv(str(tmp_path / "qrels.csv"))
    names = {"query-id": "query", "corpus-id": "document", "score": "grade"}
    layout = Layout(
        corpus=Table(path="saved", split="passages", format="datasets"),
        queries=Table(path="queries.parquet", format="datasets"),
        qrels=Table(path="qrels.csv", format="datasets", columns=names),
    )
    mapped = load_mapped(layout, tmp_path)
    assert mapped.fingerprint == plain.fingerprint
    assert mapped.document("hooks-2.3") == plain.document("hooks-2.3")
    assert list(mapped.documents()) == list(plain.documents())


@needs_datasets
@pytest.mark.slow
def test_what_is_wrong_with_a_dataset_is_said(tmp_path):
    from datasets import Dataset

    write_collection(tmp_path)
    Dataset.from_list([{"key": "a", "text": "b"}]).save_to_disk(str(tmp_path / "saved"))

    def found(**table: object) -> str:
        return problems_of(lambda: load_mapped(Layout(corpus=Table(format="datasets", **table)), tmp_path))[0]

    assert "saved: has no column 'id'; known: key, text" in found(path="saved", columns={"_id": "id"})
    assert "saved:1: has no _id" in found(path="saved")
    assert "there is no such file or folder" in found(path="nothing")
    assert "datasets is not asked to read .txt files" in found(path=write_jsonl(tmp_path / "x.txt", []).name)


def test_text_ids_of_a_csv_keep_their_zeros(tmp_path):
    pytest.importorskip("datasets", reason="needs datasets (the extra: models)")
    from ragguard.data.formats.hub import open_local

    (tmp_path / "a.csv").write_text("_id,text\n007,NA\n")
    assert list(open_local(tmp_path / "a.csv")) == [{"_id": "007", "text": "NA"}]
