"""Which documents are looked at for what moved."""

import random

from ragguard.drift import SAMPLE, sampled


def test_few_documents_are_all_looked_at() -> None:
    ids = [f"d{number}" for number in range(SAMPLE)]
    assert sampled(ids) == set(ids)
    assert sampled([]) == frozenset()


def test_of_many_the_same_whatever_their_order_and_mostly_the_same_when_some_are_added() -> None:
    ids = [f"d{number}" for number in range(3 * SAMPLE)]
    chosen = sampled(ids)
    assert len(chosen) == SAMPLE
    assert sampled(random.Random(1).sample(ids, len(ids))) == chosen
    more = sampled([*ids, *(f"e{number}" for number in range(SAMPLE // 10))])
    assert len(more & chosen) > 0.9 * SAMPLE
    numbers = sorted(int(name[1:]) for name in chosen)
    assert 0.9 < numbers[SAMPLE // 2] / (1.5 * SAMPLE) < 1.1, "from all over the corpus"
