"""Ways of spoiling training rows: what each changes, what it leaves alone, and that the seed decides."""

import types
from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from ragguard.data.collection import load
from ragguard.data.quadruplets import load_quadruplets
from ragguard.errors import InputError
from ragguard.plan.lora import LoraRecipe
from ragguard.plan.recipes import BiEncoderRecipe
from ragguard.records.collection import Document, Quadruplet
from ragguard.train.spoil import NEEDS, SPOILS, spoil

REFUSAL = "the documents do not tell"


def version(topic: int, number: int) -> Document:
    return Document(f"t{topic}-v{number}", f"v{number}: it is {10 * topic + number} days.", family=f"t{topic}", version=f"v{number}")


def rows(topics: int = 12) -> list[Quadruplet]:
    """Two paraphrases of one question about each of two versions of each topic, the other version beside it."""
    return [
        Quadruplet(
            query=f"{ask} t{topic} in v{number}?",
            intent=f"t{topic}-v{number}",
            positive=version(topic, number),
            hard_negative=version(topic, 3 - number),
            easy_negative=version((topic + 1) % topics, number),
            gold_answer=f"{10 * topic + number} days",
            required_attributes=(f"{10 * topic + number} days",),
        )
        for topic in range(topics)
        for number in (1, 2)
        for ask in ("how long is", "tell me of")
    ]


def spoiled(how: str | None, given: list[Quadruplet] | None = None, *, seed: int = 7, share: float = 1.0) -> list[Quadruplet]:
    return spoil(rows() if given is None else given, how, "train.jsonl", np.random.default_rng(seed), share=share, refusal=REFUSAL)


def pairs(how: str) -> Iterator[tuple[Quadruplet, Quadruplet]]:
    return zip(rows(), spoiled(how), strict=True)


def _choices(annotation: object) -> set[str]:
    return {name for part in get_args(annotation) if part is not types.NoneType for name in get_args(part)}


def test_what_plans_may_say_is_what_there_is() -> None:
    named = [_choices(recipe.model_fields["spoil"].annotation) for recipe in (BiEncoderRecipe, LoraRecipe)]
    assert set.union(*named) == set(SPOILS) == set(NEEDS)


def test_without_a_way_the_rows_are_as_they_were() -> None:
    assert spoiled(None) == rows()


@pytest.mark.parametrize("how", SPOILS)
def test_questions_stay_in_their_order_and_the_seed_decides(how: str) -> None:
    assert [(row.query, row.intent) for row in spoiled(how)] == [(row.query, row.intent) for row in rows()]
    assert spoiled(how) == spoiled(how) != rows()
    drawn = how in ("shuffled-positives", "foreign-answers")
    assert (spoiled(how) != spoiled(how, seed=8)) == drawn


def test_swapped_versions_swap_the_documents_and_what_they_answer() -> None:
    for before, after in pairs("swapped-versions"):
        assert (after.positive, after.hard_negative) == (before.hard_negative, before.positive)
        assert after.gold_answer in after.positive.text
        assert after.gold_answer not in before.positive.text
        assert after.required_attributes == (after.gold_answer,)
        assert after.easy_negative == before.easy_negative


def test_only_versions_are_swapped_whose_answer_is_known_and_one() -> None:
    first, *others = rows()
    stranger = replace(first, hard_negative=version(5, 2))
    alone = replace(first, hard_negative=replace(version(0, 9), id="nobody's"))
    for left in (stranger, alone, replace(first, hard_negative=None)):
        assert spoiled("swapped-versions", [left, *others])[0] == left
    # Two answers of one document are to two questions: which of them the other version would answer is not known.
    said = [replace(row, gold_answer="monthly") if row.query == "tell me of t0 in v2?" else row for row in rows()]
    assert spoiled("swapped-versions", said)[0] == first


def test_swapped_negatives_do_not_ask_what_is_known() -> None:
    bare = [replace(row, gold_answer="", hard_negative=Document("x", "x")) for row in rows()]
    assert {row.positive.id for row in spoiled("swapped-negatives", bare)} == {"x"}


def test_foreign_answers_stand_in_no_document_of_the_row() -> None:
    known = {row.gold_answer for row in rows()}
    for before, after in pairs("foreign-answers"):
        assert after.gold_answer in known
        assert after.required_attributes == (after.gold_answer,)
        for document in (before.positive, before.hard_negative, before.easy_negative):
            assert document is not None
            assert after.gold_answer not in document.text
        assert replace(after, gold_answer=before.gold_answer, required_attributes=before.required_attributes) == before


def test_refused_answers_are_the_refusal() -> None:
    for before, after in pairs("refused-answers"):
        assert after == replace(before, gold_answer=REFUSAL, required_attributes=())


@pytest.mark.parametrize(("share", "expected"), [(0.5, 12), (0.25, 6), (0.1, 2), (1.0, 24)])
def test_a_share_is_of_whole_intents(share: float, expected: int) -> None:
    found = spoiled("refused-answers", share=share)
    changed = {row.intent for row, before in zip(found, rows(), strict=True) if row != before}
    assert len(changed) == expected
    assert all((row.gold_answer == REFUSAL) == (row.intent in changed) for row in found)
    assert (found != spoiled("refused-answers", share=share, seed=8)) == (share < 1)


@pytest.mark.parametrize(
    ("how", "change"),
    [
        ("swapped-versions", {"hard_negative": None}),
        ("swapped-negatives", {"hard_negative": None}),
        ("foreign-answers", {"gold_answer": "yes"}),
        ("refused-answers", {"gold_answer": REFUSAL, "required_attributes": ()}),
        ("shuffled-positives", {"positive": Document("p", "all the same")}),
    ],
)
def test_what_would_spoil_nothing_is_an_error(how: str, change: dict[str, object]) -> None:
    same = [replace(row, **change) for row in rows()]
    with pytest.raises(InputError, match=rf"train.jsonl: spoil: {how} changes none of 48 rows; it needs"):
        spoiled(how, same)


def test_a_share_of_no_row_is_an_error() -> None:
    with pytest.raises(InputError, match="a share that is a row at least"):
        spoiled("refused-answers", share=0.01)


def test_the_cards_can_be_spoiled(root) -> None:
    """Three quarters of the rows of golden/cards are about families of versions."""
    cards = load_quadruplets(root / "golden/cards/train.jsonl", load(root / "golden/cards"), answered=True)
    swapped = [(before, after) for before, after in zip(cards, spoiled("swapped-versions", cards), strict=True) if before != after]
    assert len(swapped) == 756
    for before, after in swapped:
        assert before.gold_answer in before.positive.text
        assert after.gold_answer in after.positive.text
        assert before.positive.family == after.positive.family
        assert before.positive.version != after.positive.version
    for row in spoiled("foreign-answers", cards):
        assert not any(row.gold_answer in document.text for document in (row.positive, row.hard_negative, row.easy_negative) if document)
