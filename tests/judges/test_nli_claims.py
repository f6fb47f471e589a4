"""What is taken for a claim of an answer, and how long texts are cut into windows."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragguard.judges.claims import claims
from ragguard.judges.windows import pieces, windows


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("The limit is 50 [1]. It was 30 before. [2]", ("The limit is 50.", "It was 30 before.")),
        ("Limits [1] Retries: 3 a minute [2, 3] and then none.", ("Limits", "Retries: 3 a minute and then none.")),
        ("Use v2 [1][2] as told in [3] API keys.", ("Use v2 as told in API keys.",)),
        ("The limit is 50 [pumps-limit-v2.1], see [the list](x) and [draft].", ("The limit is 50, see [the list](x) and [draft].",)),
        ("##begin_quote## The fee is EUR 5. ##end_quote## So pay it.", ("The fee is EUR 5.", "So pay it.")),
        ("The steps:\n1. Open the case.\n2) Call back\n- Write\n---", ("Open the case.", "Call back", "Write")),
        ("Is it 50? It is 50.", ("It is 50.",)),
        ("", ()),
        ("The documents do not say.", ()),
        ("I don’t know.", ()),
        ("I do not know what the limit of version 2.3 is.", ()),
        ("I do not know, but the limit is 50.", ("the limit is 50.",)),
        ("The limit is 50; the documents do not say for whom.", ("The limit is 50",)),
        ("The documents do not say. However, the limit is 50 [1].", ("However, the limit is 50.",)),
        ("Call `GET /v1/keys` but not\n  more than  3 times.", ("Call `GET /v1/keys` but not", "more than 3 times.")),
    ],
)
def test_claims(answer: str, said: tuple[str, ...]) -> None:
    assert claims(answer) == said


@given(st.lists(st.integers(1, 12), max_size=30), st.integers(4, 20), st.booleans())
def test_windows_hold_everything_in_order_and_fit(sizes: list[int], room: int, overlap: bool) -> None:
    found = list(windows(sizes, room, overlap=overlap))
    assert [i for i in range(len(sizes)) if not any(start <= i < end for start, end in found)] == []
    assert found == sorted(found)
    for start, end in found:
        assert sum(sizes[start:end]) <= room or end - start == 1
    for (_, before), (start, end) in pairwise(found):
        assert before - start in ((0, 1) if overlap else (0,)), "at most one sentence is read twice"
        assert end > before
    if overlap:  # two neighbours that fit are together somewhere
        for i in range(len(sizes) - 1):
            fit = sizes[i] + sizes[i + 1] <= room
            assert not fit or any(start <= i and i + 2 <= end for start, end in found)


@given(st.lists(st.text(st.sampled_from("ab c"), max_size=40), max_size=5), st.integers(1, 9))
def test_pieces_lose_nothing(texts: list[str], most: int) -> None:
    """With one token a letter: what is cut is cut between words, and within them where one is too long."""

    def count(each):
        return [sum(letter != " " for letter in text) for text in each]

    found = pieces(texts, most, count)
    assert "".join(text for text, _ in found).replace(" ", "") == "".join(texts).replace(" ", "")
    for text, size in found:
        assert size == count([text])[0] <= most
