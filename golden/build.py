"""Makes a golden collection from its sources: ``python golden/build.py payments`` (or ``general``, or ``cards``). See AUTHORING.md.

Every rule of AUTHORING.md that a program can check is checked here, all problems are printed together, and nothing is written unless
there are none.
"""

import hashlib
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from build_cards import expand
from ruamel.yaml import YAML

from ragguard.data import manifest

HERE = Path(__file__).parent
WORDS = range(60, 181)
PASSAGE_WORDS = range(30, 101)
CARD_WORDS = range(4, 21)
TAGS = {"explicit", "implicit", "multi_hop", "versioned", "adversarial", "unanswerable", "caveat", "canonical"}
MODES = {"current", "named", "dated", "change"}
MADE_BY = "golden/build.py from source/*.yaml and canonical.yaml, which people wrote"

Row = dict[str, Any]


class Sources:
    """All families of a collection, and what is wrong with them."""

    words = WORDS
    made_by = MADE_BY

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.families: dict[str, Row] = self._families()
        self.problems: list[str] = []
        self.documents: dict[str, Row] = {}
        self.canonical: set[str] = set(_read(folder / "canonical.yaml") or []) if (folder / "canonical.yaml").exists() else set()
        for name, family in self.families.items():
            for document in family["documents"]:
                self._add_document(name, family, document)

    def _families(self) -> dict[str, Row]:
        return {path.stem: _read(path) for path in sorted((self.folder / "source").glob("*.yaml"))}

    def _add_document(self, name: str, family: Row, document: Row) -> None:
        if document["_id"] in self.documents:
            self.problems.append(f"{name}: document {document['_id']} exists twice")
        words = len(document["text"].split())
        if words not in self.words:
            self.problems.append(f"{name}: {document['_id']} has {words} words")
        self.documents[document["_id"]] = {
            "_id": document["_id"],
            "title": document["title"],
            "text": re.sub(r"\n\n+", "\n\n", document["text"]).strip(),
            "type": document["type"],
            "family": document.get("family", name),
            "version": str(document["version"]),
            "status": document["status"],
            "effective_from": str(document["effective_from"]),
            "product": family["product"],
            "source": document["source"],
        }

    def check(self) -> None:
        """Note every broken rule in ``problems``."""
        intents = Counter(q["intent"] for f in self.families.values() for q in [*f["queries"], *f["train"]])
        self.problems += [f"intent {intent} is used {n} times" for intent, n in intents.items() if n > 1]
        self.problems += [f"canonical.yaml: no intent {intent}" for intent in sorted(self.canonical - set(intents))]
        for name, family in self.families.items():
            self._check_facts(name, family)
            for query in family["queries"]:
                self._check_query(name, query)
            for row in family["train"]:
                self.problems += [
                    f"{name}: {row['intent']} names no document {row[k]}"
                    for k in ("positive", "hard_negative")
                    if row[k] not in self.documents
                ]
                if missing := [v for v in row["required"] if v not in self.documents[row["positive"]]["text"]]:
                    self.problems.append(f"{name}: {row['intent']} requires {missing}, not in {row['positive']}")

    def _versions(self, name: str) -> dict[str, Row]:
        return {d["version"]: d for d in self.documents.values() if d["family"] == name}

    def _check_facts(self, name: str, family: Row) -> None:
        versions = self._versions(name)
        current = [v for v, d in versions.items() if d["status"] == "current"]
        if len(current) != 1:
            self.problems.append(f"{name}: current versions: {current}")
        for fact, values in family["facts"].items():
            for version, value in values.items():
                if version not in versions:
                    self.problems.append(f"{name}: fact {fact!r} speaks of version {version}, which has no document")
                elif _flat(value) not in _flat(versions[version]["text"]):
                    self.problems.append(f"{name}: fact {fact!r} = {value!r} does not stand in version {version}")

    def _check_query(self, name: str, query: Row) -> None:
        intent, relevant = query["intent"], query.get("relevant") or {}
        self.problems += [f"{name}: {intent}: unknown tag {tag}" for tag in set(query["tags"]) - TAGS]
        self.problems += [f"{name}: {intent}: no document {_id}" for _id in relevant if _id not in self.documents]
        if ("versioned" in query["tags"]) != ("asks" in query) or ("asks" in query and query["asks"]["mode"] not in MODES):
            self.problems.append(f"{name}: {intent}: versioned and asks do not agree")
        if ("unanswerable" in query["tags"]) != (not relevant):
            self.problems.append(f"{name}: {intent}: unanswerable and relevant do not agree")
        answers = " ".join(self.documents[i]["text"] for i, grade in relevant.items() if grade == 2 and i in self.documents)
        others = " ".join(d["text"] for d in self._versions(name).values())
        self.problems += [
            f"{name}: {intent}: required {v!r} stands in no answering document"
            for v in query.get("required", [])
            if _flat(v) not in _flat(answers)
        ]
        for value in query.get("forbidden", []):
            if _flat(value) in _flat(answers):
                self.problems.append(f"{name}: {intent}: forbidden {value!r} stands in an answering document")
            if _flat(value) not in _flat(others):
                self.problems.append(f"{name}: {intent}: forbidden {value!r} stands in no version")

    def queries(self) -> Iterator[tuple[Row, dict[str, int]]]:
        """Each query with its judgements."""
        for name, family in self.families.items():
            for query in family["queries"]:
                grades = dict.fromkeys((d["_id"] for d in self._versions(name).values()), 0) if "asks" in query else {}
                grades |= query.get("relevant") or {}
                asks = {"family": name, **{k: _text(v) for k, v in query["asks"].items()}} if "asks" in query else None
                tags = [*query["tags"], *(["canonical"] if query["intent"] in self.canonical else [])]
                for number, text in enumerate(query["texts"], 1):
                    yield (
                        {
                            "_id": f"{query['intent']}.{number}",
                            "text": text,
                            "intent": query["intent"],
                            "tags": tags,
                            **({"asks": asks} if asks else {}),
                            "gold_answer": query.get("gold_answer", ""),
                            "required": query.get("required", []),
                            "forbidden": query.get("forbidden", []),
                            "answerable": "unanswerable" not in query["tags"],
                        },
                        grades,
                    )

    def quadruplets(self) -> Iterator[Row]:
        """Each training row; the easy negative is a document of another product, picked by the hash of the query."""
        by_product = defaultdict(list)
        for document in self.documents.values():
            by_product[document["product"]].append(document)
        for family in self.families.values():
            far = [d for product, documents in sorted(by_product.items()) if product != family["product"] for d in documents]
            for row in family["train"]:
                for text in row["texts"]:
                    easy = far[int(hashlib.sha256(text.encode()).hexdigest(), 16) % len(far)]
                    picked = {"positive": row["positive"], "hard_negative": row["hard_negative"], "easy_negative": easy["_id"]}
                    yield {
                        "query": text,
                        "intent": row["intent"],
                        **{f"{role}_document": self.documents[_id]["text"] for role, _id in picked.items()},
                        "gold_answer": row["gold_answer"],
                        "required_attributes": row["required"],
                        **{f"{role}_id": _id for role, _id in picked.items()},
                    }


def _read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def _flat(text: Any) -> str:
    return " ".join(str(text).split())


def _text(value: Any) -> Any:
    return [str(item) for item in value] if isinstance(value, list) else str(value)


def _jsonl(path: Path, rows: list[Row]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


class Cards(Sources):
    """The fact cards of an invented product, expanded from one table."""

    words = CARD_WORDS
    made_by = "golden/build.py from source/tarn.yaml"

    def _families(self) -> dict[str, Row]:
        return expand(_read(self.folder / "source" / "tarn.yaml"))


class Topics:
    """The sources of golden/general: passages and queries by topic, one intent a query."""

    made_by = MADE_BY

    def __init__(self, folder: Path) -> None:
        self.topics = [_read(path) for path in sorted((folder / "source").glob("*.yaml"))]
        self.problems: list[str] = []
        self.documents = {p["_id"]: _passage(topic["topic"], p) for topic in self.topics for p in topic["passages"]}

    def check(self) -> None:
        """Note every broken rule in ``problems``."""
        ids = Counter(row["_id"] for topic in self.topics for row in [*topic["passages"], *topic["queries"]])
        self.problems += [f"id {name} is used {n} times" for name, n in ids.items() if n > 1]
        for topic in self.topics:
            for passage in topic["passages"]:
                if len(passage["text"].split()) not in PASSAGE_WORDS:
                    self.problems.append(f"{passage['_id']} has {len(passage['text'].split())} words")
            for query in topic["queries"]:
                self.problems += [f"{query['_id']}: no passage {name}" for name in query["relevant"] if name not in self.documents]
                if 2 not in query["relevant"].values():
                    self.problems.append(f"{query['_id']}: no passage answers it")

    def queries(self) -> Iterator[tuple[Row, dict[str, int]]]:
        """Each query with its judgements."""
        for topic in self.topics:
            for query in topic["queries"]:
                yield {"_id": query["_id"], "text": _flat(query["text"]), "tags": [topic["topic"]]}, dict(query["relevant"])


def _passage(topic: str, passage: Row) -> Row:
    return {"_id": passage["_id"], "title": passage["title"], "text": _flat(passage["text"]), "product": topic}


def build(folder: Path) -> list[str]:
    """Write the collection; return the problems, in which case nothing was written."""
    sources: Sources | Topics = {"general": Topics, "cards": Cards}.get(folder.name, Sources)(folder)
    sources.check()
    queries = list(sources.queries())
    if sources.problems:
        return sources.problems
    _jsonl(folder / "corpus.jsonl", list(sources.documents.values()))
    _jsonl(folder / "queries.jsonl", [query for query, _ in queries])
    (folder / "qrels").mkdir(exist_ok=True)
    lines = [f"{query['_id']}\t{_id}\t{grade}\n" for query, grades in queries for _id, grade in sorted(grades.items())]
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(lines), encoding="utf-8")
    made = dict.fromkeys(["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"], sources.made_by)
    if isinstance(sources, Sources):
        _jsonl(folder / "train.jsonl", list(sources.quadruplets()))
        made["train.jsonl"] = sources.made_by
        made |= {"glossary.yaml": "written by hand"} if (folder / "glossary.yaml").exists() else {}
    manifest.write(folder, made)
    return []


if __name__ == "__main__":
    found = build(HERE / sys.argv[1])
    print("\n".join(found) or f"golden/{sys.argv[1]} is made")
    sys.exit(3 if found else 0)
