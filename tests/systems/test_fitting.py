"""Prompts of so many tokens; here a token is a character."""

import pytest

from ragguard.records.collection import Document
from ragguard.systems.fitting import fit

DOCUMENTS = (Document("a", "aaaa"), Document("b", "bbbb"), Document("c", "cc"))


def encode(documents) -> list[int]:
    return [ord(letter) for letter in "".join(document.text for document in documents) + "?"]


@pytest.mark.parametrize(
    ("limit", "expected"), [(11, "aaaabbbbcc?"), (10, "aaaabbbb?"), (9, "aaaabbbb?"), (8, "aaaa?"), (5, "aaaa?"), (4, "aaa?"), (1, "?")]
)
def test_the_longest_prompt_of_whole_documents_that_fits(limit: int, expected: str) -> None:
    fitted = fit(encode, DOCUMENTS, limit)
    assert "".join(map(chr, fitted.ids)) == expected
    assert fitted.cut == (limit < 11)
    assert [document.id for document in fitted.documents] == ["a", "b", "c"][: len(set(expected)) - 1 or 1]


def test_no_documents_are_not_cut() -> None:
    assert not fit(encode, (), 1).cut


def test_a_question_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match="1 tokens without any document's text, and 0 fit"):
        fit(encode, DOCUMENTS, 0)
