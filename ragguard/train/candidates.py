"""What a retriever is distilled on: for each training query the first documents by similarity, drawn anew as the retriever changes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragguard.errors import CannotJudge
from ragguard.records.collection import Document, Quadruplet
from ragguard.systems.encoder import Encoder, Role
from ragguard.systems.protocols import Progress
from ragguard.systems.ranking import tie_ranks
from ragguard.systems.templates import render
from ragguard.systems.vectors import ExactIndex
from ragguard.train.divergence import agreement
from ragguard.train.job import ReplugJob
from ragguard.train.teacher import Teacher

ENCODING: Mapping[Role, str] = {"document": "encode documents", "query": "encode queries"}


class Table:
    """The texts and the teacher's scores of every training row, as a dataset looks them up by the row's place."""

    def __init__(self, queries: Sequence[str]) -> None:
        self.queries = queries
        self.texts: list[list[str]] = []
        self.scores: list[list[float]] = []

    def __call__(self, batch: Mapping[str, Sequence[int]]) -> dict[str, list[Any]]:
        """Return the columns of some rows: ``anchor``, ``document_1`` to ``document_k``, and ``label``, the k scores."""
        rows = batch["row"]
        documents = {name: [self.texts[i][place] for i in rows] for place, name in enumerate(self.columns)}
        return {"anchor": [self.queries[i] for i in rows], **documents, "label": [self.scores[i] for i in rows]}

    @property
    def columns(self) -> list[str]:
        """The columns that hold documents."""
        return [f"document_{place}" for place in range(1, len(self.texts[0]) + 1)]


class Candidates:
    """The k documents of each row, by the encoder as it is now; ``told`` says of each row what it is, for the story of a broken loss."""

    def __init__(self, job: ReplugJob, rows: Sequence[Quadruplet], encoder: Encoder, teacher: Teacher, progress: Progress) -> None:
        self._job, self._rows, self._encoder, self._teacher, self._progress = job, rows, encoder, teacher, progress
        self._corpus = list(job.ground.corpus.documents())
        self._k = min(job.recipe.k, len(self._corpus))
        self._first: list[list[Document]] = []
        self._liked: NDArray[np.float64] = np.empty((0, 0))
        self.draws = 0
        self.table = Table([row.query for row in rows])
        self.told: list[dict[str, Any]] = [
            {"query": row.query, "intent": row.intent, "positive": row.positive.id, "documents": []} for row in rows
        ]

    def draw(self) -> None:
        """Encode all documents, take the first k of each row's query, and have the teacher score what it has not scored yet.

        Raises:
            InputError: no prompt of the generator holds a question.
            CannotJudge: a model failed, or an embedding is not finite.
        """
        drawn = self._search()
        scores = iter(self._teacher.score([(row, document) for row, found in zip(self._rows, drawn, strict=True) for document in found]))
        self.table.texts = [[self._text(document) for document in found] for found in drawn]
        self.table.scores = [[next(scores) for _ in found] for found in drawn]
        for told, found in zip(self.told, drawn, strict=True):
            told["documents"] = [document.id for document in found]
        if not self.draws:
            self._first, self._liked = drawn, np.array(self.table.scores)
        self.draws += 1

    def agreement(self) -> dict[str, float]:
        """Return ``divergence.agreement`` of the encoder as it is now, over the documents that were drawn first."""
        known = {document.id: document for found in self._first for document in found}
        places = {name: place for place, name in enumerate(known)}
        vectors = self._vectors([self._text(document) for document in known.values()], "document")
        drawn = vectors[np.array([[places[document.id] for document in found] for found in self._first])]
        similarities = np.einsum("rkd,rd->rk", drawn, self._vectors(self.table.queries, "query"))
        recipe = self._job.recipe
        return agreement(similarities, self._liked, recipe.temperature_retriever, recipe.temperature_generator)

    def positives_liked(self) -> float:
        """Return the share of rows whose positive the teacher likes best of the documents that were drawn first."""
        best = (found[place] for found, place in zip(self._first, self._liked.argmax(axis=1), strict=True))
        return float(np.mean([_same(document, row.positive) for document, row in zip(best, self._rows, strict=True)]))

    def _search(self) -> list[list[Document]]:
        documents = self._vectors([self._text(document) for document in self._corpus], "document")
        queries = self._vectors(self.table.queries, "query")
        hits = ExactIndex(documents, tie_ranks([document.id for document in self._corpus])).search(queries, self._k)
        found = [[self._corpus[place] for place in places] for places, _ in hits]
        return [self._with_positive(row, each) for row, each in zip(self._rows, found, strict=True)]

    def _with_positive(self, row: Quadruplet, found: list[Document]) -> list[Document]:
        there = any(_same(document, row.positive) for document in found)
        return found if there or not self._job.recipe.keep_positive else [*found[:-1], row.positive]

    def _text(self, document: Document) -> str:
        return render(self._job.ground.document_text, document)

    def _vectors(self, texts: Sequence[str], role: Role) -> NDArray[np.float32]:
        """Unit vectors, shape (texts, dimension); the model, which encoding puts into its mode for that, goes on as it was."""
        self._progress.start(ENCODING[role], len(texts))
        model = self._encoder.model
        training = model.training
        try:
            vectors = self._encoder.encode(texts, role, sorted(range(len(texts)), key=lambda i: -len(texts[i])), self._progress.advance)
        finally:
            model.train(training)
        if not np.isfinite(vectors).all():
            raise CannotJudge(f"training failed: the encoder's embedding of a {role} is not finite; lower learning_rate")
        return vectors


def _same(one: Document, other: Document) -> bool:
    return one.id == other.id or one.text == other.text
