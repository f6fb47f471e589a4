"""The fields of every document that metrics look at, small enough to keep for a million of them."""

from array import array
from collections.abc import Iterator, Sequence, Set
from dataclasses import fields
from itertools import islice

from ragguard.records.collection import Document
from ragguard.records.evidence import Mark


class _Column:
    """One text a document: each distinct text once, and 4 bytes a document."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {"": 0}
        self._texts = [""]
        self._column = array("I")

    def add(self, text: str) -> None:
        code = self._codes.setdefault(text, len(self._texts))
        if code == len(self._texts):
            self._texts.append(text)
        self._column.append(code)

    def __getitem__(self, number: int) -> str:
        return self._texts[self._column[number]]

    def where(self, texts: Set[str]) -> Iterator[int]:
        """The numbers of the documents that have one of the texts, ascending."""
        codes = {self._codes[text] for text in texts if text in self._codes}
        return (number for number, code in enumerate(self._column) if code in codes)

    @property
    def distinct(self) -> frozenset[str]:
        return frozenset(self._texts)

    def lacking(self, most: int) -> tuple[int, tuple[int, ...]]:
        """How many documents have no text here, and the numbers of the first of them, at most ``most``, ascending."""
        return self._column.count(0), tuple(islice(self.where({""}), most))

    def longer(self, texts: Sequence[str]) -> "_Column":
        made = _Column()
        made._codes, made._texts, made._column = dict(self._codes), list(self._texts), array("I", self._column)
        for text in texts:
            made.add(text)
        return made


class Marks:
    """The marks of documents by their number, from 0, in the order of the corpus."""

    def __init__(self) -> None:
        self._columns = {field.name: _Column() for field in fields(Mark)}

    def add(self, document: Document) -> None:
        """Keep the mark of the next document."""
        for name, column in self._columns.items():
            column.add(getattr(document, name))

    def __getitem__(self, number: int) -> Mark:
        """Return a document's mark."""
        return Mark(*(column[number] for column in self._columns.values()))

    def of_families(self, families: Set[str]) -> Iterator[int]:
        """Yield the numbers of the documents that belong to one of the families, ascending."""
        return self._columns["family"].where(families)

    @property
    def products(self) -> frozenset[str]:
        """The products that documents have."""
        return self._columns["product"].distinct - {""}

    def lacking(self, most: int) -> dict[str, tuple[int, tuple[int, ...]]]:
        """For family, version and status: how many documents have none, and the numbers of the first ``most`` of them, ascending."""
        return {name: self._columns[name].lacking(most) for name in ("family", "version", "status")}

    def longer(self, documents: Sequence[Document]) -> "Marks":
        """Return the marks of these documents and of more after them."""
        made = Marks()
        made._columns = {name: column.longer([getattr(each, name) for each in documents]) for name, column in self._columns.items()}
        return made
