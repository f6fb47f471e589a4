"""Family, version and status of every document, small enough to keep for a million of them."""

from array import array
from collections.abc import Iterator, Set
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

    def lacking(self, most: int) -> tuple[int, tuple[int, ...]]:
        """How many documents have no text here, and the numbers of the first of them, at most ``most``, ascending."""
        return self._column.count(0), tuple(islice(self.where({""}), most))


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

    def lacking(self, most: int) -> dict[str, tuple[int, tuple[int, ...]]]:
        """For family, version and status: how many documents have none, and the numbers of the first ``most`` of them, ascending."""
        columns = {"family": self._family, "version": self._version, "status": self._status}
        return {name: column.lacking(most) for name, column in columns.items()}
