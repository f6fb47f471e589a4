"""How often a judge is asked hangs on how far it disagrees with itself, beside how far answers differ, and on nothing else."""

import numpy as np
import pytest

from ragguard.statistics.noise import turns


def drawn(within: float, between: float, cases: int = 4000, seed: int = 7) -> list[list[float]]:
    rng = np.random.default_rng(seed)
    means = rng.normal(0.5, between, cases)
    return (means[:, None] + rng.normal(0.0, within, (cases, 2))).tolist()


@pytest.mark.parametrize(("within", "between", "expected"), [(0.1, 0.3, 2), (0.1, 0.15, 4), (0.2, 0.2, 9), (0.3, 0.1, 20), (0.01, 0.3, 2)])
def test_the_judges_share_of_the_variance_is_at_most_a_tenth(within, between, expected) -> None:
    found = turns(drawn(within, between), 20)
    assert abs(found - expected) <= 1
    assert found == 20 or within**2 / found <= 0.1 * (between**2 + within**2 / found) * 1.15


def test_a_judge_that_only_disagrees_with_itself_is_asked_as_often_as_may_be() -> None:
    assert turns(drawn(0.2, 0.0), 8) == 8
    assert turns([[0.0, 1.0]], 8) == 8


def test_a_steady_judge_is_asked_twice() -> None:
    assert turns([[0.5, 0.5], [0.2, 0.2], [0.5, 0.5]], 8) == 2
    assert turns([], 8) == turns([[0.5], [0.1]], 8) == 2


def test_a_shift_of_all_values_changes_nothing() -> None:
    rows = drawn(0.2, 0.3)
    assert turns(rows, 20) == turns([[value - 0.4 for value in row] for row in rows], 20)
