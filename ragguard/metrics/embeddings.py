"""How embeddings moved, how many directions they use, and whether they still order sentence pairs as people do.

All of it is about directions: rows are brought to unit length first, whatever a system does (a row of zeros stays one).
"""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = 10
DECIMALS = 6
"""Similarities are compared to six decimals: beyond that, single precision decides, not the texts."""

Rows = NDArray[np.floating]


def unit(rows: Rows) -> NDArray[np.float64]:
    """Return rows of unit length, in double precision; shape (n, dimension) as given."""
    made = rows.astype(np.float64)
    lengths = np.linalg.norm(made, axis=1, keepdims=True)
    made /= np.where(lengths > 0, lengths, 1.0)
    return made


def cosines(first: Rows, second: Rows) -> NDArray[np.float64]:
    """Return the cosine of each row with the row beside it, -1 to 1, shape (n,). Both have shape (n, dimension)."""
    products: NDArray[np.float64] = (unit(first) * unit(second)).sum(axis=1)
    return products.clip(-1.0, 1.0)


def mean_cosine(before: Rows, after: Rows) -> float | None:
    """Return the mean cosine between embeddings of the same texts, row by row; -1 to 1, 1 where nothing turned.

    None where there is no row, or dimensions differ. It says something only of encoders with a common origin: those of strangers are at
    right angles on average, however alike they order documents.
    """
    if before.shape != after.shape or not len(before):
        return None
    return float(cosines(before, after).mean())


def effective_rank(rows: Rows) -> float | None:
    """Return how many directions the rows use: the exponential of the entropy of their singular values, each as a share of the sum.

    From 1 (all rows on one line) to min(n, dimension) (all directions alike); None where all rows are zero. Roy & Vetterli 2007
    (EUSIPCO); on embeddings, as here, not centred, Garrido et al. 2023 (RankMe, arXiv:2210.02885): centring would hide a collapse
    towards one common direction.
    """
    values = np.linalg.svd(unit(rows), compute_uv=False) if rows.size else np.zeros(1)
    if values.sum() <= 0:
        return None
    shares = values / values.sum()
    shares = shares[shares > 0]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def neighbours_kept(before: Rows, after: Rows, k: int = NEIGHBOURS) -> float | None:
    """Return the share of each row's ``k`` nearest neighbours by cosine that it keeps, averaged over rows; 0 to 1.

    Dimensions may differ. None where rows have no more than ``k`` others, for then all are neighbours. Of equally near ones the
    earlier row is taken.
    """
    if len(before) != len(after):
        raise ValueError(f"embeddings of {len(before)} and {len(after)} texts")
    if len(before) - 1 <= k:
        return None
    pairs = zip(_neighbours(before, k), _neighbours(after, k), strict=True)
    return float(np.mean([len(np.intersect1d(one, other, assume_unique=True)) / k for one, other in pairs]))


def _neighbours(rows: Rows, k: int) -> NDArray[np.intp]:
    """The numbers of each row's ``k`` nearest others, shape (n, k)."""
    wide = unit(rows)
    nearness = np.round(wide @ wide.T, DECIMALS)
    np.fill_diagonal(nearness, -np.inf)
    return np.argsort(-nearness, axis=1, kind="stable")[:, :k]


def rank_correlation(first: Rows, second: Rows, scores: Sequence[float]) -> float | None:
    """Return Spearman's rho between the cosines of pairs of embeddings and their human scores; -1 to 1, ties by mean ranks.

    None where all cosines are the same.
    """
    from scipy.stats import ConstantInputWarning, spearmanr

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConstantInputWarning)
        rho = float(spearmanr(np.round(cosines(first, second), DECIMALS), scores).statistic)
    return rho if np.isfinite(rho) else None
