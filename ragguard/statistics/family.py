"""Control of false alarms over a whole family of tests."""

import numpy as np

from ragguard.statistics.paired import Array


def holm(p: Array) -> Array:
    """Return Holm's adjusted p-values along the last axis: reject those that are at most alpha, and P(any false one) <= alpha.

    Source: Holm 1979, Scand. J. Stat. 6:65. Checked against statsmodels' ``multipletests``, which takes 2 s to import.
    """
    order = np.argsort(p, axis=-1, kind="stable")
    steps = np.take_along_axis(p, order, axis=-1) * np.arange(p.shape[-1], 0, -1)
    adjusted = np.empty_like(steps)
    np.put_along_axis(adjusted, order, np.minimum(np.maximum.accumulate(steps, axis=-1), 1.0), axis=-1)
    return adjusted
