"""golden/payments and golden/cards are what they say they are, and a person can check them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ragguard import gate
from ragguard.data.audit import overlaps
from ragguard.data.collection import load
from ragguard.data.quadruplets import load_quadruplets
from ragguard.plan.load import from_values

ROOT = Path(__file__).resolve().parent.parent.parent
PAYMENTS = ROOT / "golden" / "payments"
CARDS = ROOT / "golden" / "cards"


def _flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("folder", [PAYMENTS, CARDS])
def test_required_values_stand_in_a_relevant_document_and_forbidden_ones_only_in_other_versions(folder: Path) -> None:
    collection = load(folder)
    families: dict[str, list[str]] = {}
    for document in collection.documents():
        families.setdefault(document.family, []).append(_flat(document.text))
    for query in collection.queries.values():
        answering = [_flat(collection.document(d).text) for d, grade in collection.qrels.get(query.id, {}).items() if grade == 2]
        for value in query.required:
            assert any(_flat(value) in text for text in answering), (query.id, value)
        for value in query.forbidden:
            assert not any(_flat(value) in text for text in answering), (query.id, value)
            assert query.asks is None or any(_flat(value) in text for text in families[query.asks.family]), (query.id, value)


@pytest.mark.parametrize("folder", [PAYMENTS, CARDS])
def test_no_training_query_is_nearly_a_golden_one(folder: Path) -> None:
    collection = load(folder)
    rows = load_quadruplets(folder / "train.jsonl", collection)
    assert overlaps((row.query for row in rows), (query.text for query in collection.queries.values())) == []
    assert {row.intent for row in rows}.isdisjoint(query.intent for query in collection.queries.values())


def test_the_collection_is_as_large_as_promised() -> None:
    collection = load(PAYMENTS)
    documents = list(collection.documents())
    assert len({document.family for document in documents}) >= 80
    assert len(documents) >= 240
    assert all(60 <= len(document.text.split()) <= 180 for document in documents)
    assert len(collection.queries) >= 480
    assert len({query.intent for query in collection.queries.values()}) >= 380
    assert len(load_quadruplets(PAYMENTS / "train.jsonl", collection)) >= 600


def test_the_cards_are_as_many_as_promised_and_ask_for_versions_and_in_vain() -> None:
    collection = load(CARDS)
    queries = list(collection.queries.values())
    assert len(queries) >= 300
    assert sum(query.asks is not None and bool(query.forbidden) for query in queries) >= 100
    assert sum(not query.answerable for query in queries) >= 60
    rows = load_quadruplets(CARDS / "train.jsonl", collection)
    assert len(rows) >= 600
    trained = {collection.document(row.positive.id).family for row in rows}
    asked = {collection.document(name).family for grades in collection.qrels.values() for name, grade in grades.items() if grade == 2}
    assert trained.isdisjoint(asked), "the facts of training are none of those that are asked"


def test_the_cards_are_what_their_source_makes(tmp_path: Path) -> None:
    copy = tmp_path / "golden"
    (copy / "cards").mkdir(parents=True)
    for name in ("build.py", "build_cards.py"):
        shutil.copy(ROOT / "golden" / name, copy / name)
    shutil.copytree(CARDS / "source", copy / "cards" / "source")
    done = subprocess.run([sys.executable, str(copy / "build.py"), "cards"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    for made in ("corpus.jsonl", "queries.jsonl", "train.jsonl", "qrels/test.tsv", "MANIFEST"):
        assert (copy / "cards" / made).read_bytes() == (CARDS / made).read_bytes()


def test_at_least_fifty_queries_must_never_break_and_they_spread_over_the_products() -> None:
    collection = load(PAYMENTS)
    canonical = [query for query in collection.queries.values() if "canonical" in query.tags]
    assert len(canonical) >= 50
    products = {
        collection.document(name).product for query in canonical for name, grade in collection.qrels[query.id].items() if grade == 2
    }
    assert products == {document.product for document in collection.documents()}


def test_a_reviewer_sees_judged_documents_and_near_misses() -> None:
    command = [sys.executable, str(ROOT / "golden" / "review.py"), "payments"]
    done = subprocess.run([*command, "b-ssh-max-length-current.1"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "relevant, grade 2\nsettlement-side-hold-v2025" in done.stdout
    assert "--- judged 0\nsettlement-side-hold-v2024 (v2024 deprecated" in done.stdout
    assert done.stdout.count("--- near miss\n") == 5
    assert ">>" in done.stdout
    wrong = subprocess.run([*command, "b-ssh-max-length"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 3
    assert "did you mean" in wrong.stderr


@pytest.mark.slow
def test_forgetting_would_be_visible_on_general(tmp_path: Path) -> None:
    """The untuned encoder has something to lose on golden/general, and room above."""
    values = {
        "name": "general",
        "collection": str(ROOT / "golden" / "general"),
        "baseline": {"retriever": {"type": "dense", "model": "all-MiniLM-L6-v2"}},
        "candidates": {"bm25": {"retriever": {"type": "lexical"}}},
        "suites": [str(ROOT / "suites" / "forgetting.yaml")],
    }
    report = gate.run(from_values(values, tmp_path, "general"), store=tmp_path / "store")
    verdict = next(v for v in report.decisions[0].verdicts if v.check.identity == "forgetting/nDCG@10")
    assert 0.60 <= (verdict.estimate.baseline_mean or 0) <= 0.90
    assert report.answer == "block", "BM25 finds far less of what is worded otherwise"
    assert verdict.estimate.intents >= 300


CANONICAL = """\
suite: canonical
cases: {tags: [canonical]}
checks: [{metric: Success@5}, {metric: Success@10, tier: veto}]
"""


@pytest.mark.slow
def test_canonical_queries_are_found_by_the_untuned_encoder_and_by_bm25(tmp_path: Path) -> None:
    """A query that the systems of today do not find cannot be demanded of the next one."""
    (tmp_path / "canonical.yaml").write_text(CANONICAL)
    template = "[{status} v{version}] {title}\n{text}"
    values = {
        "name": "canonical",
        "collection": str(PAYMENTS),
        "baseline": {"retriever": {"type": "dense", "model": "all-MiniLM-L6-v2", "document_text": template}},
        "candidates": {"bm25": {"retriever": {"type": "lexical", "document_text": template}}},
        "suites": ["canonical.yaml"],
    }
    report = gate.run(from_values(values, tmp_path, "canonical"), store=tmp_path / "store")
    assert len(report.cases) >= 50
    missed = {
        arm: [case.id for case in report.cases if case.scores[arm][metric] != 1]
        for arm, metric in (("baseline", "Success@5"), ("bm25", "Success@10"))
    }
    assert missed == {"baseline": [], "bm25": []}
