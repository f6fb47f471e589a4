"""Order of results: best score first, ties by document id descending, as trec_eval does."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ragguard.records.evidence import Ranked


def tie_ranks(ids: Sequence[str]) -> NDArray[np.int64]:
    """Return for each id its place among all ids sorted descending (0 is the last in the alphabet), shape (n,)."""
    order = sorted(range(len(ids)), key=ids.__getitem__, reverse=True)
    ranks = np.empty(len(ids), dtype=np.int64)
    ranks[order] = np.arange(len(ids))
    return ranks


def best(scores: NDArray[np.floating], ranks: NDArray[np.int64], depth: int) -> NDArray[np.intp]:
    """Return the positions of the ``depth`` best scores, best first; among equal scores the lower tie rank comes first."""
    positions = np.arange(len(scores))
    if len(scores) > depth:
        edge = np.partition(scores, len(scores) - depth)[len(scores) - depth]
        above = np.flatnonzero(scores > edge)
        level = np.flatnonzero(scores == edge)
        positions = np.concatenate([above, level[np.argsort(ranks[level])][: depth - len(above)]])
    return positions[np.lexsort((ranks[positions], -scores[positions]))]


def ordered(results: Iterable[Ranked], depth: int) -> tuple[Ranked, ...]:
    """Sort results, best first, ties by id descending, and keep the first ``depth``."""
    by_id = sorted(results, key=lambda result: result.id, reverse=True)
    return tuple(sorted(by_id, key=lambda result: -result.score)[:depth])
