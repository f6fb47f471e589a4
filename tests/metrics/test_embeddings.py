"""How embeddings moved: against independent computations, and where the answer is known."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import svdvals
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist, cosine
from scipy.stats import entropy, kendalltau, ortho_group, rankdata

from ragguard.metrics import embeddings


@pytest.fixture
def rows() -> NDArray[np.float32]:
    """60 embeddings of 16 numbers, of unlike lengths."""
    return np.random.default_rng(5).normal(size=(60, 16)).astype(np.float32)


def rotated(rows: NDArray[np.float32], seed: int = 1) -> NDArray[np.float64]:
    return rows @ ortho_group.rvs(rows.shape[1], random_state=seed)


def test_the_same_embeddings_have_not_moved(rows) -> None:
    assert embeddings.mean_cosine(rows, rows) == pytest.approx(1.0)
    assert embeddings.neighbours_kept(rows, rows) == 1.0


def test_the_length_of_a_row_does_not_count(rows) -> None:
    longer = rows * np.linspace(0.1, 9, len(rows), dtype=np.float32)[:, None]
    assert embeddings.mean_cosine(rows, longer) == pytest.approx(1.0)
    assert embeddings.neighbours_kept(rows, longer) == 1.0
    assert embeddings.effective_rank(longer) == pytest.approx(embeddings.effective_rank(rows))


def test_a_rotation_turns_every_row_and_keeps_every_neighbour(rows) -> None:
    turned = rotated(rows)
    cosine_ = embeddings.mean_cosine(rows, turned)
    assert cosine_ is not None
    assert abs(cosine_) < 0.3
    assert embeddings.neighbours_kept(rows, turned) == 1.0
    assert embeddings.effective_rank(turned) == pytest.approx(embeddings.effective_rank(rows))


def test_swapped_rows_lose_their_neighbours_and_none_of_their_directions(rows) -> None:
    swapped = np.random.default_rng(2).permutation(rows)
    kept = embeddings.neighbours_kept(rows, swapped)
    assert kept is not None
    assert abs(kept - 10 / 59) < 0.06, "as many as by chance"
    assert embeddings.effective_rank(swapped) == pytest.approx(embeddings.effective_rank(rows))


def test_mean_cosine_is_that_of_scipy(rows) -> None:
    other = rows + np.random.default_rng(3).normal(size=rows.shape)
    by_scipy = [1 - cosine(one, two) for one, two in zip(rows.astype(float), other, strict=True)]
    assert embeddings.mean_cosine(rows, other) == pytest.approx(np.mean(by_scipy), abs=1e-9)


def test_mean_cosine_by_hand() -> None:
    before, after = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[3.0, 4.0], [0.0, -1.0]])
    assert embeddings.mean_cosine(before, after) == pytest.approx((0.6 - 1.0) / 2)


def test_unlike_dimensions_have_no_cosine_and_still_neighbours(rows) -> None:
    assert embeddings.mean_cosine(rows, rows[:, :8]) is None
    kept = embeddings.neighbours_kept(rows, rows[:, :8])
    assert kept is not None
    assert 10 / 59 < kept < 1


@pytest.mark.parametrize("rank", [1, 2, 5])
def test_directions_used_alike_are_counted(rank) -> None:
    assert embeddings.effective_rank(np.tile(np.eye(rank, 8), (3, 1))) == pytest.approx(rank)


def test_effective_rank_by_hand() -> None:
    # Three rows on one axis and one on the other: singular values sqrt(3) and 1.
    shares = np.array([math.sqrt(3), 1.0]) / (math.sqrt(3) + 1)
    rows = np.array([[1.0, 0.0]] * 3 + [[0.0, 1.0]])
    assert embeddings.effective_rank(rows) == pytest.approx(math.exp(-sum(p * math.log(p) for p in shares)))


def test_effective_rank_is_that_of_scipy(rows) -> None:
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    assert embeddings.effective_rank(rows) == pytest.approx(math.exp(entropy(svdvals(unit.astype(float)))), rel=1e-6)


def test_a_collapse_to_one_direction_is_seen_however_even_what_is_left(rows) -> None:
    common = np.ones(16, dtype=np.float32)
    ranks = [embeddings.effective_rank(rows + scale * common) for scale in (0, 1, 10, 1000)]
    assert ranks == sorted(ranks, reverse=True)
    assert ranks[0] > 12
    assert ranks[-1] == pytest.approx(1.0, abs=0.1)
    assert embeddings.effective_rank(np.tile(common, (5, 1))) == pytest.approx(1.0)
    assert embeddings.effective_rank(np.tile(common, (5, 1)) * np.array([[1], [-1], [1], [-1], [2]])) == pytest.approx(1.0)


def test_nothing_has_no_figures() -> None:
    none = np.empty((0, 4), dtype=np.float32)
    assert embeddings.mean_cosine(none, none) is None
    assert embeddings.effective_rank(none) is None
    assert embeddings.effective_rank(np.zeros((3, 4))) is None
    assert embeddings.neighbours_kept(none, none) is None


def test_a_row_of_zeros_is_at_right_angles_to_all() -> None:
    assert embeddings.mean_cosine(np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]])) == 0.5


def test_neighbours_are_those_of_a_tree(rows) -> None:
    other = rows + np.random.default_rng(4).normal(size=rows.shape)
    trees = []
    for each in (rows, other):
        unit = each / np.linalg.norm(each, axis=1, keepdims=True)
        trees.append([set(found[1:]) for found in cKDTree(unit).query(unit, k=11)[1]])
    shares = [len(one & two) / 10 for one, two in zip(*trees, strict=True)]
    assert embeddings.neighbours_kept(rows, other) == pytest.approx(np.mean(shares))


def test_neighbours_by_hand() -> None:
    """Four points on a quarter circle: 0, 10, 50 and 90 degrees; then the last one moves to 20."""
    before, after = (
        np.array([[math.cos(math.radians(a)), math.sin(math.radians(a))] for a in angles]) for angles in ((0, 10, 50, 90), (0, 10, 50, 20))
    )
    # Nearest before: 1, 0, 3 or 1 (as near; the earlier row, 1), 2. After: 1, 0 or 3 (as near; 0), 3, 1.
    assert embeddings.neighbours_kept(before, after, k=1) == pytest.approx(2 / 4)


def test_as_few_texts_as_neighbours_say_nothing(rows) -> None:
    assert embeddings.neighbours_kept(rows[:11], rows[:11] * -1) is None
    assert embeddings.neighbours_kept(rows[:12], rows[:12]) == 1.0


def test_unlike_numbers_of_texts_are_refused(rows) -> None:
    with pytest.raises(ValueError, match="60 and 59 texts"):
        embeddings.neighbours_kept(rows, rows[:-1])


def test_copies_of_a_text_do_not_disturb(rows) -> None:
    doubled = np.concatenate([rows, rows])
    assert embeddings.neighbours_kept(doubled, rotated(doubled)) == 1.0


def test_rank_correlation_is_that_of_ranks(rows) -> None:
    first, second = rows[:30], rows[30:]
    scores = np.random.default_rng(6).integers(0, 6, size=30).astype(float).tolist()
    cosines = 1 - np.diag(cdist(first, second, "cosine"))
    by_hand = np.corrcoef(rankdata(np.round(cosines, 6)), rankdata(scores))[0, 1]
    assert embeddings.rank_correlation(first, second, scores) == pytest.approx(by_hand)


def test_rank_correlation_by_hand() -> None:
    """Spearman's d squared formula: ranks 1 2 3 4 against 2 1 4 3 give 1 - 6 * 4 / (4 * 15)."""
    first = np.tile([[1.0, 0.0]], (4, 1))
    second = np.array([[math.cos(a), math.sin(a)] for a in (1.2, 0.9, 0.6, 0.3)])
    assert embeddings.rank_correlation(first, second, [2, 1, 4, 3]) == pytest.approx(0.6)
    assert embeddings.rank_correlation(first, second, [1, 2, 3, 4]) == pytest.approx(1.0)
    assert embeddings.rank_correlation(first, second, [9, 2, 1, 0.5]) == pytest.approx(-1.0)
    assert kendalltau([1, 2, 3, 4], [2, 1, 4, 3]).statistic == pytest.approx(1 / 3), "it is not Kendall's"


def test_equal_cosines_have_no_order(rows) -> None:
    assert embeddings.rank_correlation(rows, rows, list(range(60))) is None
