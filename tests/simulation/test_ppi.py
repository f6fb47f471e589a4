"""A judge corrected by human labels: how often something that is worse by exactly the margin passes, and what the judge is worth.

Targets as in STATISTICS.md, section 7, rows 1, 3 and 4. Cells have 59 labels, where it is hardest, or more; labelled and unlabelled
intents are drawn from one population.
"""

from collections.abc import Iterator

import numpy as np
import pytest
from judges import judged, picks, population_with
from populations import Array, accepted, clustered, equal, retrieval

from ragguard.statistics.family import holm
from ragguard.statistics.paired import hall_bounds, moments_of_rows, p_below
from ragguard.statistics.ppi import Split, alone, corrected, guarded_bound, trusted

TRIALS = 4_000
AT_ONCE = 500
ALPHA = 0.05
POPULATIONS = [("nDCG@10", 0.5, "half"), ("nDCG@10", 1.0, "smooth"), ("RR", 0.7, "collapse"), ("Success@1", 0.7, "half")]
JUDGES = ["good", "biased", "useless", "five", "blind", "blind but sharp", "rare", "perfect", "alarmist"]
SIZES = [(59, 10), (59, 200), (59, 600), (200, 300)]


def samples(human: Array, judge: Array, n: int, unlabelled: int, seed: int) -> Iterator[Split]:
    rng = np.random.default_rng(seed)
    for _ in range(TRIALS // AT_ONCE):
        labelled = picks(rng, AT_ONCE, n)
        yield Split(human[labelled], judge[labelled], judge[picks(rng, AT_ONCE, unlabelled)])


def lower(split: Split) -> tuple[Array, Array, Array]:
    """The lower bound, the estimate, and the standard error, as a verdict takes them."""
    found = corrected(split, trusted(split, ALPHA))
    return guarded_bound(found, alone(split), ALPHA), found.mean, found.sd


def seen(cell: tuple[tuple[str, float, str], str, tuple[int, int]]) -> tuple[int, float, float, float]:
    """False passes at the margin; how far below the estimate the bound lies, as a share of labels alone; the same of the errors."""
    human, judge, mean = population_with(*cell[0], cell[1])
    passes, reach, errors, bias = 0, [], [], []
    for split in samples(human, judge, *cell[2], seed=11):
        bound, estimate, sd = lower(split)
        labels = alone(split)
        spread = labels.sd > 0
        passes += int((bound > mean).sum())
        reach.append(((estimate - bound)[spread] / (labels.mean - hall_bounds(labels, ALPHA)[0])[spread]).mean())
        errors.append((sd[spread] / labels.sd[spread]).mean())
        bias.append(estimate.mean() - mean)
    return passes, float(np.mean(reach)), float(np.mean(errors)), float(np.mean(bias))


CELLS = [(population, judge, sizes) for population in POPULATIONS for judge in JUDGES for sizes in SIZES]


@pytest.fixture(scope="module")
def cells() -> dict[tuple[tuple[str, float, str], str, tuple[int, int]], tuple[int, float, float, float]]:
    return {cell: seen(cell) for cell in CELLS}


@pytest.mark.slow
def test_row_1_at_the_margin(cells) -> None:
    assert {cell: found[0] / TRIALS for cell, found in cells.items() if not accepted(found[0], TRIALS, 0.07)} == {}
    total = sum(found[0] for found in cells.values())
    assert accepted(total, TRIALS * len(cells), 0.055), total / TRIALS / len(cells)


@pytest.mark.slow
def test_no_judge_makes_the_bound_worse_than_labels_alone_by_more_than_sampling_error(cells) -> None:
    assert {cell: found[1] for cell, found in cells.items() if found[1] > 1.03} == {}
    assert {cell: found[2] for cell, found in cells.items() if found[2] > 1.02} == {}


@pytest.mark.slow
def test_a_good_judge_is_worth_many_labels_and_no_judge_moves_the_estimate(cells) -> None:
    for cell, (_, reach, error, bias) in cells.items():
        standard_error = 0.35 / np.sqrt(cell[2][0] * TRIALS)
        assert abs(bias) < 4 * standard_error + 0.002, cell
        if cell[1] == "good" and cell[2] == (59, 600):
            assert error < 0.65, cell
            assert reach < 0.9, cell
    assert cells[POPULATIONS[2], "good", (200, 300)][1] < 0.8


@pytest.mark.slow
def test_the_judge_alone_would_pass_nearly_always() -> None:
    """What the correction is for: the biased judge's own interval, of as many intents as it likes, is sure of the wrong thing."""
    human, judge, mean = population_with("nDCG@10", 1.0, "smooth", "biased")
    passes = sum(
        int((hall_bounds(moments_of_rows(split.unlabelled), ALPHA)[0] > mean).sum()) for split in samples(human, judge, 59, 600, seed=3)
    )
    assert passes > 0.99 * TRIALS


@pytest.mark.slow
@pytest.mark.parametrize("size", [60, 200])
@pytest.mark.parametrize("metrics", [8, 20])
def test_row_3_family_of_an_equal_candidate(metrics: int, size: int) -> None:
    rng = np.random.default_rng(size + metrics)
    p, means = [], []
    for number in range(metrics):
        population = equal(retrieval(("nDCG@10", "RR", "Success@1")[number % 3], 0.7, seed=number))
        judge = judged(population, JUDGES[number % len(JUDGES)])
        labelled, others = rng.integers(0, len(judge), (2_000, size)), rng.integers(0, len(judge), (2_000, 400))
        split = Split(population.difference[labelled], judge[labelled], judge[others])
        found = corrected(split, trusted(split, ALPHA))
        p.append(p_below(found, 0.0))
        means.append(found.mean)
    alarms = ((holm(np.stack(p, axis=1)) <= ALPHA) & (np.stack(means, axis=1) <= -0.05)).any(axis=1).sum()
    assert accepted(int(alarms), 2_000, 0.05), alarms / 2_000


@pytest.mark.slow
@pytest.mark.parametrize("icc", [0.3, 0.78])
@pytest.mark.parametrize("intents", [40, 100])
def test_row_4_paraphrases_belong_together(icc: float, intents: int) -> None:
    """Intents of 1 to 10 paraphrases, whose judge errs on an intent as a whole, too."""
    cases = clustered(icc)
    rng = np.random.default_rng(intents)
    sizes = rng.permutation(np.resize(np.array([1, 1, 2, 2, 3, 3, 5, 5, 8, 10]), len(cases)))
    there = np.arange(cases.shape[1]) < sizes[:, None]
    human = (cases * there).sum(axis=1) / sizes
    off = 0.1 + 0.15 * rng.standard_normal((len(cases), 1)) + 0.2 * rng.standard_normal(cases.shape)
    judge = ((cases + off) * there).sum(axis=1) / sizes
    passes = 0
    for _ in range(TRIALS // AT_ONCE):
        labelled, others = rng.integers(0, len(human), (AT_ONCE, intents)), rng.integers(0, len(human), (AT_ONCE, 300))
        bound, *_ = lower(Split(human[labelled], judge[labelled], judge[others]))
        passes += int((bound > human.mean()).sum())
    assert accepted(passes, TRIALS, 0.075), passes / TRIALS
