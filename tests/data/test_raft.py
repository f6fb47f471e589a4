"""RAFT rows: which documents stand in a prompt, which rows lack the one that answers, and what is to be said."""

import numpy as np
import pytest

from ragguard.data.raft import evidence, pose, target
from ragguard.records.collection import Document, Quadruplet
from ragguard.systems.citations import ABSTENTION, abstains, cited, quoted, sources

TEXT = "Keys rest after a while. A key without traffic for 90 days is suspended. The owner can wake it.\nAsk v1.4 for more."
DOCUMENT = Document("p", TEXT)


def rows(number=50):
    return [Quadruplet(f"q{i}", f"i{i}", Document(f"p{i}", f"text {i}"), gold_answer=f"answer {i}") for i in range(number)]


def others(number=50, each=5):
    return [[Document(f"n{i}-{j}", f"other {i} {j}") for j in range(each)] for i in range(number)]


def posed(share=0.2, contexts=3, seed=7, distractors=None):
    return pose(rows(), distractors or others(), contexts, share, np.random.default_rng(seed))


@pytest.mark.parametrize(("share", "bare"), [(0, 0), (0.2, 10), (0.33, 16), (0.99, 50)])
def test_that_share_of_the_rows_lacks_the_document_that_answers(share, bare):
    found = posed(share)
    assert sum(each.oracle is None for each in found) == bare
    for each in found:
        assert len(each.documents) == len({document.id for document in each.documents}) == 3
        assert (each.row.positive in each.documents) == (each.oracle is not None)


def test_the_first_distractors_stand_beside_it_in_an_order_drawn_at_random():
    found = posed(0)
    for each, own in zip(found, others(), strict=True):
        assert {document.id for document in each.documents} == {each.row.positive.id, own[0].id, own[1].id}
    places = {each.documents.index(each.row.positive) for each in found}
    assert places == {0, 1, 2}


def test_the_seed_decides():
    assert posed(seed=1) == posed(seed=1) != posed(seed=2)


def test_a_row_without_distractors_keeps_its_document():
    assert all(each.documents == (each.row.positive,) for each in posed(0.5, distractors=[[] for _ in range(50)]))
    assert {len(each.documents) for each in posed(0.5, contexts=1)} == {1}


def made(required=("90 days",), answer="It is suspended after 90 days."):
    row = Quadruplet("q", "i", DOCUMENT, gold_answer=answer, required_attributes=required)
    return pose([row], [[Document("n", "Another text of 30 days.")]], 2, 0, np.random.default_rng(1))[0]


def test_a_citation_names_the_place_of_the_document_in_the_prompt():
    each = made()
    for shown in (each.documents, each.documents[::-1]):
        said = target(each, shown, "citation", "")
        assert cited(said, [document.id for document in shown]) == ("p",)
    assert target(each, each.documents, "none", "") == "It is suspended after 90 days."


def test_quotations_are_sentences_of_the_document_and_their_source_is_found():
    each = made()
    said = target(each, each.documents, "quotes", "")
    assert said == "##begin_quote##A key without traffic for 90 days is suspended.##end_quote## It is suspended after 90 days."
    assert quoted(said) == ("A key without traffic for 90 days is suspended.",)
    assert sources(said, each.documents) == ("p",)


@pytest.mark.parametrize("reasoning", ["citation", "quotes", "none"])
def test_without_the_document_the_answer_stands_alone_or_is_an_abstention(reasoning):
    each = made()
    without = [document for document in each.documents if document.id != "p"]
    assert target(each, without, reasoning, "") == "It is suspended after 90 days."
    assert abstains(target(each, without, reasoning, ABSTENTION))


@pytest.mark.parametrize(
    ("answer", "required", "expected"),
    [
        ("The owner.", (), ["The owner can wake it."]),
        ("x", ("the OWNER", "90  days"), ["A key without traffic for 90 days is suspended.", "The owner can wake it."]),
        ("Key without traffic will be suspended", ("a quarter",), ["A key without traffic for 90 days is suspended."]),
        ("v1.4", (), ["Ask v1.4 for more."]),
    ],
)
def test_evidence_is_the_sentences_that_say_it(answer, required, expected):
    assert evidence(DOCUMENT.text, answer, required) == expected


def test_a_document_without_text_has_no_evidence():
    assert evidence(" ", "a", ()) == []
