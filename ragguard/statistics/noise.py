"""How often a judge must be asked of the same answer, from nothing but how far it disagrees with itself."""

from collections.abc import Sequence
from math import ceil, fsum, isclose

import numpy as np

TOLERATED = 0.1
"""Share of the variance of a case's mean that may be the judge's own."""


def turns(verdict_values: Sequence[Sequence[float]], most: int) -> int:
    """Return how many verdicts each answer needs, from 2 to ``most``: so many that the judge's own variance is at most a tenth of that
    of a case's mean.

    Each row holds what the judge said of one answer, the same question asked again; rows of less than two values say nothing, and
    without any other there is no telling: 2. With ``w`` the mean variance within a row and ``b`` that of the true values between them
    (the variance of the rows' means, less what ``w`` adds to it), the answer is the least m with w/m <= 0.1 * (b + w/m). It looks at one
    arm alone, so it cannot follow a difference between arms. A judge that disagrees with itself and with nothing else needs ``most``.
    """
    rows = [list(row) for row in verdict_values if len(row) > 1]
    if not rows:
        return min(2, most)
    within = fsum(float(np.var(row, ddof=1)) for row in rows) / len(rows)
    if isclose(within, 0.0, abs_tol=1e-12):
        return min(2, most)
    means = [fsum(row) / len(row) for row in rows]
    added = fsum(within / len(row) for row in rows) / len(rows)
    between = max((float(np.var(means, ddof=1)) if len(means) > 1 else 0.0) - added, 0.0)
    wanted = within * (1 - TOLERATED) / (TOLERATED * between) if between > 0 else float(most)
    return max(2, min(most, ceil(min(wanted, float(most)) - 1e-9)))
