"""A small collection, and suites over it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ragguard.data.collection import Collection
from ragguard.data.collection import load as load_collection
from ragguard.plan.load import LoadedPlan
from ragguard.plan.load import load as load_plan

QUERIES = [
    {"_id": "b", "text": "second", "tags": ["x", "y"], "asks": {"family": "hooks", "mode": "current"}},
    {"_id": "a", "text": "first", "tags": ["x"]},
    {"_id": "d", "text": "fourth", "tags": ["z"], "intent": "shared"},
    {"_id": "c", "text": "third", "tags": ["y"], "asks": {"family": "hooks", "mode": "named", "versions": ["1"]}, "intent": "shared"},
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "data"
    (data / "qrels").mkdir(parents=True)
    documents = [{"_id": f"d{i}", "text": f"text {i}", "family": "hooks", "version": str(i)} for i in range(1, 4)]
    (data / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in documents))
    (data / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in QUERIES))
    (data / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(f"{q['_id']}\td1\t1\n" for q in QUERIES))
    return tmp_path


@pytest.fixture
def collection(folder: Path) -> Collection:
    return load_collection(folder / "data", "test")


@pytest.fixture
def plan(folder: Path) -> Callable[..., LoadedPlan]:
    """A factory: suite texts to a loaded plan."""

    def make(*suites: str) -> LoadedPlan:
        names = []
        for number, text in enumerate(suites):
            name = f"suite{number}.yaml"
            (folder / name).write_text(text)
            names.append(name)
        (folder / "gate.yaml").write_text(
            "name: small\ncollection: data\nbaseline:\n  retriever: {type: lexical}\n"
            f"candidates:\n  new:\n    retriever: {{type: lexical, k1: 1}}\nsuites: [{', '.join(names)}]\n"
        )
        return load_plan(folder / "gate.yaml")

    return make
