"""The documents of a collection: kept on disk, found by id, streamed in order; in memory stand only ids, places and digests."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import orjson

from ragguard.data.formats.fields import Fields
from ragguard.data.formats.lines import BOM, lines, parse_object
from ragguard.data.formats.records import document
from ragguard.data.formats.tables import renamed
from ragguard.data.hashing import SetDigest
from ragguard.data.marks import Marks
from ragguard.data.problems import Problems
from ragguard.errors import CannotJudge, InputError, Problem
from ragguard.plan.source import display
from ragguard.records.collection import Document

EXPECTED = "a corpus: JSON lines with _id, title and text"

MOST_NAMED = 3


class Rows(Protocol):
    """A stored table of documents: one pass over all rows, then any row by its number in that pass (from 0)."""

    shown: str

    def scan(self, problems: Problems) -> Iterator[Fields]:
        """Read all rows, noting where each stands."""
        ...

    def row(self, number: int) -> Fields:
        """Read one row again."""
        ...


class JsonLinesRows:
    """Rows of a JSON lines file; 8 bytes of memory a row."""

    def __init__(self, path: Path, columns: Mapping[str, str]) -> None:
        self.path, self.columns, self.shown = path, columns, display(path)
        self._offsets = array("q")

    def scan(self, problems: Problems) -> Iterator[Fields]:
        """Read all rows, keeping the byte offset of each."""
        offsets = array("q")
        for line in lines(self.path, EXPECTED):
            row = parse_object(line, f"{self.shown}:{line.number}", problems)
            if row is not None:
                offsets.append(line.offset)
                yield Fields(renamed(row, self.columns), self.shown, line.number, problems)
        # Only now, so that rows can be read by number while somebody streams them.
        self._offsets = offsets

    def row(self, number: int) -> Fields:
        """Seek one row and read it."""
        try:
            with self.path.open("rb") as stream:
                stream.seek(self._offsets[number])
                row = orjson.loads(stream.readline().removeprefix(BOM))
        except (OSError, orjson.JSONDecodeError) as error:
            raise CannotJudge(f"{self.shown} changed while it was in use; run again") from error
        return Fields(renamed(row, self.columns), self.shown, number, Problems())


@dataclass(frozen=True)
class Corpus:
    """An indexed corpus. ``families`` maps each family to its versions; ``marks`` goes by the numbers of ``numbers``; ``fingerprint``
    does not depend on the order of documents.
    """

    rows: Rows = field(repr=False)
    numbers: Mapping[str, int] = field(repr=False)
    fingerprint: str
    families: Mapping[str, frozenset[str]] = field(repr=False)
    marks: Marks = field(repr=False)
    warnings: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.numbers)

    def __contains__(self, name: object) -> bool:
        return name in self.numbers

    def __iter__(self) -> Iterator[Document]:
        """Stream the documents in the order of the file.

        Raises:
            CannotJudge: the file changed since it was indexed.
        """
        names = iter(self.numbers)
        for fields in self.rows.scan(Problems()):
            yield self._checked(document(fields), next(names, ""))
        if next(names, None) is not None:
            raise CannotJudge(self._changed)

    def get(self, name: str) -> Document:
        """Return one document.

        Raises:
            KeyError: no document has this id.
            CannotJudge: the file changed since it was indexed.
        """
        return self._checked(document(self.rows.row(self.numbers[name])), name)

    def _checked(self, read: Document | None, name: str) -> Document:
        if read is None or read.id != name:
            raise CannotJudge(self._changed)
        return read

    @property
    def _changed(self) -> str:
        return f"{self.rows.shown} changed while it was in use; run again"


class _Index:
    """Fills in a corpus, row by row."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.lines = array("q")
        self.digests = SetDigest()
        self.families: dict[str, set[str]] = {}
        self.marks = Marks()
        self.empty: list[str] = []

    def add(self, fields: Fields) -> None:
        read = document(fields)
        if read is None:
            return
        first = self.numbers.setdefault(read.id, len(self.lines))
        if first < len(self.lines):
            fields.wrong(f"duplicate id {read.id!r}, first in line {self.lines[first]}", "give each document an id of its own")
            return
        self.lines.append(fields.line)
        self.digests.add(read)
        self.marks.add(read)
        if read.family:
            self.families.setdefault(read.family, set()).add(read.version)
        if not read.text.strip() and not read.title.strip():
            self.empty.append(read.id)


def index(rows: Rows, problems: Problems) -> Corpus:
    """Read all documents once, check them, and remember where each stands.

    What is wrong goes to ``problems``; a corpus made of wrong rows must not be used.
    """
    made, before = _Index(), len(problems)
    try:
        for fields in rows.scan(problems):
            made.add(fields)
    except InputError as error:
        problems.extend(error)
    if not made.numbers and len(problems) == before:
        problems.add(rows.shown, "the corpus is empty", f"expected {EXPECTED}")
    families = {family: frozenset(versions - {""}) for family, versions in made.families.items()}
    return Corpus(rows, made.numbers, made.digests.hexdigest(), families, made.marks, tuple(_warnings(rows.shown, made.empty)))


def _warnings(shown: str, empty: list[str]) -> Iterator[str]:
    if empty:
        yield str(Problem(shown, f"{len(empty)} documents are empty: {some(empty)}", "they can never be found"))


def some(names: Sequence[str], count: int | None = None) -> str:
    """Name a few and count the rest of ``count`` (default: of ``names``)."""
    rest = (len(names) if count is None else count) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {rest:,} more" if rest > 0 else "")


class TableRows:
    """Rows of a ``datasets`` table, which stays memory-mapped; they count from 1, as lines do."""

    def __init__(self, table: Any, shown: str, columns: Mapping[str, str]) -> None:
        self.table, self.shown, self.columns = table, shown, columns

    def scan(self, problems: Problems) -> Iterator[Fields]:
        """Read all rows."""
        for number, row in enumerate(self.table, start=1):
            yield Fields(renamed(dict(row), self.columns), self.shown, number, problems)

    def row(self, number: int) -> Fields:
        """Read one row."""
        return Fields(renamed(dict(self.table[number]), self.columns), self.shown, number + 1, Problems())
