"""Search among vectors by inner product: exactly, or approximately by faiss."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ragguard.errors import InputError, MissingExtra, Problem
from ragguard.systems.ranking import best

ROWS = 16_384
COLUMNS = 128
DECIMALS = 6
"""Scores are compared to six decimals: beyond that, single precision and the make-up of batches decide, not the texts."""

Hits = tuple[NDArray[np.intp], NDArray[np.float64]]


class VectorIndex(Protocol):
    """Finds the best vectors for queries."""

    def search(self, queries: NDArray[np.float32], depth: int) -> list[Hits]:
        """Return for each query (row) the positions and scores of its best vectors, best first."""
        ...


class ExactIndex:
    """Every vector is looked at.

    Products are summed in double precision and rounded, so the result depends neither on how the matrix is cut nor on the processor.
    Memory beside the vectors: 16,384 rows in double precision and 128 x 16,384 scores.
    """

    def __init__(self, vectors: NDArray[np.float32], ranks: NDArray[np.int64], rows: int = ROWS) -> None:
        self._vectors, self._ranks, self._rows = vectors, ranks, rows

    def search(self, queries: NDArray[np.float32], depth: int) -> list[Hits]:
        """Return for each query (row) the positions and scores of its best vectors, best first."""
        return [hit for start in range(0, len(queries), COLUMNS) for hit in self._search(queries[start : start + COLUMNS], depth)]

    def _search(self, queries: NDArray[np.float32], depth: int) -> list[Hits]:
        wide = queries.astype(np.float64)
        none: Hits = (np.empty(0, dtype=np.intp), np.empty(0))
        kept = [none] * len(queries)
        for start in range(0, len(self._vectors), self._rows):
            scores = np.round(wide @ self._vectors[start : start + self._rows].astype(np.float64).T, DECIMALS)
            ranks = self._ranks[start : start + self._rows]
            for i, row in enumerate(scores):
                top = best(row, ranks, depth)
                kept[i] = self._merge(kept[i], (top + start, row[top]), depth)
        return kept

    def _merge(self, one: Hits, other: Hits, depth: int) -> Hits:
        positions, scores = np.concatenate([one[0], other[0]]), np.concatenate([one[1], other[1]])
        top = best(scores, self._ranks[positions], depth)
        return positions[top], scores[top]


class FaissIndex:
    """A faiss index of any factory string, built in one thread so that the same vectors make the same index. Approximate."""

    def __init__(
        self, factory: str, vectors: NDArray[np.float32], ranks: NDArray[np.int64], ef_search: int | None, nprobe: int | None
    ) -> None:
        self._ranks = ranks
        faiss = _faiss()
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)
        try:
            self._index = self._build(faiss, factory, vectors, {"efSearch": ef_search, "nprobe": nprobe})
        finally:
            faiss.omp_set_num_threads(threads)

    def _build(self, faiss: Any, factory: str, vectors: NDArray[np.float32], options: dict[str, int | None]) -> Any:
        try:
            index = faiss.index_factory(vectors.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
            for name, value in options.items():
                if value is not None:
                    faiss.ParameterSpace().set_index_parameter(index, name, value)
            if not index.is_trained:
                index.train(vectors)
            index.add(vectors)
        except (RuntimeError, AttributeError, TypeError) as error:
            reason = str(error).strip().splitlines()[-1]
            what = f"faiss cannot build 'faiss: {factory}' over {len(vectors)} vectors of {vectors.shape[1]} numbers: {reason}"
            raise InputError(Problem("", what, "check index, ef_search and nprobe, or use index: exact")) from error
        return index

    def search(self, queries: NDArray[np.float32], depth: int) -> list[Hits]:
        """Return for each query (row) the positions and scores of the vectors that were found, best first."""
        scores, positions = self._index.search(np.ascontiguousarray(queries), min(depth, self._index.ntotal))
        return [self._order(row, found) for row, found in zip(np.round(scores.astype(np.float64), DECIMALS), positions, strict=True)]

    def _order(self, scores: NDArray[np.float64], positions: NDArray[np.int64]) -> Hits:
        scores, positions = scores[positions >= 0], positions[positions >= 0]
        top = best(scores, self._ranks[positions], len(scores))
        return positions[top], scores[top]


def _faiss() -> Any:
    try:
        import faiss
    except ModuleNotFoundError as error:
        raise MissingExtra("models", "a faiss index") from error
    return faiss
