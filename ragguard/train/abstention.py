"""Calibrate the extractive generator: from which similarity on does it answer?"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragguard.data.collection import Collection
from ragguard.errors import CannotJudge
from ragguard.plan.stages import Calibration
from ragguard.plan.stages import ExtractiveGenerator as ExtractivePlan
from ragguard.records.collection import Document, Quadruplet
from ragguard.systems.extractive import ExtractiveGenerator
from ragguard.systems.fingerprints import digest
from ragguard.systems.protocols import Asked, Generator, Progress, Retriever, Vault
from ragguard.train.checkpoint import Checkpoint
from ragguard.train.making import make
from ragguard.train.mining import mine
from ragguard.train.rows import cap

DEEPER = 20
"""Documents of the ranking beyond the contexts that those without the answer are taken from."""


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


@dataclass(frozen=True)
class ThresholdJob:
    """A calibration that was checked and can begin."""

    plan: ExtractivePlan
    recipe: Calibration
    rows: tuple[Quadruplet, ...]
    corpus: Collection
    seed: int

    def key(self, ranking: str, quoting: str) -> str:
        """SHA-256 (hex) of everything that the threshold follows from; fingerprints of what ranks and of what quotes."""
        return digest(
            {
                "type": "threshold",
                "ranking": ranking,
                "quoting": quoting,
                "contexts": self.plan.contexts,
                "max_rows": self.recipe.max_rows,
                "seed": self.seed,
                "corpus": self.corpus.corpus_fingerprint,
                "data": digest([asdict(row) for row in self.rows]),
            }
        )


def run(job: ThresholdJob, ranking: Retriever, quoting: Generator, out: Path, vault: Vault, progress: Progress) -> Checkpoint:
    """Find the threshold; its checkpoint, a folder under ``out``, has no weights but a provenance that says ``threshold``.

    Raises:
        InputError: the retriever does not fit the corpus.
        CannotJudge: nothing is left to ask; or the retriever, the encoder, the memory or the disk failed.
    """
    if not isinstance(quoting, ExtractiveGenerator):
        raise TypeError("only the extractive generator has a threshold")
    key = job.key(ranking.fingerprint, quoting.fingerprint)

    def fit(_result: Path, _scratch: Path) -> dict[str, Any]:
        began = time.perf_counter()
        rows = cap(job.rows, job.recipe.max_rows, np.random.default_rng(job.seed))
        found = mine(ranking, job.corpus, rows, job.plan.contexts + DEEPER, vault, progress)
        quoting.prepare(vault, progress)
        made = calibrate(quoting, rows, job.rows, found, job.corpus, job.plan.contexts)
        about = {"key": key, "data": {"file": job.recipe.data, "rows": len(rows), "rows_in_file": len(job.rows)}, "seed": job.seed}
        return {**about, **asdict(made), "recipe": job.recipe.model_dump(mode="json"), "seconds": round(time.perf_counter() - began, 3)}

    return make(key, out, fit)


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
