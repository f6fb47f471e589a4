"""Training rows: a query, the document that answers it, a near miss and a far miss."""

import hashlib
from pathlib import Path

from ragguard.data.collection import Collection
from ragguard.data.formats.fields import Fields
from ragguard.data.formats.tables import json_lines
from ragguard.data.problems import Problems
from ragguard.plan.source import display
from ragguard.records.collection import Document, Quadruplet

EXPECTED = "training rows: JSON lines with query, positive_document, and hard_negative_document and easy_negative_document where there are"

# Ours first, then what pair and triplet files call the same thing.
_QUERY = ("query", "anchor")
_POSITIVE = ("positive_document", "positive")
_HARD = ("hard_negative_document", "negative")
_EASY = ("easy_negative_document",)


def load_quadruplets(path: Path, collection: Collection | None = None, *, answered: bool = False) -> list[Quadruplet]:
    """Read training rows: quadruplets, or plain pairs ``{query, positive}`` and triplets ``{anchor, positive, negative}``.

    Where ``positive_id`` (``hard_negative_id``, ``easy_negative_id``) is known to the collection, that document is taken, with all
    its fields; else the text stands as a document by itself. The intent defaults to the query's text.

    Raises:
        InputError: with every row that is malformed, or has no query, no positive or, where rows must be ``answered``, no gold answer.
    """
    problems, loader = Problems(), _Loader(collection, answered)
    rows = [loader.read(fields) for fields in json_lines(path, EXPECTED, problems)]
    if not rows and not len(problems):
        problems.add(display(path), "there is no row", f"expected {EXPECTED}")
    problems.raise_if_any()
    return rows


class _Loader:
    """Reads rows; each document of the corpus is read once, however many rows name it."""

    def __init__(self, collection: Collection | None, answered: bool) -> None:
        self.collection, self.answered = collection, answered
        self.known: dict[str, Document] = {}

    def read(self, fields: Fields) -> Quadruplet:
        query = fields.text(_given(fields, _QUERY))
        if not query.strip():
            fields.wrong("has no query", f"write it under {' or '.join(_QUERY)}")
        positive = self._document(fields, "positive_id", _POSITIVE)
        if positive is None:
            fields.wrong("has no positive", f"write its text under {' or '.join(_POSITIVE)}, or a positive_id of the corpus")
        if self.answered and not fields.text("gold_answer").strip():
            fields.wrong("has no gold_answer, which a generator is to say", "write the answer, or remove the row")
        return Quadruplet(
            query=query,
            intent=fields.text("intent") or query,
            positive=positive or Document("", ""),
            hard_negative=self._negative(fields, "hard_negative_id", _HARD, positive),
            easy_negative=self._negative(fields, "easy_negative_id", _EASY, positive),
            gold_answer=fields.text("gold_answer"),
            required_attributes=fields.texts("required_attributes"),
        )

    def _negative(self, fields: Fields, id_key: str, text_keys: tuple[str, ...], positive: Document | None) -> Document | None:
        found = self._document(fields, id_key, text_keys)
        if found is not None and found == positive:
            fields.wrong(f"{_given(fields, text_keys)} is the positive document itself", "give another document, or none")
        return found

    def _document(self, fields: Fields, id_key: str, text_keys: tuple[str, ...]) -> Document | None:
        name, text = fields.text(id_key), fields.text(_given(fields, text_keys))
        if name and self.collection is not None and name in self.collection.corpus:
            if name not in self.known:
                self.known[name] = self.collection.document(name)
            return self.known[name]
        if not text.strip():
            if name:
                fields.wrong(f"{id_key} {name!r} is not in the corpus, and there is no text in its place", "mend the id, or write the text")
            return None
        return Document(name or _name_of(text), text)


def _given(fields: Fields, keys: tuple[str, ...]) -> str:
    return next((key for key in keys if fields.row.get(key) is not None), keys[0])


def _name_of(text: str) -> str:
    # Equal texts get equal ids, so that a batch can be kept free of duplicates.
    return "text-" + hashlib.sha256(text.encode()).hexdigest()[:16]
