"""The head of a ranking scored again, by a callable and by a real, small cross-encoder."""

from pathlib import Path

import numpy as np
import pytest

from ragguard.errors import CannotJudge, InputError
from ragguard.execute.meter import Meter
from ragguard.plan.stages import CrossEncoderReranker as CrossEncoderPlan
from ragguard.plan.stages import PythonReranker as PythonPlan
from ragguard.records.collection import Document, Query
from ragguard.records.evidence import Case, Observation, Ranked
from ragguard.systems import factory
from ragguard.systems.crossencoder import CrossEncoderReranker
from ragguard.systems.reranked import Reranked

MODULE = """
def by_length(query, texts):
    return [len(text) for text in texts]

def short(query, texts):
    return [1.0]

def broken(query, texts):
    raise ValueError("no idea")

def infinite(query, texts):
    return [float("nan")] * len(texts)
"""


class Fixed:
    """A retriever that finds what it was told; ``bad`` is a case that it fails on."""

    fingerprint = "fixed"

    def __init__(self, *ids: str) -> None:
        self.ids = ids

    def index(self, corpus, vault, progress) -> None:
        self.depths: list[int] = []

    def search(self, cases, depth):
        self.depths.append(depth)
        ranking = tuple(Ranked(name, 1.0 - i / 10) for i, name in enumerate(self.ids[:depth]))
        return [
            Observation(c.id, error="timeout") if c.id == "bad" else Observation(c.id, ranking, seconds={"retrieve": 1.0}) for c in cases
        ]

    def notes(self):
        return {"documents": 8}


def case(name: str = "q", text: str = "which one") -> Case:
    return Case(name, text, Query(name, text, name), {})


@pytest.fixture
def own(tmp_path: Path, request: pytest.FixtureRequest):
    """A factory of rerankers that call a function of a module which is new for each test."""
    name = "rerank_" + "".join(c if c.isalnum() else "_" for c in request.node.name)
    (tmp_path / f"{name}.py").write_text(MODULE)

    def make(function: str, **more):
        return factory.reranker(PythonPlan(type="python", callable=f"{name}:{function}", **more), base=tmp_path, allow_code=True)

    return make


@pytest.fixture
def asked(corpus, vault, progress):
    def make(reranker, *ids: str, depth: int = 3, keep: int | None = None, cases=None, want: int = 5):
        system = Reranked(Fixed(*ids), reranker, depth, keep)
        system.index(corpus, vault, progress)
        return system, system.search(cases or [case()], want)

    return make


def test_the_head_is_ordered_anew_and_the_rest_stays_below(own, asked) -> None:
    _, (found,) = asked(own("by_length"), "tea", "cat", "tax", "sea", "dog")
    assert [each.id for each in found.ranking] == ["tax", "cat", "tea", "sea", "dog"]
    scores = [each.score for each in found.ranking]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 5
    assert found.seconds.keys() == {"retrieve", "rerank"}
    assert found.together == {"rerank": 1}


def test_keep_says_how_many_come_out_and_depth_is_asked_for(own, asked) -> None:
    system, (found,) = asked(own("by_length"), "tea", "cat", "tax", "sea", depth=3, keep=2, want=1)
    assert len(found.ranking) == 1
    assert system.retriever.depths == [3]
    _, (found,) = asked(own("by_length"), "tea", "cat", "tax", "sea", depth=3, keep=2)
    assert [each.id for each in found.ranking] == ["tax", "cat"]


def test_an_error_an_empty_ranking_and_an_unknown_document(own, asked) -> None:
    _, (bad, fine) = asked(own("by_length"), "tea", "cat", cases=[case("bad"), case("q")])
    assert bad.error == "timeout"
    assert [each.id for each in fine.ranking] == ["cat", "tea"]
    assert fine.together == {"rerank": 1}, "the one that failed shares no time"
    _, (nothing,) = asked(own("by_length"))
    assert nothing.ranking == ()
    _, (found,) = asked(own("by_length"), "nobody", "tea", "cat")
    assert [each.id for each in found.ranking] == ["cat", "tea", "nobody"]


@pytest.mark.parametrize(("function", "words"), [("short", "1 scores for 2"), ("broken", "raised ValueError"), ("infinite", "not finite")])
def test_a_reranker_that_fails_is_an_outage(own, asked, function: str, words: str) -> None:
    with pytest.raises(CannotJudge, match=words):
        asked(own(function), "tea", "cat")


def test_without_a_meter_it_resets_nobodys_peak(own, asked) -> None:
    """So is a reranker asked in a training, which is a stage of its own."""
    meter = Meter()
    with meter.stage("train"):
        assert np.ones(25_000_000)[-1] == 1
        asked(own("by_length"), "tea", "cat")
    with meter.stage("after"):
        pass
    if meter.memory.reach != "stage":
        pytest.skip("this system does not let a peak be reset")
    assert (meter.of("train").memory or 0) - (meter.of("after").memory or 0) > 195e6


def test_code_runs_only_where_somebody_allowed_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--allow-code"):
        factory.reranker(PythonPlan(type="python", callable="x:y"), base=tmp_path)


def test_fingerprints_tell_what_can_change_a_ranking(own) -> None:
    same, other = own("by_length"), own("short")
    assert Reranked(Fixed(), same, 3, None).fingerprint == Reranked(Fixed(), own("by_length"), 3, None).fingerprint
    prints = {Reranked(Fixed(), *each).fingerprint for each in ((same, 3, None), (other, 3, None), (same, 4, None), (same, 3, 2))}
    assert len(prints) == 4


@pytest.fixture(scope="module")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cross-encoder of two layers with random weights, with MiniLM's tokenizer."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    from ragguard.systems.weights import resolve

    folder = tmp_path_factory.mktemp("cross-encoder")
    tokenizer = AutoTokenizer.from_pretrained(resolve("all-MiniLM-L6-v2", revision=None, base=folder))
    torch.manual_seed(7)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "max_position_embeddings": 64}
    BertForSequenceClassification(BertConfig(vocab_size=len(tokenizer), num_labels=1, **sizes)).save_pretrained(folder)
    tokenizer.model_max_seq_length = 64
    tokenizer.save_pretrained(folder)
    return folder


def test_a_cross_encoder_scores_pairs_the_same_in_any_batch(small_model: Path, corpus) -> None:
    pairs = [("which tea", document) for document in corpus.documents()]
    scores = {}
    for size in (1, 3, 32):
        model = CrossEncoderReranker(CrossEncoderPlan(type="cross-encoder", model="m", batch_size=size), small_model)
        model.prepare(corpus)
        scores[size] = model.score(pairs)
    assert scores[1] == pytest.approx(scores[32], abs=1e-6)
    assert scores[3] == pytest.approx(scores[32], abs=1e-6)
    assert len({round(score, 9) for score in scores[32]}) == len(pairs)


def test_pairs_that_are_too_long_are_counted(small_model: Path, make_corpus) -> None:
    corpus = make_corpus({"long": "word " * 200, "short": "word"})
    model = CrossEncoderReranker(CrossEncoderPlan(type="cross-encoder", model="m"), small_model)
    model.prepare(corpus)
    model.score([("query", document) for document in corpus.documents()])
    assert model.notes() == {"pairs_truncated": 0.5}


def test_the_fingerprint_is_of_weights_template_and_length(small_model: Path) -> None:
    plans = [{}, {"max_seq_length": 32}, {"document_text": "{text}"}, {"batch_size": 1}]
    prints = [CrossEncoderReranker(CrossEncoderPlan(type="cross-encoder", model="m", **more), small_model).fingerprint for more in plans]
    assert len(set(prints)) == 3
    assert prints[0] == prints[3]


def test_a_folder_that_is_no_cross_encoder(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    model = CrossEncoderReranker(CrossEncoderPlan(type="cross-encoder", model="m"), tmp_path)
    with pytest.raises(CannotJudge, match="the model cannot be loaded"):
        model.score([("a", Document("a", "text"))])
