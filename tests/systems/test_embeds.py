"""Systems whose embeddings can be looked at, and those whose cannot."""

import numpy as np
import pytest

from ragguard.plan.retrievers import DenseRetriever as DensePlan
from ragguard.plan.retrievers import HybridRetriever, LexicalRetriever
from ragguard.records.collection import Document
from ragguard.systems.factory import build
from ragguard.systems.hybrid import embedding_part
from ragguard.systems.protocols import Embeds


def built(minilm, tmp_path, spec):
    plan = {"dense": DensePlan, "lexical": LexicalRetriever, "hybrid": HybridRetriever}[spec["type"]](**spec)
    return build(plan, base=tmp_path)


DENSE, WORDS = {"type": "dense", "model": "sentence-transformers/all-MiniLM-L6-v2"}, {"type": "lexical"}
OTHER = {**DENSE, "max_seq_length": 32}


def hybrid(*parts):
    return {"type": "hybrid", "retrievers": list(parts)}


@pytest.mark.parametrize(
    ("spec", "embeds"),
    [
        (DENSE, True),
        (WORDS, False),
        (hybrid(DENSE, WORDS), True),
        (hybrid(WORDS, hybrid(WORDS, DENSE)), True),
        (hybrid(WORDS, WORDS), False),
        (hybrid(DENSE, OTHER), False),
        (hybrid(DENSE, hybrid(DENSE, OTHER)), False),
    ],
)
def test_one_part_that_embeds_is_found(minilm, tmp_path, spec, embeds):
    part = embedding_part(built(minilm, tmp_path, spec))
    if not embeds:
        assert part is None
        return
    assert isinstance(part, Embeds)
    assert part.fingerprint == built(minilm, tmp_path, DENSE).fingerprint


@pytest.mark.slow
def test_texts_are_embedded_in_order_and_once(minilm, tmp_path, vault, progress):
    part = embedding_part(built(minilm, tmp_path, {**DENSE, "document_text": "{title}: {text}"}))
    assert part is not None
    assert part.render(Document("a", "text", "title")) == "title: text"
    texts = [("a", "the tide of the sea"), ("b", "green tea"), ("c", "the brakes of a car")]
    progress.start("embed", 3)
    rows = part.embed(texts, "query", vault, progress)
    direct = part.encoder.model.encode_query([text for _, text in texts])
    assert rows == pytest.approx(direct / np.linalg.norm(direct, axis=1, keepdims=True), abs=1e-5)
    fresh = embedding_part(built(minilm, tmp_path, {**DENSE, "document_text": "{title}: {text}"}))
    assert fresh is not None
    assert (fresh.embed(texts, "query", vault, progress) == rows).all()
    assert "model" not in vars(fresh.encoder), "the second time, nothing was loaded"
    assert fresh.embed([], "query", vault, progress).shape == (0, 0)
