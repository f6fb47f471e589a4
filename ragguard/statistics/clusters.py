"""Rows that belong together: the answers of one intent count as one draw."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from ragguard.statistics.paired import Array


class Clusters:
    """The clusters of ``n`` rows. ``count`` is how many there are, ``single`` whether each has one row."""

    def __init__(self, names: Sequence[str] | NDArray[np.int64]) -> None:
        _, self.codes = np.unique(np.asarray(names), return_inverse=True)
        self.n = len(self.codes)
        self.count = int(self.codes.max()) + 1 if self.n else 0
        self.single = self.count == self.n

    def sums(self, values: Array) -> Array:
        """Return the sum of ``values`` over each cluster."""
        return np.asarray(np.bincount(self.codes, weights=values, minlength=self.count), dtype=np.float64)

    def among(self, rows: NDArray[np.bool_]) -> "Clusters":
        """Return the clusters of some of the rows."""
        return Clusters(self.codes[rows])

    @property
    def most(self) -> float:
        """The design effect if all rows of a cluster were alike: the mean size of the cluster that a row is in (Kish); 1 without any."""
        sizes = np.bincount(self.codes)
        return float((sizes**2).sum() / sizes.sum()) if self.n else 1.0

    def effect(self, influence: Array) -> float:
        """Return the design effect of a mean: by how much clustering widens its variance; never below 1.

        ``influence`` holds each row's contribution, summing to 0. Where there is none to be seen, or one cluster alone, it is ``most``.
        """
        if self.single:
            return 1.0
        apart = float((influence**2).sum())
        if apart < _NOTHING or self.count < 2:
            return self.most
        together = float((self.sums(influence) ** 2).sum()) * self.count / (self.count - 1)
        return max(together / apart, 1.0)


_NOTHING = 1e-24


def normal(level: float) -> float:
    """Return the two-sided quantile of the normal distribution: 1.96 at level 0.95."""
    return -float(ndtri((1 - level) / 2))


def student(level: float, freedom: int) -> float:
    """Return the two-sided quantile of Student's t."""
    return float(stdtrit(max(freedom, 1), (1 + level) / 2))
