"""Writes small collections for the tests of this folder."""

import json
from pathlib import Path
from typing import Any

DOCUMENTS: list[dict[str, Any]] = [
    {
        "_id": "hooks-1.9",
        "title": "Webhooks",
        "text": "Retried for 24 hours.",
        "family": "webhooks",
        "version": "1.9",
        "status": "superseded",
    },
    {"_id": "hooks-2.3", "title": "Webhooks", "text": "Retried for 72 hours.", "family": "webhooks", "version": "2.3", "status": "current"},
    {
        "_id": "keys",
        "title": "Keys",
        "text": "Keys are rotated.",
        "effective_from": "2024-02-01",
        "team": "platform",
        "url": {"path": "/k"},
    },
]
QUERIES: list[dict[str, Any]] = [
    {
        "_id": "q1",
        "text": "how long are webhooks retried?",
        "asks": {"family": "webhooks", "mode": "named", "versions": ["1.9"]},
        "tags": ["versioned"],
    },
    {"_id": "q2", "text": "key rotation", "intent": "rotate", "required": ["rotated"], "metadata": {"from": "support"}},
    {"_id": "q3", "text": "who is the king?", "answerable": False},
]
QRELS = [("q1", "hooks-1.9", 2), ("q1", "hooks-2.3", 0), ("q2", "keys", 1)]


def write_jsonl(path: Path, rows: list[Any], end: str = "\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join((row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + end for row in rows).encode())
    return path


def write_qrels(path: Path, rows: list[Any], end: str = "\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["query-id\tcorpus-id\tscore", *("\t".join(map(str, row)) for row in rows)]
    path.write_bytes("".join(line + end for line in lines).encode())
    return path


def write_collection(folder: Path, documents: Any = None, queries: Any = None, qrels: Any = None, end: str = "\n") -> Path:
    write_jsonl(folder / "corpus.jsonl", DOCUMENTS if documents is None else documents, end)
    write_jsonl(folder / "queries.jsonl", QUERIES if queries is None else queries, end)
    write_qrels(folder / "qrels" / "test.tsv", QRELS if qrels is None else qrels, end)
    return folder
