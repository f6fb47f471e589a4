"""A golden collection: corpus, queries and judgements of one folder, checked, fingerprinted, and small in memory."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ragguard.data.corpus import Corpus, index
from ragguard.data.formats.judgements import Qrels, collect
from ragguard.data.hashing import SetDigest, digest
from ragguard.data.mapped import Layout, check, read_layout
from ragguard.data.opening import EXPECTED, corpus_rows, judged_elsewhere, rows
from ragguard.data.problems import Problems
from ragguard.data.queries import oddities, read_queries
from ragguard.errors import InputError
from ragguard.plan.source import display
from ragguard.records.collection import Document, Query
from ragguard.records.evidence import Mark


@dataclass(frozen=True)
class Collection:
    """Corpus, queries and judgements of one split.

    ``queries`` are those that the split judges, and those that no split judges (unanswerable ones have no relevant document).
    ``qrels`` maps query id -> document id -> grade. ``warnings`` are oddities that do not stop anybody.
    """

    folder: Path
    split: str
    queries: Mapping[str, Query] = field(repr=False)
    qrels: Mapping[str, Mapping[str, int]] = field(repr=False)
    corpus: Corpus = field(repr=False)
    warnings: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The number of documents."""
        return len(self.corpus)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The documents' ids, in the order of the corpus."""
        return tuple(self.corpus.numbers)

    def documents(self) -> Iterator[Document]:
        """Stream the documents in the order of the corpus. Raises CannotJudge if the file changed since it was loaded."""
        return iter(self.corpus)

    def __contains__(self, name: object) -> bool:
        """Tell whether a document has this id."""
        return name in self.corpus

    def document(self, name: str) -> Document:
        """Return one document, read from disk. Raises KeyError for an unknown id."""
        return self.corpus.get(name)

    def marks(self, names: Iterable[str]) -> dict[str, Mark]:
        """Return family, version and status of the documents among ``names`` that the corpus has; nothing is read from disk."""
        numbers = self.corpus.numbers
        return {name: self.corpus.marks[numbers[name]] for name in names if name in numbers}

    @property
    def corpus_fingerprint(self) -> str:
        """SHA-256 of the documents' content, whatever their order or line ends (64 hexadecimal digits)."""
        return self.corpus.fingerprint

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of documents, queries and judgements, whatever the order of any of them (64 hexadecimal digits)."""
        asked = SetDigest(self.queries.values())
        judged = SetDigest((name, document, grade) for name, grades in self.qrels.items() for document, grade in grades.items())
        return digest([self.corpus_fingerprint, asked.hexdigest(), judged.hexdigest()]).hex()


def load(folder: Path, split: str = "test") -> Collection:
    """Load a collection: in BEIR layout (``corpus.jsonl``, ``queries.jsonl``, ``qrels/<split>.tsv``), or as ``collection.yaml`` says.

    Raises:
        InputError: with every problem of all files, up to 50, each with file, line and fix.
    """
    described = folder / "collection.yaml"
    return load_mapped(read_layout(described) if described.is_file() else Layout(), folder, split)


def load_mapped(layout: Layout, folder: Path, split: str = "test") -> Collection:
    """Load a collection whose tables are where ``layout`` says; paths start from ``folder``.

    Raises:
        InputError: as ``load``.
        MissingExtra: a table is to be read with ``datasets``, which is not installed.
        CannotJudge: a dataset's hub cannot be reached.
    """
    check(layout)
    problems = Problems()
    corpus = index(corpus_rows(layout.corpus, folder, split), problems)
    queries, judged, elsewhere = dict[str, Query](), Qrels(), frozenset[str]()
    try:
        queries = read_queries(rows("queries", layout.queries, folder, split, problems), corpus)
    except InputError as error:
        problems.extend(error)
    try:
        # Where a whole table could not be read, every row of another would dangle: that is one problem, not thousands.
        judged = collect(rows("qrels", layout.qrels, folder, split, problems), queries or None, corpus if len(corpus) else None)
        elsewhere = judged_elsewhere(layout.qrels, folder, split)
    except InputError as error:
        problems.extend(error)
    if not queries and not len(problems):
        problems.add(display(folder), "there is no query", f"expected {EXPECTED['queries']}")
    problems.raise_if_any()
    kept = {name: asked for name, asked in queries.items() if name in judged or name not in elsewhere}
    return Collection(folder, split, kept, judged, corpus, (*corpus.warnings, *oddities(display(folder), kept, judged)))
