"""The ratio of quantiles: by hand, and how often its interval holds the true one."""

import numpy as np
import pytest

from ragguard.statistics.quantile import ratio


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def test_the_ratio_is_that_of_the_quantiles() -> None:
    before, after = [1.0, 2.0, 3.0, 10.0], [2.0, 3.0, 5.0, 6.0]
    assert ratio(before, after, rng()).ratio == pytest.approx(4 / 2.5)
    assert ratio(before, after, rng(), quantile=0.95).ratio == pytest.approx((5 + 0.85) / (3 + 0.85 * 7))
    found = ratio(before, after, rng())
    assert found.lower <= found.ratio <= found.upper
    assert (found.n, found.quantile) == (4, 0.5)


def test_the_same_draws_give_the_same_interval() -> None:
    values = rng(3).lognormal(size=(2, 40))
    one, other = (ratio(*values, rng(5), resamples=999) for _ in range(2))
    assert one == other


def test_pairs_are_drawn_together() -> None:
    """Where questions differ a hundredfold and systems by a tenth, an interval of unpaired draws would be a hundred times as wide."""
    before = rng(2).lognormal(sigma=2.0, size=200)
    found = ratio(before, 1.1 * before, rng(), resamples=999)
    assert (found.lower, found.upper) == pytest.approx((1.1, 1.1))


@pytest.mark.parametrize(("quantile", "most"), [(0.5, 0.99), (0.9, 1.0)])
def test_the_interval_holds_the_true_ratio_about_as_often_as_it_says(quantile: float, most: float) -> None:
    """Of the median; further out it is wider than it need be, which is the safe side."""
    draws, held, runs = rng(7), 0, 300
    for number in range(runs):
        common, noise = draws.normal(size=100), draws.normal(size=(2, 100))
        before, after = np.exp(common + 0.3 * noise[0]), 1.2 * np.exp(common + 0.3 * noise[1])
        found = ratio(before, after, rng(number), quantile=quantile, resamples=499)
        held += found.lower <= 1.2 <= found.upper
    assert 0.92 <= held / runs <= most


@pytest.mark.parametrize(
    ("before", "after", "quantile", "words"),
    [
        ([1.0], [1.0], 0.5, "two or more pairs"),
        ([1.0, 2.0], [1.0], 0.5, "2 and 1 values"),
        ([1.0, 0.0], [1.0, 1.0], 0.5, "above 0"),
        ([1.0, 2.0], [1.0, float("nan")], 0.5, "above 0"),
        ([1.0, 2.0], [1.0, 2.0], 1.0, "no quantile"),
    ],
)
def test_what_has_no_ratio(before: list[float], after: list[float], quantile: float, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ratio(before, after, rng(), quantile=quantile)
