"""What the systems need from outside, and what the rest of the house may ask of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ragguard.records.collection import Document
from ragguard.records.evidence import Answer, Case, Observation
from ragguard.systems.encoder import Encoder, Role


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

    def document(self, name: str) -> Document:
        """Return one document. Raises KeyError for an unknown id."""
        ...

    def __contains__(self, name: object) -> bool:
        """Tell whether a document has this id."""
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


@runtime_checkable
class Embeds(Protocol):
    """A system that finds documents by their embeddings, and lets them be looked at."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over everything that can change an embedding."""
        ...

    @property
    def encoder(self) -> Encoder:
        """What makes the embeddings."""
        ...

    def render(self, document: Document) -> str:
        """Return what the encoder sees of a document."""
        ...

    def embed(self, texts: Iterable[tuple[str, str]], role: Role, vault: Vault, progress: Progress) -> NDArray[np.float32]:
        """Return the embeddings of ``(id, text)`` pairs, shape (n, dimension), from the vault where they are there.

        Raises:
            CannotJudge: the model failed, or an embedding is not finite.
        """
        ...


class Reranker(Protocol):
    """Scores documents against a query once more, each pair on its own."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over everything that can change a score; known before ``prepare``."""
        ...

    def prepare(self, corpus: Corpus) -> None:
        """Check what it is set to against a corpus.

        Raises:
            InputError: the configuration does not fit the corpus.
            CannotJudge: the model or the memory failed.
        """
        ...

    def score(self, pairs: Sequence[tuple[str, Document]]) -> list[float]:
        """Return one finite score per (query, document), in order; higher is better.

        Raises:
            CannotJudge: the reranker failed.
        """
        ...

    def notes(self) -> Mapping[str, float | int | str]:
        """Say what a reader of the report should know. Never timings."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What a generator is asked: the case's id, its question, and the documents that it may answer from, best first."""

    case: str
    question: str
    contexts: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What came of it: the answer, or the error that prevented it. ``seconds`` 0 means: its share of the batch.

    ``together`` is how many questions shared those seconds equally; ``first_token`` is seconds until the answer began, 0 where that is
    not known.
    """

    answer: Answer | None = None
    error: str = ""
    seconds: float = 0.0
    first_token: float = 0.0
    together: int = 1


class Generator(Protocol):
    """Answers questions from documents."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over everything that can change an answer; known before ``prepare``."""
        ...

    def prepare(self, vault: Vault, progress: Progress) -> None:
        """Make it ready to be asked; what is costly is kept in the vault.

        Raises:
            InputError: the configuration is not fit.
            CannotJudge: a model, the network or the memory failed.
        """
        ...

    def answer(self, asked: Sequence[Asked]) -> list[Said]:
        """Return one result per question, in order.

        Raises:
            CannotJudge: the generator failed as a whole; a failure on one question is its ``error``.
        """
        ...

    def notes(self) -> Mapping[str, float | int | str]:
        """Say what a reader of the report should know. Never timings."""
        ...
