import itertools
import random

import pytest

from ragguard.data.audit import Overlap, normalise, overlaps


def brute(train: list[str], golden: list[str], threshold: float) -> set[tuple[str, str]]:
    def grams(text: str) -> set[str]:
        text = normalise(text)
        return {text[i : i + 5] for i in range(max(1, len(text) - 4))}

    pairs = itertools.product(set(train), set(golden))
    return {(a, b) for a, b in pairs if len(grams(a) & grams(b)) / len(grams(a) | grams(b)) >= threshold}


def test_equal_but_for_case_width_and_punctuation_is_exact():
    assert overlaps(["How do I   rotate a KEY?"], ["how do i rotate a key", "how do i pay"]) == [
        Overlap("How do I   rotate a KEY?", "how do i rotate a key", 1.0)
    ]
    assert normalise(" Ｒetry_window: 24h!") == "retry window 24h"


def test_near_duplicates_come_most_similar_first():
    golden = "how long does halyard keep retrying a failed webhook"
    train = [
        "how long does halyard keep retrying the failed webhook",
        "how long does halyard keep retrying a failed webhook?",
        "what is a webhook",
    ]
    found = overlaps(train, [golden], 0.7)
    assert [pair.train for pair in found] == [train[1], train[0]]
    assert 0.7 <= found[1].similarity < found[0].similarity == 1.0


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8, 1.0])
def test_the_search_misses_nothing(threshold):
    draw = random.Random(11)
    words = ["refund", "webhook", "retry", "key", "limit", "payout", "fee"]
    texts = [" ".join(draw.choices(words, k=draw.randrange(1, 6))) for _ in range(240)]
    train, golden = texts[:120], texts[120:]
    found = overlaps(train, golden, threshold)
    assert {(pair.train, pair.golden) for pair in found} == brute(train, golden, threshold)
    assert found


def test_texts_without_words_and_empty_lists_match_nothing():
    assert overlaps(["?", "", "!!"], ["?", ""]) == []
    assert overlaps([], ["a"]) == []


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.1])
def test_a_threshold_out_of_range_is_refused(threshold):
    with pytest.raises(ValueError, match="threshold"):
        overlaps(["a"], ["a"], threshold)
