"""How many labelled intents prediction-powered inference will need with a judge, told from answers that were labelled already."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ragguard.records.calibration import Prediction
from ragguard.statistics.paired import Array
from ragguard.statistics.power import needed

FEWEST = 10
"""Intents (or pairs of answers) below which no spread is told."""

_NO_SPREAD = 1e-12


@dataclass(frozen=True, slots=True)
class Terms:
    """What a check demands: its margin, the one-sided alpha of its pass side, and the number of blocking endpoints."""

    margin: float = 0.05
    alpha: float = 0.05
    endpoints: int = 1


def prediction(queries: Sequence[str], intents: Sequence[str], label: Array, judge: Array, terms: Terms) -> Prediction | None:
    """Return the labelled intents with which an equal candidate passes, by labels alone and with the judge; None from too few answers.

    With many more intents judged than labelled, the variance of the corrected mean is that of label - weight * judge over the labelled
    ones; the weight, in [0, 1], is what makes it least (Angelopoulos, Duchi, Zrnic 2023, section 6). Labels and judge are differences
    between two answers to one query where ``FEWEST`` queries have two: their order does not matter, for deviations are taken from 0.
    Else they are assumed to be of two systems whose answers have nothing in common: twice the variance of single answers.
    """
    found = _differences(queries, label, judge)
    paired = len(found) >= FEWEST
    if not paired and len(set(intents)) < FEWEST:
        return None
    human, judged = found.T if paired else _single(intents, label, judge)
    squares = float((judged**2).sum())
    weight = min(max(float((human * judged).sum()) / squares, 0.0), 1.0) if squares > _NO_SPREAD else 0.0
    # What is paired deviates from 0, which is known; the others from a mean, which is not.
    free, twice = (len(human), 1) if paired else (len(human) - 1, 2)
    sd, residual = (float(np.sqrt(twice * (values**2).sum() / free)) for values in (human, human - weight * judged))
    with_judge, alone = (needed(spread, terms.alpha, terms.margin, terms.endpoints) or 0 for spread in (residual, sd))
    return Prediction(terms.margin, terms.alpha, terms.endpoints, len(human), sd, residual, weight, with_judge, alone, paired)


def _differences(queries: Sequence[str], label: Array, judge: Array) -> Array:
    """Label and judge of the first answer to each query minus those of the second, for queries that have two."""
    rows: dict[str, list[int]] = {}
    for at, query in enumerate(queries):
        rows.setdefault(query, []).append(at)
    pairs = [(label[at[0]] - label[at[1]], judge[at[0]] - judge[at[1]]) for at in rows.values() if len(at) > 1]
    return np.array(pairs, dtype=np.float64).reshape(-1, 2)


def _single(intents: Sequence[str], label: Array, judge: Array) -> tuple[Array, Array]:
    """The means of each intent, minus the mean of those."""
    _, codes = np.unique(np.asarray(intents), return_inverse=True)
    counts = np.bincount(codes)
    human, judged = (np.bincount(codes, weights=values) / counts for values in (label, judge))
    return human - human.mean(), judged - judged.mean()
