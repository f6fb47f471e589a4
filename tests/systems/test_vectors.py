import numpy as np
import pytest

from ragguard.errors import InputError
from ragguard.systems.ranking import tie_ranks
from ragguard.systems.vectors import ExactIndex, FaissIndex


@pytest.fixture(scope="module")
def cloud():
    generator = np.random.default_rng(1)
    vectors = generator.normal(size=(600, 24)).astype(np.float32)
    vectors[100:110] = vectors[0]  # ties, across block boundaries too
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors, vectors[:40] + 0.01, tie_ranks([f"d{i}" for i in range(600)])


def test_exact_search_is_the_full_sort(cloud):
    vectors, queries, ranks = cloud
    scores = np.round(queries.astype(np.float64) @ vectors.astype(np.float64).T, 6)
    for row, (positions, found) in zip(scores, ExactIndex(vectors, ranks).search(queries, 20), strict=True):
        expected = np.lexsort((ranks, -row))[:20]
        assert positions.tolist() == expected.tolist()
        assert found.tolist() == row[expected].tolist()


@pytest.mark.parametrize("rows", [1, 7, 105, 599])
def test_blocks_do_not_change_the_result(cloud, rows):
    vectors, queries, ranks = cloud
    whole, cut = ExactIndex(vectors, ranks).search(queries, 15), ExactIndex(vectors, ranks, rows).search(queries, 15)
    for one, other in zip(whole, cut, strict=True):
        assert one[0].tolist() == other[0].tolist()
        assert one[1].tolist() == other[1].tolist()


def test_hnsw_finds_nearly_what_exact_search_finds(cloud):
    vectors, queries, ranks = cloud
    exact = ExactIndex(vectors, ranks).search(queries, 10)
    found = FaissIndex("HNSW32", vectors, ranks, ef_search=200, nprobe=None).search(queries, 10)
    shared = np.mean([len(set(a[0]) & set(b[0])) / 10 for a, b in zip(exact, found, strict=True)])
    assert shared >= 0.95
    again = FaissIndex("HNSW32", vectors, ranks, ef_search=200, nprobe=None).search(queries, 10)
    assert [a[0].tolist() for a in found] == [a[0].tolist() for a in again]


def test_flat_faiss_is_exact(cloud):
    vectors, queries, ranks = cloud
    exact = ExactIndex(vectors, ranks).search(queries, 5)
    flat = FaissIndex("Flat", vectors, ranks, None, None).search(queries, 5)
    np.testing.assert_allclose([b[1] for b in flat], [a[1] for a in exact], atol=2e-6)


def test_an_index_that_learns_is_trained_and_probed(cloud):
    vectors, queries, ranks = cloud
    exact = ExactIndex(vectors, ranks).search(queries, 1)
    narrow = FaissIndex("IVF8,Flat", vectors, ranks, None, nprobe=1).search(queries, 1)
    wide = FaissIndex("IVF8,Flat", vectors, ranks, None, nprobe=8).search(queries, 1)
    assert [b[1][0] for b in wide] == pytest.approx([a[1][0] for a in exact], abs=2e-6)
    assert len(narrow) == len(exact)


@pytest.mark.parametrize(("factory", "ef", "nprobe"), [("NoSuchIndex", None, None), ("IVF2000,Flat", None, None), ("Flat", 20, None)])
def test_what_faiss_cannot_build_is_an_input_error(cloud, factory, ef, nprobe):
    with pytest.raises(InputError, match="faiss"):
        FaissIndex(factory, cloud[0], cloud[2], ef, nprobe)
