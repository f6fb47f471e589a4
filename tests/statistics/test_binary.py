"""Tango's interval against published values, McNemar's test against statsmodels."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from ragguard.statistics.binary import mcnemar_uneven, mcnemar_worse, tango_bounds, tango_exceeds


@pytest.mark.parametrize(
    ("wins", "losses", "n", "published", "digits"),
    [
        # Airway hyper-responsiveness before and after stem cell transplantation (Bentur et al. 2009), and complete response before
        # and after consolidation therapy (Cavo et al. 2012); both as printed by Fagerland, Lydersen, Laake.
        (1, 7, 21, (-0.517, -0.026), 3),
        (6, 16, 161, (-0.1240, -0.0054), 4),
    ],
)
def test_tango_is_as_published(wins: int, losses: int, n: int, published: tuple[float, float], digits: int) -> None:
    assert tuple(round(bound, digits) for bound in tango_bounds(wins, losses, n, 0.025)) == published


@pytest.mark.parametrize("n", [1, 30, 59, 300])
def test_tango_has_width_when_no_pair_differs(n: int) -> None:
    z2 = float(ndtri(0.05)) ** 2  # the score equation solves in closed form
    assert tango_bounds(0, 0, n, 0.05) == pytest.approx((-z2 / (n + z2), z2 / (n + z2)))


def test_tango_at_the_ends() -> None:
    lower, upper = tango_bounds(40, 0, 40, 0.05)
    assert upper == 1
    assert 0.5 < lower < 1
    assert tango_bounds(0, 40, 40, 0.05) == pytest.approx((-1, -lower))


@given(st.integers(1, 400), st.data())
def test_tango_encloses_the_estimate_and_solves_its_equation(n: int, data: st.DataObject) -> None:
    wins = data.draw(st.integers(0, n))
    losses = data.draw(st.integers(0, n - wins))
    lower, upper = tango_bounds(wins, losses, n, 0.05)
    assert -1 <= lower <= (wins - losses) / n <= upper <= 1
    for delta in (-0.1, -0.05, -0.01):
        if abs(lower - delta) > 1e-9:
            assert bool(tango_exceeds(np.array([wins]), np.array([losses]), n, delta, 0.05)[0]) == (lower > delta)


@pytest.mark.parametrize(("wins", "losses"), [(6, 16), (0, 5), (12, 3), (0, 0), (7, 7)])
def test_mcnemar_is_statsmodels(wins: int, losses: int) -> None:
    from statsmodels.stats.contingency_tables import mcnemar

    two_sided = mcnemar([[50, wins], [losses, 50]], exact=True).pvalue
    assert mcnemar_uneven(wins, losses) == pytest.approx(min(1.0, two_sided))


def test_mcnemar_one_sided_by_hand() -> None:
    tail = sum(math.comb(22, k) for k in range(7)) / 2**22
    assert float(mcnemar_worse(6, 16)) == pytest.approx(tail)
    assert float(mcnemar_worse(0, 0)) == 1
    assert 0 < float(mcnemar_worse(0, 5000)) < 1e-300
