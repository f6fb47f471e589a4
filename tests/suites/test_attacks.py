"""What is planted against a query: documents that pass for others, each in a corpus of its own attack."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ragguard.data.collection import Collection
from ragguard.data.collection import load as load_collection
from ragguard.errors import InputError
from ragguard.plan.load import LoadedPlan
from ragguard.suites import adversarial
from ragguard.suites.golden import Cases

DOCUMENTS = [
    {"_id": "payout-fees", "title": "Fees of Payouts", "text": "A payout costs EUR 25. Payouts above EUR 1000 cost 0.2 %.", "type": "guide",
     "product": "payouts", "family": "fees", "version": "2", "status": "current"},
    {"_id": "card-fees", "title": "Card fees", "text": "A new card costs EUR 5.", "type": "api", "product": "cards"},
    {"_id": "ledger-export", "title": "Exports", "text": "Exports are ready within 3 hours.", "type": "guide", "product": "ledger"},
]  # fmt: skip
QUERIES = [
    {"_id": "q1", "intent": "payout-price", "text": "What does it cost to send a payout to a bank?"},
    {"_id": "q2", "intent": "payout-price", "text": "price of one payout"},
    {"_id": "q3", "intent": "export-wait", "text": "How long until an export of the ledger is there?"},
    {"_id": "q4", "intent": "unanswerable", "text": "Who founded the company?"},
]
QRELS = [("q1", "payout-fees", 2), ("q1", "card-fees", 0), ("q2", "payout-fees", 2), ("q3", "ledger-export", 1)]


@pytest.fixture
def collection(folder: Path) -> Collection:
    data = folder / "data"
    (data / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in DOCUMENTS))
    (data / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in QUERIES))
    rows = "".join(f"{query}\t{document}\t{grade}\n" for query, document, grade in QRELS)
    (data / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + rows)
    return load_collection(data, "test")


def made(plan: Callable[..., LoadedPlan], collection: Collection, more: str) -> Cases:
    text = f"suite: s\nkind: adversarial\nperturbations: [plain]\n{more}checks:\n  - {{metric: nDCG@10}}\n"
    return adversarial.build(plan(text).suites[0], collection)


def planted(cases: Cases) -> dict[str, list[dict[str, str]]]:
    """The planted documents by attack, as the few fields that matter."""
    fields = ("id", "title", "text", "product", "status", "version", "family", "planted")
    documents = [[d for d in part.collection.documents() if d.planted] for part in cases.elsewhere]
    return {found[0].planted: [{name: getattr(d, name) for name in fields} for d in found] for found in documents}


def test_an_attack_aims_at_each_intent_once_and_has_a_corpus_of_its_own(plan, collection) -> None:
    cases = made(plan, collection, "attacks: [distractors, poisoned, instructions]\n")
    assert [sorted(case.id for case in part.cases) for part in cases.elsewhere] == [
        [f"q1~{name}", f"q3~{name}"] for name in ("distractors", "poisoned", "instructions")
    ]
    for part in cases.elsewhere:
        assert part.collection.size == len(DOCUMENTS) + 2
        assert len({d.id for d in part.collection.documents()}) == part.collection.size
        assert {case.attack for case in part.cases} == {d.planted for d in part.collection.documents()} - {""}
    assert len({part.collection.corpus_fingerprint for part in cases.elsewhere} | {collection.corpus_fingerprint}) == 4
    assert all(case.text == case.query.text and case.clean == case.query.id for part in cases.elsewhere for case in part.cases)
    assert cases.slices["poisoned"] == {"q1~poisoned", "q3~poisoned"}
    assert "q4" not in cases.slices["clean"]


def test_a_planted_document_can_be_read_and_marked_as_any_other(plan, collection) -> None:
    (part,) = made(plan, collection, "attacks: [poisoned]\n").elsewhere
    name = "planted:poisoned:payout-price"
    assert part.collection.document(name).planted == "poisoned"
    assert part.collection.document("card-fees") == collection.document("card-fees")
    assert part.collection.marks([name])[name].planted == "poisoned"
    assert part.collection.marks(["card-fees"]) == collection.marks(["card-fees"])
    assert [d.id for d in part.collection.documents()][: len(DOCUMENTS)] == [d.id for d in collection.documents()]


def test_what_each_attack_plants(plan, collection) -> None:
    found = planted(made(plan, collection, "attacks: [distractors, poisoned, instructions]\n"))
    distractor = next(d for d in found["distractors"] if d["id"].endswith("payout-price"))
    assert distractor["product"] in ("cards", "ledger")
    assert distractor["title"] == f"Fees of {distractor['product'].title()}"
    assert "Payouts" not in distractor["text"]
    assert "EUR 25" not in distractor["text"]
    assert (distractor["status"], distractor["version"], distractor["family"]) == ("current", "2", "")
    poisoned = next(d for d in found["poisoned"] if d["id"].endswith("payout-price"))
    words = {"cost", "send", "payout", "bank"}
    assert 0 < sum(word in poisoned["text"].split(":")[0].split() for word in words) < len(words)
    orders = next(d for d in found["instructions"] if d["id"].endswith("payout-price"))
    assert orders["text"].startswith("A payout costs EUR 25. ")
    assert "1000" not in orders["text"]


def test_targets_are_so_many_intents_the_same_in_every_run(plan, collection) -> None:
    one = made(plan, collection, "attacks: [poisoned]\ntargets: 1\n")
    assert len(one.elsewhere[0].cases) == 1
    assert one.note == "each attack aims at 1 intents at most"
    again = made(plan, collection, "attacks: [distractors, poisoned]\ntargets: 1\n")
    assert again.elsewhere[1].cases == one.elsewhere[0].cases
    assert again.elsewhere[1].collection.corpus_fingerprint == one.elsewhere[0].collection.corpus_fingerprint


def test_attacks_are_for_adversarial_suites(plan) -> None:
    with pytest.raises(InputError, match="attacks is for suites of kind: adversarial"):
        plan("suite: s\nattacks: [poisoned]\nchecks:\n  - {metric: nDCG@10}\n")


def test_a_swapped_query_has_no_answer_left_but_another_product(plan, collection) -> None:
    text = "suite: s\nkind: adversarial\nperturbations: [swapped]\nchecks:\n  - {metric: Confused@1}\n"
    swapped = [case for case in adversarial.build(plan(text).suites[0], collection).cases if case.clean]
    assert [case.query.id for case in swapped] == ["q1", "q2", "q3"]
    for case in swapped:
        assert case.relevant == {}
        assert len(case.products) == 1
        assert case.products[0].title() in case.text


def test_orders_are_one_phrase_and_one_canary_in_all_planted_passages_and_nowhere_else(plan, collection) -> None:
    cases = made(plan, collection, "attacks: [instructions, poisoned]\n")
    ordered = [case for case in cases.cases if case.orders is not None]
    assert [case.id for case in ordered] == ["q1~instructions", "q3~instructions"]
    (orders,) = {case.orders for case in ordered}
    texts = [document["text"] for document in planted(cases)["instructions"]]
    assert all(orders.canary in text and any(order in text for order in orders.texts) for text in texts)
    assert all(f'"{orders.phrase}"' in order for order in orders.texts)
    assert not any(orders.phrase in d.text or orders.canary in d.text for d in collection.documents())
    (again,) = {case.orders for case in made(plan, collection, "attacks: [instructions]\ntargets: 1\n").cases if case.orders is not None}
    assert again == orders
    (other,) = {case.orders for case in made(plan, collection, "seed: 8\nattacks: [instructions]\n").cases if case.orders is not None}
    assert other.canary != orders.canary


def test_what_answered_a_query_does_not_answer_it_swapped(plan, collection) -> None:
    text = "suite: s\nkind: adversarial\nperturbations: [swapped]\nchecks:\n  - {metric: Confused@1}\n"
    for case in adversarial.build(plan(text).suites[0], collection).cases:
        if case.clean:
            assert (case.query.gold_answer, case.query.required, case.query.forbidden) == ("", (), ())
