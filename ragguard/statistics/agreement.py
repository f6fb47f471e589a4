"""What labels and a judge's values tell of each other: agreement beyond chance, errors of either kind, and where the judge leans."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ragguard.records.calibration import Agreement, Confusion, Figure
from ragguard.statistics import leaning
from ragguard.statistics.clusters import Clusters
from ragguard.statistics.concordance import kappa
from ragguard.statistics.prediction import Terms, prediction
from ragguard.statistics.proportions import proportion
from ragguard.statistics.raters import people
from ragguard.statistics.roc import auroc, best_threshold

YES = 0.5
"""The label from which on people say yes."""


@dataclass(frozen=True, slots=True)
class Rated:
    """One answer with a label (the mean of its raters' ``labels``) and the judge's value, each in [0, 1].

    ``length`` is log2 of its words, or, compared with another answer, of its words for each word of that (None: not known). ``compared``
    tells that both are preferences over another answer; ``side`` is where the judge looked in both orders of such a pair
    (1: it preferred whichever stood first, -1: whichever stood second, 0: neither; None: not asked in both).
    """

    query: str
    intent: str
    label: float
    judge: float
    length: float | None
    labels: tuple[float, ...]
    compared: bool = False
    side: int | None = None

    @property
    def tied(self) -> bool:
        """Whether it is neither yes nor no: raters who only say yes or no are split, or neither of two answers is preferred."""
        split = self.label == YES and all(label in (0.0, 1.0) for label in self.labels)
        return split or (self.compared and YES in (self.label, self.judge))


def agreement(rows: Sequence[Rated], *, threshold: float = 0.5, level: float = 0.95, terms: Terms | None = None) -> Agreement:
    """Measure a judge on labelled answers; answers of one intent count as belonging together in every interval.

    ``threshold`` is the judge's value from which on it says yes; ``terms`` what a check demands, for the labels that a corrected
    judge needs. Whatever cannot be told of few, equal or missing values is a figure without a value, or without bounds.
    """
    rows = sorted(rows, key=lambda row: (row.intent, row.query, row.label, row.judge))
    label, judge = (np.array(values, dtype=np.float64) for values in ([row.label for row in rows], [row.judge for row in rows]))
    clusters = Clusters([row.intent for row in rows])
    told = np.array([not row.tied for row in rows], dtype=np.bool_)
    seen = _YesNo(label[told] >= YES, judge[told] >= threshold, clusters.among(told))
    ratings, intents = [row.labels for row in rows], [row.intent for row in rows]
    known = np.array([row.length is not None for row in rows], dtype=np.bool_)
    lengths = np.array([row.length or 0.0 for row in rows], dtype=np.float64)
    sided = [row for row in rows if row.side is not None]
    return Agreement(
        level=level,
        threshold=threshold,
        answers=len(rows),
        intents=clusters.count,
        graded=not np.isin(np.append(label, judge), (0, 1)).all(),
        confusion=seen.confusion,
        tied=int((~told).sum()),
        kappa=kappa(seen.people.astype(np.float64), seen.judge.astype(np.float64), seen.clusters, level),
        weighted=kappa(label, judge, clusters, level),
        **seen.shares(level),
        auroc=auroc(seen.people, judge[told], seen.clusters, level),
        bias=leaning.bias(label, judge, clusters, level),
        length=leaning.length(label[known], judge[known], lengths[known], clusters.among(known), level),
        best=best_threshold(seen.people, judge[told]),
        position=leaning.position([row.side or 0 for row in sided], Clusters([row.intent for row in sided]), level),
        people=people(ratings, _as_people(rows, threshold), intents, level),
        prediction=prediction([row.query for row in rows], intents, label, judge, terms or Terms()),
    )


def _as_people(rows: Sequence[Rated], threshold: float) -> list[float]:
    """The judge's values on the scale of people's labels: yes and no, where these say no more."""
    if all(label in (0.0, 1.0) for row in rows for label in row.labels):
        return [float(row.judge >= threshold) for row in rows]
    return [row.judge for row in rows]


@dataclass(frozen=True, slots=True)
class _YesNo:
    """What people and the judge say of the answers that are no ties."""

    people: NDArray[np.bool_]
    judge: NDArray[np.bool_]
    clusters: Clusters

    @property
    def confusion(self) -> Confusion:
        people, judge = self.people, self.judge
        tables = (people & judge, ~people & judge, people & ~judge, ~people & ~judge)
        return Confusion(*(int(each.sum()) for each in tables))

    def shares(self, level: float) -> dict[str, Figure]:
        people, judge, everybody = self.people, self.judge, np.ones(len(self.people), dtype=np.bool_)
        asked = {
            "agreement": (people == judge, everybody, "nothing is labelled"),
            "sensitivity": (judge, people, "people say yes to none"),
            "specificity": (~judge, ~people, "people say no to none"),
            "prevalence": (people, everybody, "nothing is labelled"),
        }
        return {name: proportion(yes, among, self.clusters, level, nobody) for name, (yes, among, nobody) in asked.items()}
