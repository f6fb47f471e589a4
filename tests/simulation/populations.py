"""A latent-rank retrieval simulator: populations of queries, each with a baseline and a candidate score.

A relevant document's log rank is normal: half the queries have theirs on rank 1, a tenth beyond rank 10. The candidate's ranks
correlate with the baseline's; ``shift`` pushes them down. ``collapse`` breaks a share of the queries for good. Populations are
finite and large, so that their mean is known exactly and the margin can be set to it: samples drawn from them are exactly at it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import binom

Array = NDArray[np.float64]
SIZE = 100_000
SPREAD = np.log(10.5) / 1.2816


@dataclass(frozen=True)
class Population:
    """Scores of both arms, oriented so that 1 is best; ``difference`` is candidate - baseline."""

    baseline: Array
    candidate: Array

    @property
    def difference(self) -> Array:
        return self.candidate - self.baseline

    @property
    def mean(self) -> float:
        return float(self.difference.mean())

    def sample(self, rng: np.random.Generator, count: int, size: int) -> Array:
        """Draw ``count`` samples of ``size`` differences, one per row."""
        return self.difference[rng.integers(0, len(self.baseline), (count, size))]


def accepted(count: int, trials: int, target: float) -> bool:
    """Whether ``count`` of ``trials`` is compatible with a rate of at most ``target`` (STATISTICS.md, section 7)."""
    return bool(count <= binom.ppf(0.999, trials, target))


def accepted_at_least(count: int, trials: int, target: float) -> bool:
    """Whether ``count`` of ``trials`` is compatible with a rate of at least ``target``."""
    return bool(count >= binom.ppf(0.001, trials, target))


def retrieval(metric: str, noise: float, *, shift: float = 0.0, collapse: float = 0.0, seed: int = 1) -> Population:
    """A population under ``metric`` ("nDCG@10", "RR" or "Success@1").

    Both arms see one latent quality through noise of their own, so that without a shift they are exchangeable. ``noise`` 0.5 to
    1.0 gives 61 to 45 % ties and a standard deviation of 0.18 to 0.31; ``collapse`` is the share of queries that the candidate
    loses altogether.
    """
    rng = np.random.default_rng(seed)
    quality = SPREAD * rng.standard_normal(SIZE)
    own = noise * SPREAD / 2 * rng.standard_normal((2, SIZE))
    broken = rng.random(SIZE) < collapse
    before, after = _score(metric, quality + own[0]), _score(metric, quality + own[1] + shift)
    return Population(before, np.where(broken, 0.0, after))


def _score(metric: str, log_rank: Array) -> Array:
    ranks = np.maximum(np.ceil(np.exp(log_rank)), 1.0)
    if metric == "RR":
        return np.asarray(1 / ranks)
    if metric == "Success@1":
        return (ranks == 1).astype(np.float64)
    return np.where(ranks <= 10, 1 / np.log2(1 + ranks), 0.0)


def at_mean(mean_of: Callable[[float], float], wanted: float, high: float) -> float:
    """The strength in [0, ``high``] at which a population's mean difference is (nearly) ``wanted``."""
    return float(brentq(lambda strength: mean_of(strength) - wanted, 0.0, high, xtol=1e-4))


def equal(population: Population) -> Population:
    """The population and its mirror image: the arms are exchangeable, and the mean difference is exactly 0."""
    return Population(
        np.concatenate([population.baseline, population.candidate]), np.concatenate([population.candidate, population.baseline])
    )


@cache
def losing(metric: str, noise: float, drop: float, kind: str) -> Population:
    """A population that is worse by ``drop``: "smooth" (ranks sink), "collapse" (queries break) or "half" (half of each)."""
    sunk = {"smooth": drop, "half": drop / 2, "collapse": 0.0}[kind]
    shift = at_mean(lambda strength: retrieval(metric, noise, shift=strength).mean, -sunk, 3.0) if sunk else 0.0
    share = 0.0
    if kind != "smooth":
        share = at_mean(lambda strength: retrieval(metric, noise, shift=shift, collapse=strength).mean, -drop, 0.5)
    return retrieval(metric, noise, shift=shift, collapse=share)


@cache
def sinking_but_for_finds(metric: str, noise: float, share: float) -> Population:
    """A candidate that is equal on average: ``share`` of all queries, among the worst ninth, go to rank 1, and the others sink."""

    def sunk(shift: float) -> Population:
        arms = retrieval(metric, noise, shift=shift)
        worst = arms.baseline <= np.quantile(arms.baseline, 0.11)
        found = worst & (np.random.default_rng(99).random(SIZE) < share / worst.mean())
        return Population(arms.baseline, np.where(found, 1.0, arms.candidate))

    return sunk(at_mean(lambda shift: sunk(shift).mean, 0.0, 3.0))


def clustered(icc: float, intents: int = 60_000, most: int = 10) -> Array:
    """Differences of ``intents`` x ``most`` paraphrases that share quality and fate, in part; a worse candidate."""
    rng = np.random.default_rng(7)

    def shared(weight: float) -> Array:
        own = rng.standard_normal((intents, most))
        return np.sqrt(weight) * rng.standard_normal((intents, 1)) + np.sqrt(1 - weight) * own

    def gain(log_rank: Array) -> Array:
        ranks = np.maximum(np.ceil(np.exp(log_rank)), 1.0)
        return np.where(ranks <= 10, 1 / np.log2(1 + ranks), 0.0)

    quality = 1.8 * shared(icc)
    return gain(quality + 0.9 * shared(icc) + 0.35) - gain(quality + 0.9 * shared(icc))
