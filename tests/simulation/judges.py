"""Judges of the simulated populations: what each says of both arms' answers, next to the truth."""

from functools import cache

import numpy as np
from populations import SIZE, Array, Population, losing

Scores = tuple[Array, Array]


def _clip(values: Array) -> Array:
    return np.asarray(np.clip(values, 0.0, 1.0))


def judged(population: Population, judge: str, seed: int = 5) -> Array:
    """What a judge says the difference is, of each query of a population; its noise was drawn once and stays."""
    rng = np.random.default_rng(seed)
    before, after = population.baseline, population.candidate

    def noisy(spread: float, values: Array = after, bias: float = 0.0) -> Array:
        own = spread * rng.standard_normal((2, len(values)))
        return _clip(values + bias + own[0]) - _clip(before + own[1])

    if judge == "good":
        return noisy(0.1)
    if judge == "biased":  # it likes the candidate's style: 0.15 for nothing
        return noisy(0.25, bias=0.15)
    if judge == "useless":
        return rng.random(len(before)) - rng.random(len(before))
    if judge == "five":  # a scale from 1 to 5
        own = 0.2 * rng.standard_normal((2, len(before)))
        return np.asarray((np.round(4 * _clip(after + own[0])) - np.round(4 * _clip(before + own[1]))) / 4)
    if judge.startswith("blind"):  # it takes catastrophes for what the baseline says, and sees all else to within 0.1, or 0.02
        return noisy(0.02 if judge == "blind but sharp" else 0.1, np.where((after == 0) & (before > 0), before, after))
    if judge == "rare":  # says something of few queries only: half of what is lost, and a hundredth of the others
        lost = (before - after > 0.7) & (rng.random(len(before)) < 0.5)
        return (rng.random(len(before)) < 0.01).astype(np.float64) - lost
    if judge == "perfect":
        return population.difference
    return np.where(rng.random(len(before)) < 0.04, -1.0, population.difference)  # "alarmist": cries wolf


@cache
def population_with(metric: str, noise: float, kind: str, judge: str) -> tuple[Array, Array, float]:
    """The differences of a candidate that is worse by 0.05, what a judge says of each, and their exact mean."""
    population = losing(metric, noise, 0.05, kind)
    return population.difference, judged(population, judge), population.mean


def picks(rng: np.random.Generator, count: int, size: int) -> Array:
    return np.asarray(rng.integers(0, SIZE, (count, size)))
