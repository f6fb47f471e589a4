"""Rows of rehearsal: read, counted, drawn."""

from collections import Counter

import numpy as np
import pytest

from ragguard.data.rehearsal import Rehearsed, count, draw, load_rehearsal
from ragguard.errors import InputError


def test_rows_are_read_as_they_stand(tmp_path):
    (tmp_path / "r.jsonl").write_text('{"prompt": "add: 1 + 2 =", "answer": "3"}\n')
    assert load_rehearsal(tmp_path / "r.jsonl") == [Rehearsed("add: 1 + 2 =", "3")]


def test_every_wrong_row_is_named(tmp_path):
    (tmp_path / "r.jsonl").write_text('{"prompt": " ", "answer": "3"}\n{"prompt": "p"}\n{"prompt": [], "answer": "x"}\n{torn\n')
    with pytest.raises(InputError) as caught:
        load_rehearsal(tmp_path / "r.jsonl")
    said = str(caught.value)
    for words in ("r.jsonl:1: has no prompt", "r.jsonl:2: has no answer", "r.jsonl:3: prompt is a list", "r.jsonl:4:"):
        assert words in said
    (tmp_path / "r.jsonl").write_text("")
    with pytest.raises(InputError):
        load_rehearsal(tmp_path / "r.jsonl")


@pytest.mark.parametrize(("share", "others"), [(0.2, 80), (0.1, 1000), (0.5, 7), (0.2, 1)])
def test_they_make_up_that_share_of_all_rows(share, others):
    number = count(share, others)
    assert number >= 1
    assert abs(number / (number + others) - share) <= max(0.5 / others, abs(1 / (1 + others) - share) if number == 1 else 0)


def test_each_is_drawn_once_before_any_comes_again():
    rows = [Rehearsed(str(i), "a") for i in range(5)]
    drawn = draw(rows, 13, np.random.default_rng(1))
    assert len(drawn) == 13
    assert set(Counter(drawn[:10]).values()) == {2}
    assert drawn == draw(rows, 13, np.random.default_rng(1)) != draw(rows, 13, np.random.default_rng(2))
