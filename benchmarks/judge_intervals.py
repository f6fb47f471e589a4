"""How often judged checks err: a judge corrected by labels, and a judge that disagrees with itself; and what either is worth.

    python benchmarks/judge_intervals.py           # 10,000 samples a cell; a few minutes on one core
    python benchmarks/judge_intervals.py 2000

A candidate is worse by exactly the margin of 0.05; printed is how often it passes a check at alpha 0.05 (nominal: 5.0 %).
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "simulation"))

from judges import picks, population_with
from test_judge_noise import KINDS, said_on_average, verdicts

from ragguard.statistics.paired import hall_bounds, moments_of_rows
from ragguard.statistics.ppi import Split, alone, corrected, guarded_bound, trusted, weights

ALPHA = 0.05
POPULATIONS = (
    ("nDCG@10", 0.5, "half"),
    ("nDCG@10", 1.0, "smooth"),
    ("RR", 0.7, "collapse"),
    ("RR", 0.7, "half"),
    ("Success@1", 0.7, "half"),
)
JUDGES = ("good", "biased", "useless", "five", "blind", "blind but sharp", "rare", "perfect", "alarmist")
SIZES = ((59, 10), (59, 300), (59, 2000), (200, 400))
METHODS = ("labels alone", "judge alone", "one weight", "left-one-out", "as shipped")
Array = NDArray[np.float64]


def samples(human: Array, judge: Array, n: int, unlabelled: int, trials: int) -> Iterator[Split]:
    rng, at_once = np.random.default_rng(23), 250
    for _ in range(trials // at_once):
        labelled = picks(rng, at_once, n)
        yield Split(human[labelled], judge[labelled], judge[picks(rng, at_once, unlabelled)])


def one_weight(split: Split) -> Array:
    """The published rule: one weight, fitted on all labels."""
    n, unlabelled = split.sizes
    human, judged = (values - values.mean(axis=-1, keepdims=True) for values in (split.human, split.judged))
    spread = np.concatenate([split.judged, split.unlabelled], axis=-1).var(axis=-1, ddof=1)
    fitted = (human * judged).mean(axis=-1) / ((1 + n / unlabelled) * np.maximum(spread, 1e-20))
    return np.broadcast_to(np.clip(fitted, 0, 1)[:, None], split.human.shape)


def cell(population: tuple[str, float, str], judge: str, sizes: tuple[int, int], trials: int) -> tuple[dict[str, float], dict[str, float]]:
    """The rate of false passes by method; and how far below the estimate the bound lies, as a share of that of labels alone."""
    human, says, mean = population_with(*population, judge)
    passes, reach = dict.fromkeys(METHODS, 0), dict.fromkeys(METHODS, 0.0)
    for split in samples(human, says, *sizes, trials):
        labels, by_judge = alone(split), moments_of_rows(split.unlabelled)
        found = {"labels alone": (labels, hall_bounds(labels, ALPHA)[0]), "judge alone": (by_judge, hall_bounds(by_judge, ALPHA)[0])}
        for name, weight in (("one weight", one_weight(split)), ("left-one-out", weights(split))):
            sample = corrected(split, weight)
            found[name] = sample, hall_bounds(sample, ALPHA)[0]
        sample = corrected(split, trusted(split, ALPHA))
        found["as shipped"] = sample, guarded_bound(sample, labels, ALPHA)
        for name, (sample, bound) in found.items():
            passes[name] += int((bound > mean).sum())
            reach[name] += float((sample.mean - bound).sum())
    return {name: count / trials for name, count in passes.items()}, {name: far / reach["labels alone"] for name, far in reach.items()}


def labels(trials: int) -> None:
    print(f"A judge corrected by labels: false passes in %, {trials:,} samples; worst and mean of {len(POPULATIONS)} populations")
    print(f"{'judge':16} {'labelled':>8} {'others':>6}  " + "  ".join(f"{name:>13}" for name in METHODS) + "  bound / labels'")
    everything: dict[str, list[float]] = {name: [] for name in METHODS}
    for judge in JUDGES:
        for sizes in SIZES:
            found = [cell(population, judge, sizes, trials) for population in POPULATIONS]
            rates = {name: [rate[name] for rate, _ in found] for name in METHODS}
            for name in METHODS:
                everything[name] += rates[name]
            told = "  ".join(f"{100 * max(rates[name]):6.1f} {100 * np.mean(rates[name]):6.1f}" for name in METHODS)
            reach = [far["as shipped"] for _, far in found]
            print(f"{judge:16} {sizes[0]:8} {sizes[1]:6}  {told}  {min(reach):.2f} to {max(reach):.2f}", flush=True)
    print(f"{'all':32}  " + "  ".join(f"{100 * max(everything[name]):6.1f} {100 * np.mean(everything[name]):6.1f}" for name in METHODS))


def noise(trials: int) -> None:
    print(f"\nA judge that disagrees with itself: false passes in %, 59 and 150 intents, {trials:,} samples a cell; sd of the differences")
    print(f"{'noise':18} {'turns':>5}  {'59':>5}  {'150':>5}  {'sd':>6}")
    for kind in KINDS:
        for repeats in (1, 2, 5):
            found = [noisy(kind, repeats, size, trials) for size in (59, 150)]
            print(f"{kind:18} {repeats:5}  {100 * found[0][0]:5.1f}  {100 * found[1][0]:5.1f}  {found[1][1]:6.3f}", flush=True)


def noisy(kind: str, repeats: int, size: int, trials: int) -> tuple[float, float]:
    from populations import losing

    population = losing("nDCG@10", 0.5, 0.05, "half")
    mean = float((said_on_average(population.candidate, kind) - said_on_average(population.baseline, kind)).mean())
    rng, passes, spread, at_once = np.random.default_rng(31), 0, [], 500
    for _ in range(trials // at_once):
        picked = rng.integers(0, len(population.baseline), (at_once, size))
        before, after = (verdicts(rng, arm[picked], repeats, kind) for arm in (population.baseline, population.candidate))
        found = moments_of_rows(after - before)
        passes += int((hall_bounds(found, ALPHA)[0] > mean).sum())
        spread.append(found.sd.mean())
    return passes / trials, float(np.mean(spread))


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    labels(count)
    noise(count)
