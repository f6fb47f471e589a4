"""Family, version and status of every document, small enough to keep for a million of them."""

from array import array
from collections.abc import Iterator, Set

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
    def empty(self) -> int:
        return self._column.count(0)


class Marks:
    """The marks of documents by their number, from 0, in the order of the corpus."""

    def __init__(self) -> None:
        self._family, self._version, self._status = _Column(), _Column(), _Column()

    def add(self, document: Document) -> None:
        """Keep the mark of the next document."""
        self._family.add(document.family)
        self._version.add(document.version)
        self._status.add(document.status)

    def __getitem__(self, number: int) -> Mark:
        """Return a document's mark."""
        return Mark(self._family[number], self._version[number], self._status[number])

    def of_families(self, families: Set[str]) -> Iterator[int]:
        """Yield the numbers of the documents that belong to one of the families, ascending."""
        return self._family.where(families)

    @property
    def lacking(self) -> dict[str, int]:
        """How many documents have no family, no version, no status."""
        return {"family": self._family.empty, "version": self._version.empty, "status": self._status.empty}
