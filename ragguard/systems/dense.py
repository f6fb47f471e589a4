"""Dense retrieval: a bi-encoder's embeddings, compared by inner product."""

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ragguard.errors import InputError, Problem
from ragguard.plan.retrievers import DenseRetriever as DensePlan
from ragguard.records.collection import Document
from ragguard.records.evidence import Case, Observation, Ranked
from ragguard.systems.embeddings import BLOCK, embed
from ragguard.systems.encoder import Encoder, Role
from ragguard.systems.fingerprints import digest
from ragguard.systems.protocols import Corpus, Progress, Vault
from ragguard.systems.ranking import tie_ranks
from ragguard.systems.silent import Silent
from ragguard.systems.templates import names, render, validate_for
from ragguard.systems.vectors import ExactIndex, FaissIndex, VectorIndex

FAISS = "faiss:"


class DenseRetriever:
    """A bi-encoder over a corpus. The vectors are held in memory: documents x dimension x 4 bytes."""

    def __init__(self, plan: DensePlan, folder: Path, block: int = BLOCK) -> None:
        names(plan.document_text)
        self._factory = _factory(plan)
        self._plan, self._block = plan, block
        self._encoder = Encoder(
            folder,
            query_prompt=plan.query_prompt,
            document_prompt=plan.document_prompt,
            truncate_dim=plan.truncate_dim,
            max_seq_length=plan.max_seq_length,
            normalize=plan.normalize,
            dtype=plan.dtype,
            backend=plan.backend,
            device=plan.device,
            batch_size=plan.batch_size,
            trust_remote_code=plan.trust_remote_code,
            allow_pickle=plan.allow_pickle,
        )
        index = {"factory": self._factory, "ef_search": plan.ef_search, "nprobe": plan.nprobe}
        self.fingerprint = digest(
            {
                "type": "dense",
                "encoder": self._encoder.fingerprint,
                "document_text": plan.document_text,
                "index": index if self._factory else "exact",
            }
        )
        self._notes: dict[str, float | int | str] = {}
        self._ids: list[str] = []
        self._index: VectorIndex | None = None
        self._vault: Vault | None = None

    def index(self, corpus: Corpus, vault: Vault, progress: Progress) -> None:
        """Encode the documents that the vault does not have yet, and index them all.

        Raises:
            InputError: the template or the index does not fit this corpus.
            CannotJudge: the model or the memory failed, or an embedding is not finite.
        """
        template = self._plan.document_text
        validate_for(template, corpus)
        progress.start("encode documents", corpus.size)
        texts = ((document.id, render(template, document)) for document in corpus.documents())
        self._ids, rows, filled, truncated, limit = [], np.empty((0, 0), dtype=np.float32), 0, 0, None
        for block in embed(self._encoder, texts, "document", vault, progress, self._block):
            if not filled:
                rows = np.empty((corpus.size, block.vectors.shape[1]), dtype=np.float32)
            rows[filled : filled + len(block.ids)] = block.vectors
            filled += len(block.ids)
            self._ids += block.ids
            truncated, limit = truncated + block.truncated, block.limit
        self._vault, self._index = vault, self._make(rows)
        self._notes = {
            "documents": filled,
            "documents_truncated": truncated / filled if filled else 0.0,
            "dimension": int(rows.shape[1]),
            "max_seq_length": limit if limit is not None else "unlimited",
            "index": f"{FAISS} {self._factory} (approximate)" if self._factory else "exact",
            "device": self._plan.device or "auto",
            "dtype": self._plan.dtype,
        }

    def _make(self, rows: NDArray[np.float32]) -> VectorIndex:
        ranks = tie_ranks(self._ids)
        if self._factory and len(rows):
            return FaissIndex(self._factory, rows, ranks, self._plan.ef_search, self._plan.nprobe)
        return ExactIndex(rows, ranks)

    def search(self, cases: Sequence[Case], depth: int) -> list[Observation]:
        """Return one observation per case, in order; ``seconds`` is each case's share of its batch: encoding and search.

        Raises:
            CannotJudge: the model or the memory failed.
        """
        if self._index is None or self._vault is None:
            raise RuntimeError("index() comes before search()")
        found: list[Observation] = []
        texts = ((case.id, case.text) for case in cases)
        for block in embed(self._encoder, texts, "query", self._vault, Silent(), self._block):
            began = time.perf_counter()
            hits = self._index.search(block.vectors, depth) if self._ids else [(np.empty(0, dtype=np.intp), np.empty(0))] * len(block.ids)
            seconds = {"retrieve": (block.seconds + time.perf_counter() - began) / len(block.ids)}
            for case, (positions, scores) in zip(block.ids, hits, strict=True):
                ranking = (Ranked(self._ids[at], float(score)) for at, score in zip(positions, scores, strict=True))
                found.append(Observation(case, tuple(ranking), seconds=seconds, together={"retrieve": len(block.ids)}))
        return found

    def notes(self) -> Mapping[str, float | int | str]:
        """Say how many documents were cut at the encoder's limit (a share), and what the index is."""
        return dict(self._notes)

    @property
    def encoder(self) -> Encoder:
        """The bi-encoder."""
        return self._encoder

    def render(self, document: Document) -> str:
        """Return what the encoder sees of a document."""
        return render(self._plan.document_text, document)

    def embed(self, texts: Iterable[tuple[str, str]], role: Role, vault: Vault, progress: Progress) -> NDArray[np.float32]:
        """Return the embeddings of ``(id, text)`` pairs, shape (n, dimension), from the vault where they are there.

        Raises:
            CannotJudge: the model failed, or an embedding is not finite.
        """
        blocks = [block.vectors for block in embed(self._encoder, texts, role, vault, progress, self._block)]
        return np.concatenate(blocks) if blocks else np.empty((0, 0), dtype=np.float32)


def _factory(plan: DensePlan) -> str:
    if plan.index.startswith(FAISS) and plan.index.removeprefix(FAISS).strip():
        return plan.index.removeprefix(FAISS).strip()
    if plan.index != "exact":
        raise InputError(
            Problem("", f"index: {plan.index!r} is not known", "write exact, or 'faiss: FACTORY', for instance 'faiss: HNSW32'")
        )
    if plan.ef_search is not None or plan.nprobe is not None:
        raise InputError(
            Problem("", "ef_search and nprobe are for faiss indexes; index: exact has none", "remove them, or write index: 'faiss: HNSW32'")
        )
    return ""
