"""The intervals of a judge's agreement with people hold what they should: by simulation, answers of one intent alike or not."""

from collections.abc import Iterator
from functools import cache

import numpy as np
from scipy.stats import binom, norm

from ragguard.records.calibration import Figure
from ragguard.statistics.clusters import Clusters
from ragguard.statistics.concordance import kappa
from ragguard.statistics.leaning import bias
from ragguard.statistics.paired import Array
from ragguard.statistics.proportions import proportion
from ragguard.statistics.roc import auroc

TRIALS = 4_000
LEVEL = 0.95
MISSES = 0.07
"""The share of intervals that may miss the truth in the worst cell, of a nominal 0.05; as STATISTICS, section 7, row 1, allows."""

CUTS = np.array([-1.2, -0.4, 0.3, 1.0])
LAYOUTS = {
    "15": (15, 1, 0.0),
    "30": (30, 1, 0.0),
    "100": (100, 1, 0.0),
    "20 x 2": (20, 2, 0.5),
    "40 x 2": (40, 2, 0.9),
    "30 x 5": (30, 5, 0.5),
}
"""Intents, answers of each, and how much of what makes answers good they share."""

JUDGES = {"useless": (0.0, 0.0, 0.3), "fair": (0.7, 0.0, 0.0), "lenient": (0.9, -0.6, 0.4), "near": (0.97, 0.3, 0.3)}
"""Correlation of judge and people, what answers are worth, how lenient the judge is: all latent."""


def draw(rng: np.random.Generator, size: tuple[int, ...], judge: str, share: float) -> tuple[Array, Array]:
    """What people and a judge see in answers, before either writes it down: samples x intents x answers."""
    alike, worth, lenient = JUDGES[judge]

    def latent() -> Array:
        return np.asarray(np.sqrt(share) * rng.standard_normal((*size[:-1], 1)) + np.sqrt(1 - share) * rng.standard_normal(size))

    people = latent()
    return people + worth, alike * people + np.sqrt(1 - alike**2) * latent() + worth + lenient


def written(values: Array, kind: str) -> Array:
    """Yes or no, one of five grades, or any number from 0 to 1."""
    if kind == "binary":
        return (values > 0).astype(np.float64)
    return np.asarray(np.digitize(values, CUTS) / 4 if kind == "five" else norm.cdf(values))


@cache
def truth(judge: str, kind: str) -> dict[str, float]:
    """The figures of a population; how far answers of one intent are alike does not matter to them."""
    people, said = (written(values, kind).ravel() for values in draw(np.random.default_rng(1), (1, 400_000, 1), judge, 0.0))
    chance = people.var() + said.var() + (people.mean() - said.mean()) ** 2
    yes = people >= 0.5
    apart = auroc(yes, said, Clusters(np.arange(len(yes))), LEVEL).value
    assert apart is not None
    return {
        "kappa": float(1 - ((people - said) ** 2).mean() / chance),
        "sensitivity": float((said[yes] >= 0.5).mean()),
        "agreement": float((yes == (said >= 0.5)).mean()),
        "auroc": apart,
        "bias": float((said - people).mean()),
    }


def samples(judge: str, kind: str, layout: str) -> Iterator[tuple[Array, Array, Clusters]]:
    intents, answers, share = LAYOUTS[layout]
    rng = np.random.default_rng([3, intents, answers])
    clusters = Clusters(np.repeat(np.arange(intents), answers))
    people, said = (written(values, kind) for values in draw(rng, (TRIALS, intents, answers), judge, share))
    for one, other in zip(people.reshape(TRIALS, -1), said.reshape(TRIALS, -1), strict=True):
        yield one, other, clusters


def of(name: str, people: Array, said: Array, clusters: Clusters) -> Figure:
    yes = people >= 0.5
    if name == "kappa":
        return kappa(people, said, clusters, LEVEL)
    if name == "bias":
        return bias(people, said, clusters, LEVEL)
    if name == "auroc":
        return auroc(yes, said, clusters, LEVEL)
    among, right = (yes, said >= 0.5) if name == "sensitivity" else (np.ones(len(yes), dtype=np.bool_), yes == (said >= 0.5))
    return proportion(right, among, clusters, LEVEL, "nobody")


def missed(found: list[Figure], true: float) -> float:
    """The share of intervals that miss the truth, of those that there are; all that say something have a width."""
    told = [(each.lower, each.upper) for each in found if each.lower is not None and each.upper is not None]
    assert len(told) > 0.7 * len(found)
    assert all(upper - lower > 1e-3 for lower, upper in told)
    return sum(not lower <= true <= upper for lower, upper in told) / len(told)


def accepted(share: float, target: float) -> bool:
    return share * TRIALS <= binom.ppf(0.999, TRIALS, target)
