"""Prediction-powered means: against ppi_py, by brute force, and where there is next to nothing."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragguard.statistics.paired import hall_bounds, moments, moments_of_rows, phantom_bound
from ragguard.statistics.ppi import Split, alone, corrected, diluted, guarded_bound, rectified, trusted, weights

# What ppi_py 0.2.3 gave for ``known(*key)``: lambda (_calc_lam_glm, clipped, as its functions call it), ppi_mean_pointestimate(Y, f, fU)
# and ppi_mean_ci(Y, f, fU, alpha=0.1), two-sided with normal quantiles. It fits one weight to all labels; ours is left-one-out.
PPI_PY = {
    (2000, 10000, 0.8, 0.1, 0.1): (0.8877772282172606, -0.020000598003345305, -0.02420149042124037, -0.015799705585450238),
    (2000, 1000, 1.0, -0.2, 0.05): (0.32435763602225515, -0.01998646739312148, -0.026399387093052798, -0.013573547693190165),
    (3000, 3000, 0.0, 0.3, 0.2): (0.0, -0.019986473533284154, -0.026357930056771353, -0.013615017009796955),
    (2000, 10000, -0.5, 0.0, 0.1): (0.0, -0.019926539149821558, -0.027729888518418507, -0.012123189781224609),
}


def known(labelled: int, unlabelled: int, slope: float, bias: float, noise: float) -> Split:
    """Human values and a judge's, by formula: no generator stands between us and the reference."""
    i = np.arange(1, labelled + unlabelled + 1)
    human = 0.3 * np.sin(1.7 * i) - 0.02
    judge = slope * human + noise * np.cos(2.3 * i) + bias
    return Split(human[:labelled], judge[:labelled], judge[labelled:])


def drawn(labelled: int, unlabelled: int, seed: int = 1, noise: float = 0.2) -> Split:
    rng = np.random.default_rng(seed)
    human = rng.choice([-1.0, -0.4, 0.0, 0.0, 0.0, 0.3], labelled + unlabelled)
    judge = np.clip(human + 0.1 + noise * rng.standard_normal(len(human)), -1, 1)
    return Split(human[:labelled], judge[:labelled], judge[labelled:])


@pytest.mark.parametrize("key", PPI_PY)
def test_the_published_package_says_the_same_of_large_samples(key: tuple[int, int, float, float, float]) -> None:
    weight, estimate, low, high = PPI_PY[key]
    split = known(*key)
    found = corrected(split, weights(split))
    assert weights(split).mean() == pytest.approx(weight, abs=1e-5)
    assert float(found.mean) == pytest.approx(estimate, abs=1e-6)
    assert tuple(map(float, hall_bounds(found, 0.05))) == pytest.approx((low, high), abs=1e-5)


def test_a_weight_is_tuned_on_all_other_intents() -> None:
    split = drawn(30, 50)
    for left_out, weight in enumerate(weights(split)):
        human, judge = np.delete(split.human, left_out), np.delete(split.judged, left_out)
        both = np.concatenate([judge, split.unlabelled])
        wanted = np.cov(human, judge, ddof=0)[0, 1] / ((1 + 30 / 50) * both.var(ddof=1))
        assert weight == pytest.approx(min(max(wanted, 0.0), 1.0))


def test_the_estimate_and_its_error_are_the_papers() -> None:
    split = drawn(40, 200)
    weight = np.full(40, 0.6)
    found = corrected(split, weight)
    assert float(found.mean) == pytest.approx(0.6 * split.unlabelled.mean() + (split.human - 0.6 * split.judged).mean())
    judged = np.concatenate([split.judged, split.unlabelled])
    variance = (split.human - 0.6 * split.judged).var(ddof=1) / 40 + 0.36 * judged.var(ddof=1) / 200
    assert float(found.sd) / math.sqrt(40) == pytest.approx(math.sqrt(variance))


def test_samples_together_and_one_by_one_are_the_same() -> None:
    rng = np.random.default_rng(2)
    human, judged, others = rng.normal(size=(3, 30)), rng.normal(size=(3, 30)), rng.normal(size=(3, 80))
    judged += human
    together = Split(human, judged, others)
    found = corrected(together, trusted(together, 0.05))
    bounds = guarded_bound(found, alone(together), 0.05)
    for row in range(3):
        split = Split(human[row], judged[row], others[row])
        one = corrected(split, trusted(split, 0.05))
        assert (one.mean, one.sd, one.skew) == pytest.approx((found.mean[row], found.sd[row], found.skew[row]))
        assert float(guarded_bound(one, alone(split), 0.05)) == pytest.approx(bounds[row])


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=80))
def test_without_unlabelled_intents_it_is_labels_alone_to_the_bit(values: list[float]) -> None:
    split = Split(np.array(values), np.array(values[::-1]), np.array([]))
    found, labels = corrected(split, trusted(split, 0.05)), moments(values)
    assert (float(found.mean), float(found.sd), float(found.skew)) == (float(labels.mean), float(labels.sd), float(labels.skew))
    if len(values) > 1:
        assert float(guarded_bound(found, labels, 0.05)) == pytest.approx(float(hall_bounds(labels, 0.05)[0]), abs=1e-15)


@pytest.mark.parametrize("labelled", [1, 2, 3])
def test_few_labels_are_no_crash(labelled: int) -> None:
    split = drawn(labelled, 100)
    weight = trusted(split, 0.05)
    found = corrected(split, weight)
    assert np.isfinite([found.mean, found.sd, found.skew]).all()
    assert labelled > 2 or not weight.any()


@pytest.mark.parametrize(
    "split",
    [
        Split(np.zeros(60), np.zeros(60), np.zeros(100)),
        Split(np.full(60, -0.1), drawn(60, 0).judged, drawn(100, 0).judged),
        Split(drawn(60, 0).human, np.full(60, 0.4), np.full(100, 0.4)),
        Split(drawn(60, 0).human, -drawn(60, 0).human, -drawn(100, 0).human),
        Split(drawn(60, 0).human, np.full(60, 0.4), drawn(100, 0).judged),
    ],
    ids=["all alike", "people see one thing everywhere", "the judge says one thing", "the judge is wrong", "the labels saw nothing of it"],
)
def test_a_judge_that_tells_nothing_has_weight_0(split: Split) -> None:
    assert not weights(split).any()
    found, labels = corrected(split, trusted(split, 0.05)), moments_of_rows(split.human)
    assert (float(found.mean), float(found.sd)) == pytest.approx((float(labels.mean), float(labels.sd)))


def test_the_bound_is_held_back_by_what_the_judge_took_away() -> None:
    split = drawn(80, 1000, noise=0.05)
    found, labels = corrected(split, trusted(split, 0.05)), alone(split)
    taken = 1 - float(found.sd / labels.sd)
    assert taken > 0.3
    hall, phantom = float(hall_bounds(found, 0.05)[0]), float(phantom_bound(found, 0.05))
    assert float(guarded_bound(found, labels, 0.05)) == pytest.approx((1 - taken) * hall + taken * phantom)


def test_a_judge_that_is_blind_to_what_is_rare_leaves_labels_alone() -> None:
    """It agrees to within a hair, but for two catastrophes: what is left are these, and they reach further than the labels' own bound."""
    split = drawn(70, 2000, noise=0.01)
    human = np.concatenate([np.where(split.human < -0.5, 0.0, split.human)[:-2], [-1.0, -1.0]])
    judged = np.concatenate([np.where(split.judged < -0.5, 0.0, split.judged)[:-2], [0.3, 0.3]])
    blind = Split(human, judged, np.where(split.unlabelled < -0.5, 0.0, split.unlabelled))
    assert weights(blind).mean() > 0.2
    assert not trusted(blind, 0.05).any()


def test_the_arms_means_differ_by_the_difference() -> None:
    split = drawn(50, 90)
    weight = weights(split)
    before = Split(np.full(50, 0.5), split.judged * 0.2, split.unlabelled * 0.2)
    after = Split(split.human + 0.5, split.judged * 1.2, split.unlabelled * 1.2)
    gap = rectified(after, weight).mean() - rectified(before, weight).mean()
    assert gap == pytest.approx(float(corrected(split, weight).mean))


def test_what_is_missing_counts_as_the_worst_and_adds_its_own_spread() -> None:
    values = [0.1, -0.2, 0.0, 0.4, 0.0, -0.1, 0.0, 0.2] * 50
    filled = moments([*values, *[-1.0] * 100])
    found = diluted(moments(values), 0.2, 500, -1.0)
    assert float(found.mean) == pytest.approx(float(filled.mean))
    # The filled sample's error divides by its n - 1, the parts by theirs: alike, up to terms of 1 / n.
    assert float(found.sd) ** 2 / 400 == pytest.approx(float(filled.sd) ** 2 / 500, rel=0.01)
    assert float(found.skew) / math.sqrt(400) == pytest.approx(float(filled.skew) / math.sqrt(500), rel=0.01)
    assert diluted(filled, 0.0, 500, -1.0) is filled
