"""How well people agree with each other, where several labelled the same answers."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ragguard.records.calibration import Figure, People
from ragguard.statistics.clusters import Clusters
from ragguard.statistics.concordance import kappa


def people(ratings: Sequence[Sequence[float]], judge: Sequence[float], intents: Sequence[str], level: float) -> People | None:
    """Compare the labels of each answer with each other, and the judge's value with each of them; None where no answer has two.

    ``ratings`` holds the labels of each answer, ``judge`` its value there, ``intents`` what it belongs to.
    """
    several = [at for at, given in enumerate(ratings) if len(given) > 1]
    if not several:
        return None
    given, own = [list(ratings[at]) for at in several], [intents[at] for at in several]
    single = [(value, judge[at], intents[at]) for at in several for value in ratings[at]]
    first, second, names = zip(*single, strict=True)
    beside = kappa(np.array(first, dtype=np.float64), np.array(second, dtype=np.float64), Clusters(names), level)
    return People(len(several), max(map(len, given)), krippendorff(given, own, level), beside)


def krippendorff(ratings: Sequence[Sequence[float]], intents: Sequence[str], level: float) -> Figure:
    """Return Krippendorff's alpha of labels in [0, 1], differences squared (of labels 0 and 1 that is the nominal one).

    It is kappa of all ordered pairs of labels of one answer, each counting 1 / (labels of the answer - 1), but for the divisor n - 1 in
    place of n in the disagreement by chance (Krippendorff 2011); so its interval is kappa's. Answers with one label do not count.
    """
    pairs = [
        (one, other, intent, 1 / (len(given) - 1))
        for given, intent in zip(ratings, intents, strict=True)
        for at, one in enumerate(given)
        for beside, other in enumerate(given)
        if at != beside
    ]
    labels = sum(len(given) for given in ratings if len(given) > 1)
    if not pairs:
        return Figure(note="no answer has two labels")
    first, second, names, weights = zip(*pairs, strict=True)
    found = kappa(np.array(first), np.array(second), Clusters(names), level, np.array(weights))
    if found.value is None or found.lower is None or found.upper is None:
        return replace(found, n=labels, note=found.note.replace("on both sides, ", ""), needed={})
    shrink = (labels - 1) / labels
    value, lower, upper = (1 - (1 - bound) * shrink for bound in (found.value, found.lower, found.upper))
    return replace(found, value=value, lower=lower, upper=min(upper, 1.0), n=labels, needed={})
