"""Calibrate the extractive generator: from which similarity on does it answer?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ragguard.data.collection import Collection
from ragguard.errors import CannotJudge
from ragguard.records.collection import Document, Quadruplet
from ragguard.systems.extractive import ExtractiveGenerator
from ragguard.systems.protocols import Asked


@dataclass(frozen=True, slots=True)
class Cut:
    """A threshold, and how well it tells the two kinds apart: shares from 0 to 1, of questions with their answer that lie at or above it
    (sensitivity) and of questions without it that lie below it (specificity), and the area under the ROC curve.
    """

    threshold: float
    sensitivity: float
    specificity: float
    auroc: float


def cut(answerable: NDArray[np.float64], unanswerable: NDArray[np.float64]) -> Cut:
    """Return the observed similarity with the largest sensitivity + specificity (Youden 1950), the least of several.

    Raises:
        ValueError: one of the kinds is empty.
    """
    if not len(answerable) or not len(unanswerable):
        raise ValueError("a threshold needs questions of both kinds")
    levels = np.unique(np.concatenate([answerable, unanswerable]))
    inside, outside = np.sort(answerable), np.sort(unanswerable)
    sensitivity = 1 - np.searchsorted(inside, levels, side="left") / len(inside)
    specificity = np.searchsorted(outside, levels, side="left") / len(outside)
    best = int(np.argmax(np.round(sensitivity + specificity, 12)))
    below, equal = np.searchsorted(outside, inside, side="left"), np.searchsorted(outside, inside, side="right")
    auroc = float((below + equal).sum()) / (2 * len(inside) * len(outside))
    return Cut(float(levels[best]), float(sensitivity[best]), float(specificity[best]), auroc)


def calibrate(
    generator: ExtractiveGenerator,
    rows: Sequence[Quadruplet],
    every: Sequence[Quadruplet],
    found: Mapping[str, Sequence[str]],
    corpus: Collection,
    contexts: int,
) -> Cut:
    """Ask each row's question twice, with what the retriever found for it: as it is, and without what any row of the intent has as its
    positive, or another version of that. ``found`` maps a question to ids, best first; ``generator`` is prepared.

    Raises:
        CannotJudge: nothing is left to ask; or the encoder or the memory failed.
    """
    right: dict[str, set[str]] = {}
    for row in every:
        right.setdefault(row.intent, set()).update({row.positive.id, *_families(row.positive)})
    pairs = [_contexts(row, right[row.intent], found[row.query], corpus, contexts) for row in rows]
    inside = [Asked(f"{n}+", row.query, pair[0]) for n, (row, pair) in enumerate(zip(rows, pairs, strict=True))]
    outside = [Asked(f"{n}-", row.query, pair[1]) for n, (row, pair) in enumerate(zip(rows, pairs, strict=True)) if pair[1]]
    if not outside:
        raise CannotJudge("no threshold can be calibrated: the retriever finds nothing but answers; give it more documents")
    return cut(np.array(generator.nearest(inside)), np.array(generator.nearest(outside)))


def _families(document: Document) -> set[str]:
    return {f"family {document.family}"} if document.family else set()


def _contexts(
    row: Quadruplet, right: set[str], found: Sequence[str], corpus: Collection, most: int
) -> tuple[tuple[Document, ...], tuple[Document, ...]]:
    """What a question is asked with: with its answer (put first where it was not found), and without."""
    documents = [corpus.document(name) for name in found if name in corpus]
    wrong = [each for each in documents if not ({each.id} | _families(each)) & right]
    head = documents[:most]
    if row.positive.id not in {each.id for each in head}:
        head = [row.positive, *head[: most - 1]]
    return tuple(head), tuple(wrong[:most])
