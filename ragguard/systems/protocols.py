"""What the systems need from outside, and what the rest of the house may ask of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from ragguard.records.collection import Document
from ragguard.records.evidence import Case, Observation


class Corpus(Protocol):
    """The documents of a collection."""

    @property
    def size(self) -> int:
        """Number of documents."""
        ...

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the collection's content, hex."""
        ...

    def documents(self) -> Iterator[Document]:
        """Yield every document once, always in the same order."""
        ...


class Vault(Protocol):
    """Storage addressed by content. Writes are atomic and checksummed: a torn payload is never returned."""

    def get(self, kind: str, key: str) -> bytes | None:
        """Return a payload, or None where there is none."""
        ...

    def put(self, kind: str, key: str, payload: bytes) -> None:
        """Keep a payload."""
        ...


class Progress(Protocol):
    """Where long work says how far it is."""

    def start(self, label: str, total: int) -> None:
        """Begin a stage of ``total`` steps."""
        ...

    def advance(self, n: int) -> None:
        """Say that ``n`` more steps of the stage are done."""
        ...


@runtime_checkable
class Retriever(Protocol):
    """A system under test: finds documents for cases."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over everything that can change a result; known before indexing."""
        ...

    def index(self, corpus: Corpus, vault: Vault, progress: Progress) -> None:
        """Make the corpus searchable. What is costly is kept in the vault, so a killed run goes on where it was.

        Raises:
            InputError: the configuration does not fit the corpus.
            CannotJudge: a model, the disk or the memory failed.
        """
        ...

    def search(self, cases: Sequence[Case], depth: int) -> list[Observation]:
        """Return one observation per case, in order: at most ``depth`` documents, best first, ties by id descending.

        Raises:
            CannotJudge: the system as a whole failed; a failure on one case is that observation's ``error``.
        """
        ...

    def notes(self) -> Mapping[str, float | int | str]:
        """Say what a reader of the report should know, for instance the share of documents that were cut. Never timings."""
        ...
