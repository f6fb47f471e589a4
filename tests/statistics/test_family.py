"""Holm against statsmodels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragguard.statistics.family import holm


@pytest.mark.parametrize("size", [1, 2, 7, 20])
def test_holm_is_statsmodels(size: int) -> None:
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(size).random(size) ** 4
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])


def test_rows_are_families_of_their_own() -> None:
    p = np.array([[0.01, 0.02, 0.9], [0.5, 0.001, 0.001]])
    assert holm(p) == pytest.approx(np.array([holm(p[0]), holm(p[1])]))
    assert holm(p)[0] == pytest.approx([0.03, 0.04, 0.9])


@given(st.lists(st.floats(1e-300, 1), min_size=1, max_size=30))
def test_never_smaller_than_the_raw_p_and_never_over_1(raw: list[float]) -> None:
    p = np.array(raw)
    assert (holm(p) >= p).all()
    assert (holm(p) <= 1).all()
