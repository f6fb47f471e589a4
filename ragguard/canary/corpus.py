"""What a roll-out knows of the plan's collection: versions, statuses, texts, and the golden queries that production asks again."""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from ragguard.data.collection import Collection
from ragguard.metrics.versions import STALE
from ragguard.records.collection import Query
from ragguard.records.event import Event
from ragguard.records.evidence import Case, Mark
from ragguard.suites.golden import case_of
from ragguard.trial import told

KEPT, KEPT_MARKS = 4_096, 65_536
"""Documents whose texts stay in memory, and whose marks."""


class Corpus:
    """A collection as signals need it. Safe to use from one thread at a time."""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self._current = _current(collection)
        self._mark = lru_cache(maxsize=KEPT_MARKS)(lambda name: collection.marks([name]).get(name))
        self._text = lru_cache(maxsize=KEPT)(lambda name: told(collection.document(name)))
        self._golden = lru_cache(maxsize=KEPT)(lambda name: case_of(collection.queries[name], collection))

    def case(self, event: Event) -> Case:
        """Return an event's request as a case: the golden query that it names, asked in its own words, or one that nobody judged.

        Raises:
            ValueError: it names a golden query that there is not.
        """
        if not event.case:
            return Case(event.id, event.query, Query(event.id, event.query, event.id), {})
        if event.case not in self.collection.queries:
            raise ValueError(f"case {event.case!r} is no query of {self.collection.folder.name}")
        golden = self._golden(event.case)
        return replace(golden, text=event.query or golden.text)

    def marks(self, names: Iterable[str]) -> dict[str, Mark]:
        """Return the marks of those documents that the collection has."""
        return {name: mark for name in names if (mark := self._mark(name)) is not None}

    def texts(self, names: Iterable[str]) -> dict[str, str]:
        """Return what those documents say that the collection has."""
        return {name: self._text(name) for name in names if name in self.collection}

    def version(self, name: str) -> str:
        """Return the version of a document, "" where it has none or the collection does not have it."""
        mark = self.collection.marks([name]).get(name)
        return mark.version if mark is not None else ""

    def outdated(self, name: str, version: str) -> bool | None:
        """Tell whether a document, of the ``version`` that the server says it has ("": it does not say), is not the
        current one; None: nobody can tell, since it has no version and no status, or the collection does not have it.

        It is outdated where its status is superseded or deprecated, where its family has another current version, or where the server
        says that it holds another version of it than the collection (an old index).
        """
        mark = self._mark(name)
        if mark is None or not (mark.status or mark.version):
            return None
        current = self._current.get(mark.family, frozenset()) if mark.family else frozenset()
        old = mark.version not in current if current and mark.version else mark.status in STALE
        behind = bool(version and mark.version) and version.removeprefix("v") != mark.version.removeprefix("v")
        return mark.status in STALE or old or behind


def _current(collection: Collection) -> dict[str, frozenset[str]]:
    """The current versions of each family."""
    found: dict[str, set[str]] = {}
    for number in range(collection.size):
        mark = collection.corpus.marks[number]
        if mark.family and mark.version and mark.status == "current":
            found.setdefault(mark.family, set()).add(mark.version)
    return {family: frozenset(versions) for family, versions in found.items()}
