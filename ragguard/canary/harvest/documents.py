"""Which documents may answer what failed, and which of those that were found are wrong."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from ragguard.canary.harvest.proposal import Asking, Hint
from ragguard.data.collection import Collection
from ragguard.records.evidence import Mark

CURRENT = "current"

KEPT = 4_096
"""Documents that stay in memory."""


class Library:
    """A collection's documents, by family. ``current`` gives the id of the current document of a document's family."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self.current = lru_cache(maxsize=None)(self._current)
        self._about = lru_cache(maxsize=KEPT)(collection.document)

    def hints(self, found: Iterable[str]) -> tuple[Hint, ...]:
        """Return the documents that may answer: of each that was found the current version of its family, and itself where it has none."""
        made: dict[str, Hint] = {}
        for name in found:
            if name in self._collection:
                current = self.current(name)
                made.setdefault(current or name, self._hint(current or name, name if current not in ("", name) else ""))
        return tuple(made.values())

    def wrong(self, found: Iterable[str]) -> dict[str, str]:
        """Return the documents among those found that are no longer current, though their family has one that is, with why."""
        made: dict[str, str] = {}
        for name in found:
            current = self.current(name) if name in self._collection else ""
            if current and current != name:
                made[name] = f"{self._mark(name).status or 'older'}; current is {current}"
        return made

    def asking(self, found: Sequence[str]) -> Asking | None:
        """What a query may ask for whose first document was of the wrong version: the current one of that family."""
        first = next(iter(found), "")
        family = self._mark(first).family if first in self._collection else ""
        return Asking(family) if family and first in self.wrong([first]) else None

    def _current(self, name: str) -> str:
        """The id of the current document of a document's family: itself where it is current, "" where none or several others are."""
        mark = self._mark(name)
        if not mark.family or mark.status == CURRENT:
            return name if mark.status == CURRENT else ""
        numbers = self._collection.corpus.marks.of_families({mark.family})
        fresh = [number for number in numbers if self._collection.corpus.marks[number].status == CURRENT]
        return self._collection.ids[fresh[0]] if len(fresh) == 1 else ""

    def _mark(self, name: str) -> Mark:
        return self._collection.marks([name])[name]

    def _hint(self, name: str, of: str) -> Hint:
        document = self._about(name)
        return Hint(name, document.title, document.version, document.status, of)
