import pytest

from ragguard.records.collection import Document
from ragguard.systems.citations import ABSTENTION, abstains, cited, quoted, sources

CONTEXTS = ("webhooks-v2.3", "webhooks-v1.9", "keys")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("30 seconds [2]", ("webhooks-v1.9",)),
        ("30 seconds [2] and 24 hours [1].", ("webhooks-v1.9", "webhooks-v2.3")),
        ("both say so [1, 3]; and again [3]", ("webhooks-v2.3", "keys")),
        ("see [keys], and [1]", ("keys", "webhooks-v2.3")),
        ("as in [4], [0] and [nobody]", ()),
        ("an array a[i] and [x]", ()),
        ("nothing cited", ()),
    ],
)
def test_citations_are_numbers_or_ids_of_the_contexts(text: str, found: tuple[str, ...]) -> None:
    assert cited(text, CONTEXTS) == found


def test_quotes() -> None:
    assert quoted("because ##begin_quote## it is so ##end_quote## and ##begin_quote##that##end_quote##.") == ("it is so", "that")
    assert quoted("no quote, ##begin_quote## not closed") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [(ABSTENTION, True), ("", True), ("  I don't know. ", True), ("The documents do not say how long.", True), ("30 seconds [1]", False),
     ("It takes 3 days. " * 6 + "The documents do not say why.", False)],
)  # fmt: skip
def test_abstention(text: str, said: bool) -> None:
    assert abstains(text) is said


def test_a_quotation_cites_the_one_document_that_holds_it() -> None:
    contexts = [Document("a", "A key lives\n90 days. Rotate it."), Document("b", "Events are signed. Rotate it."), Document("c", "None.")]
    assert sources("##begin_quote##lives 90 days.##end_quote##, so rotate", contexts) == ("a",)
    assert sources("[3] ##begin_quote## Events are  signed. ##end_quote##", contexts) == ("c", "b")
    assert sources("##begin_quote##Rotate it.##end_quote## ##begin_quote##made up##end_quote####begin_quote####end_quote##", contexts) == ()


def test_numbers_count_passages_also_where_a_document_has_two() -> None:
    passages = [Document("a", "One."), Document("a", "Two."), Document("b", "Three.")]
    assert sources("so it is [3]", passages) == ("b",)
