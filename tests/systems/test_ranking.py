import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ragguard.records.evidence import Ranked
from ragguard.systems.ranking import best, ordered, tie_ranks


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30), st.integers(1, 35))
def test_best_is_the_head_of_the_full_order(scores, depth):
    ids = [f"d{i * 7 % 31}" for i in range(len(scores))]
    expected = sorted(range(len(ids)), key=lambda i: ids[i], reverse=True)
    expected = sorted(expected, key=lambda i: -scores[i])[:depth]
    assert best(np.array(scores, dtype=float), tie_ranks(ids), depth).tolist() == expected


def test_ties_go_to_the_later_id():
    assert [r.id for r in ordered([Ranked("a", 1.0), Ranked("c", 1.0), Ranked("b", 2.0)], 3)] == ["b", "c", "a"]
