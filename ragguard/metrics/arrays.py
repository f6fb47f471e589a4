"""Rankings put into trec_eval's order, and into the arrays that ranx computes on."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ragguard.records.evidence import Ranked


@dataclass(frozen=True, slots=True)
class RanxLists:
    """Numba typed lists, one (n, 2) float64 array a case: ``judged`` of (number, grade), best grade first; ``ranked`` of (number, 0)."""

    judged: Any
    ranked: Any


def trec_order(ranking: Sequence[Ranked]) -> tuple[str, ...]:
    """Return the ids by score, descending, and ties by id, descending, as trec_eval does.

    trec_eval holds scores in 32-bit floats, so scores that differ only beyond those are ties here too: the order then never hangs
    on the last bits of a sum. Ids compare by code point, which is the byte order of their UTF-8.

    Raises:
        ValueError: a score is not finite, or a document is ranked twice.
    """
    for item in ranking:
        if not math.isfinite(item.score):
            raise ValueError(f"the score of document {item.id!r} is {item.score}")
    ids = [item.id for item in ranking]
    if len(set(ids)) != len(ids):
        twice = next(name for i, name in enumerate(ids) if name in ids[:i])
        raise ValueError(f"document {twice!r} is ranked twice")
    with np.errstate(over="ignore"):
        scores = np.array([item.score for item in ranking], dtype=np.float32).tolist()
    return tuple(name for _, name in sorted(zip(scores, ids, strict=True), reverse=True))


def ranx_lists(relevant: Sequence[Mapping[str, int]], rankings: Sequence[Sequence[str]]) -> RanxLists:
    """Number the documents of each case and build ranx's lists.

    ranx's own ``Qrels`` and ``Run`` identify documents by a hash that is rounded to 53 bits, and sort ties by input order; numbers
    given here are exact, and cost a tenth of the memory. Relevant documents are 0, 1, ... by descending grade (ranx takes that
    order for the ideal ranking); all others are negative.
    """
    from numba.typed import List

    judged, ranked = List(), List()
    for grades, ranking in zip(relevant, rankings, strict=True):
        best = sorted(((grade, name) for name, grade in grades.items() if grade > 0), reverse=True)
        number = {name: i for i, (_, name) in enumerate(best)}
        judged.append(np.array([(i, grade) for i, (grade, _) in enumerate(best)], dtype=np.float64).reshape(-1, 2))
        ranked.append(np.array([(number.get(name, -1 - i), 0) for i, name in enumerate(ranking)], dtype=np.float64).reshape(-1, 2))
    return RanxLists(judged, ranked)
