"""The intervals of a judge's agreement with people hold what they should: by simulation, answers of one intent alike or not."""

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from scipy.stats import binom, norm

from ragguard.records.calibration import Figure
from ragguard.statistics.clusters import Clusters
from ragguard.statistics.concordance import kappa
from ragguard.statistics.leaning import bias, length
from ragguard.statistics.paired import Array
from ragguard.statistics.proportions import proportion
from ragguard.statistics.raters import krippendorff
from ragguard.statistics.roc import auroc

TRIALS = 4_000
LEVEL = 0.95
MISSES, ON_AVERAGE = 0.07, 0.055
"""The share of intervals that may miss the truth, of a nominal 0.05, in the worst cell and over all: what verdicts are held to."""

CUTS = np.array([-1.2, -0.4, 0.3, 1.0])
LAYOUTS = {"15": (15, 1, 0.0), "40": (40, 1, 0.0), "20 x 2": (20, 2, 0.9), "30 x 5": (30, 5, 0.5)}
"""Intents, answers of each, and how much of what makes answers good they share."""

JUDGES = {"useless": (0.0, 0.0, 0.3), "lenient": (0.8, -0.6, 0.4), "near": (0.97, 0.3, 0.3)}
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
    """The share of intervals that miss the truth, of those that there are; all of these have a width."""
    told = [(each.lower, each.upper) for each in found if each.lower is not None and each.upper is not None]
    assert len(told) > 0.9 * len(found)
    assert all(upper - lower > 1e-3 for lower, upper in told)
    return sum(not lower <= true <= upper for lower, upper in told) / len(told)


def refuse(shares: dict[str, float]) -> None:
    """Fail where any cell misses too often, or all of them do on average."""
    assert not {cell: share for cell, share in shares.items() if share * TRIALS > binom.ppf(0.999, TRIALS, MISSES)}
    assert sum(shares.values()) / len(shares) <= ON_AVERAGE


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("kappa", kind) for kind in ("binary", "five", "any")),
        *(("bias", kind) for kind in ("binary", "five")),
        ("auroc", "binary"),
        ("auroc", "five"),
        ("agreement", "binary"),
        ("sensitivity", "binary"),
    ],
)
def test_intervals_hold_the_truth(name: str, kind: str) -> None:
    cells = [(judge, layout) for judge in JUDGES for layout in LAYOUTS]
    refuse(
        {
            f"{judge}, {layout}": missed([of(name, *drawn) for drawn in samples(judge, kind, layout)], truth(judge, kind)[name])
            for judge, layout in cells
        }
    )


@pytest.mark.slow
def test_ignoring_intents_would_not_do() -> None:
    """The same kappa and agreement, with every answer as its own intent, miss far too often where answers of an intent are alike."""
    for name in ("kappa", "agreement"):
        apart = [of(name, one, other, Clusters(np.arange(len(one)))) for one, other, _ in alike()]
        together = [of(name, *drawn) for drawn in alike()]
        true = truth("lenient", "binary")[name]
        assert missed(apart, true) > 0.12
        assert missed(together, true) * TRIALS <= binom.ppf(0.999, TRIALS, MISSES)


def alike() -> Iterator[tuple[Array, Array, Clusters]]:
    clusters = Clusters(np.repeat(np.arange(40), 5))
    people, said = (written(values, "binary") for values in draw(np.random.default_rng(4), (TRIALS, 40, 5), "lenient", 0.8))
    for one, other in zip(people.reshape(TRIALS, -1), said.reshape(TRIALS, -1), strict=True):
        yield one, other, clusters


@pytest.mark.slow
def test_krippendorffs_alpha_of_three_raters() -> None:
    def rated(size: tuple[int, int], seed: int, kind: str) -> Array:
        """Samples x answers x raters."""
        rng = np.random.default_rng(seed)
        seen = rng.standard_normal((*size, 1))
        return written(np.sqrt(0.8) * seen + np.sqrt(0.2) * rng.standard_normal((*size, 3)), kind)

    shares = {}
    for kind in ("binary", "five"):
        everybody = rated((1, 100_000), 5, kind)[0]
        true = 1 - everybody.var(axis=1, ddof=1).mean() / everybody.var(ddof=1)
        for answers in (15, 40):
            names = [str(number) for number in range(answers)]
            found = [krippendorff(each.tolist(), names, LEVEL) for each in rated((TRIALS, answers), 6, kind)]
            shares[f"{kind}, {answers}"] = missed(found, float(true))
    refuse(shares)


@pytest.mark.slow
@pytest.mark.parametrize("answers", [1, 3])
def test_a_judge_that_likes_long_answers(answers: int) -> None:
    """Its noise grows with length, and is shared within an intent."""
    rng, intents, true = np.random.default_rng(7), 30, 0.05
    size = (TRIALS, intents, answers)
    doubled = 4 + rng.normal(0, 0.7, size) + rng.normal(0, 0.7, (TRIALS, intents, 1))
    label = (rng.random(size) < 0.6).astype(np.float64)
    noise = (rng.normal(0, 0.1, size) + rng.normal(0, 0.1, (TRIALS, intents, 1))) * np.exp(0.3 * (doubled - 4))
    judge = 0.1 + 0.4 * label + true * doubled + noise
    clusters = Clusters(np.repeat(np.arange(intents), answers))
    rows = (values.reshape(TRIALS, -1) for values in (label, judge, doubled))
    found = [length(*drawn, clusters, LEVEL) for drawn in zip(*rows, strict=True)]
    refuse({"coefficient": missed(found, true)})
