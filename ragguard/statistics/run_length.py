"""How many nights a CUSUM of independent normal deviations runs until it reports something, and the threshold for so many."""

import math
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

_NODES = 64


def average_run_length(k: float, h: float, shift: float = 0.0) -> float:
    """Return the mean number of nights until a one-sided CUSUM of independent normal deviations with mean ``shift`` (in the direction
    that is watched, in standard deviations) passes ``h``. Starts at 0. Page's integral equation by Gauss-Legendre quadrature.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    at, weights = h * (nodes + 1) / 2, h * weights / 2
    starts = np.concatenate([[0.0], at])
    density = np.exp(-0.5 * (at[None, :] + k - shift - starts[:, None]) ** 2) / math.sqrt(2 * math.pi)
    stays = np.concatenate([ndtr(k - shift - starts)[:, None], density * weights], axis=1)
    return float(np.linalg.solve(np.eye(len(starts)) - stays, np.ones(len(starts)))[0])


@lru_cache
def threshold(k: float, nights: float) -> float:
    """Return the ``h`` whose average run length without any shift is ``nights`` (at least 10)."""
    found = brentq(lambda h: math.log(average_run_length(k, h)) - math.log(max(nights, 10.0)), 0.01, 20.0, xtol=1e-6)
    return float(found)
