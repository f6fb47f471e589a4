import io
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from ragguard.errors import CannotJudge, InputError
from ragguard.plan.retrievers import DenseRetriever as Plan
from ragguard.systems.dense import DenseRetriever
from ragguard.systems.embeddings import split
from ragguard.systems.factory import build
from ragguard.systems.weights import resolve

pytestmark = pytest.mark.slow


@pytest.fixture
def make(minilm, tmp_path):
    folder = resolve(minilm, revision=None, base=tmp_path)

    def dense(block=256, **options):
        return DenseRetriever(Plan(type="dense", model=minilm, **options), folder, block)

    return dense


def search(retriever, corpus, vault, progress, cases, depth=8):
    retriever.index(corpus, vault, progress)
    return retriever.search(cases, depth)


def test_results_are_those_of_sentence_transformers(make, minilm, corpus, vault, progress, case):
    from sentence_transformers import SentenceTransformer

    asked = [case("a feline napping on the couch", "q1"), case("when must I pay taxes?", "q2")]
    found = search(make(), corpus, vault, progress, asked)
    model = SentenceTransformer(str(resolve(minilm, revision=None, base=Path())), local_files_only=True)
    scores = model.encode([c.text for c in asked]) @ model.encode(list(corpus.texts.values())).T
    for observation, row in zip(found, scores, strict=True):
        assert {r.id: r.score for r in observation.ranking} == pytest.approx(dict(zip(corpus.texts, row.tolist(), strict=True)), abs=1e-5)
    assert [observation.ranking[0].id for observation in found] == ["cat", "tax"]
    assert found[0].seconds["retrieve"] > 0
    assert progress.stages["encode documents"] == [8, 8]


def test_a_killed_run_goes_on_where_it_was(make, corpus, vault, progress, case):
    whole = search(make(block=2), corpus, vault, progress, [case("a pet")])
    documents = vault.blocks()
    # What a kill would have left: some blocks. Loading the model again is what tells whether anything was encoded.
    lost = sorted(documents)[0]
    for kind in ("embeddings", "embeddings-about"):
        del vault[(kind, lost)]
    again = make(block=2)
    resumed = search(again, corpus, vault, progress, [case("a pet")])
    assert vault.blocks() == documents
    assert [r.id for r in resumed[0].ranking] == [r.id for r in whole[0].ranking]
    warm = make(block=2)
    search(warm, corpus, vault, progress, [case("a pet")])
    assert "model" not in warm._encoder.__dict__
    assert "model" in again._encoder.__dict__
    assert warm.notes() == again.notes()


def test_a_new_document_does_not_encode_the_others_again(make, make_corpus, vault, progress):
    texts = {f"d{i:02}": f"document number {i} about topic {i * i}" for i in range(24)}
    make(block=3).index(make_corpus(texts), vault, progress)
    before = vault.blocks()
    make(block=3).index(make_corpus({"first": "a new one in front", **texts}), vault, progress)
    added = vault.blocks() - before
    rows = sum(len(np.load(io.BytesIO(vault[("embeddings", key)]))) for key in added)
    assert len(added) <= 2
    assert rows < len(texts)


def test_blocks_hold_everything_once_and_stay_small():
    texts = [(f"d{i}", f"text {i}") for i in range(2000)]
    blocks = list(split(texts, 16))
    assert [pair for block in blocks for pair in block] == texts
    assert max(map(len, blocks)) <= 64
    assert 60 < len(blocks) < 260


def test_the_truncated_share_is_said(make, make_corpus, vault, progress):
    retriever = make(max_seq_length=16)
    corpus = make_corpus({"long": "word " * 40, "short": "one two", "longer": "word " * 80, "fits": "word " * 14})
    retriever.index(corpus, vault, progress)
    notes = retriever.notes()
    assert (notes["documents_truncated"], notes["max_seq_length"], notes["dimension"], notes["documents"]) == (0.5, 16, 384, 4)


def test_equal_documents_tie_by_id_descending(make, make_corpus, vault, progress, case):
    corpus = make_corpus({"b": "the sea", "z": "the sea", "a": "the sea", "far": "tax forms and much longer text to pad the batch with"})
    (found,) = search(make(batch_size=2), corpus, vault, progress, [case("sea")], 2)
    assert [r.id for r in found.ranking] == ["z", "b"]


def test_prompts_dimension_and_index_change_the_results(make, corpus, vault, progress, case):
    asked = [case("a pet")]
    plain = search(make(), corpus, vault, progress, asked)[0]
    prompted = search(make(query_prompt="tax: "), corpus, vault, progress, asked)[0]
    cut = make(truncate_dim=32)
    small = search(cut, corpus, vault, progress, asked)[0]
    hnsw = make(index="faiss: HNSW16", ef_search=64)
    near = search(hnsw, corpus, vault, progress, asked)[0]
    assert plain.ranking != prompted.ranking
    assert cut.notes()["dimension"] == 32
    assert small.ranking[0].score <= 1
    assert [r.id for r in near.ranking] == [r.id for r in plain.ranking]
    assert "approximate" in str(hnsw.notes()["index"])


def test_fingerprints_change_with_the_config_and_not_with_speed(make):
    changed = [{}, {"query_prompt": "q"}, {"document_prompt": "q"}, {"truncate_dim": 8}, {"max_seq_length": 99}, {"normalize": False}]
    changed += [{"dtype": "bfloat16"}, {"document_text": "{text}"}, {"index": "faiss: HNSW32"}, {"index": "faiss: HNSW32", "ef_search": 9}]
    assert len({make(**options).fingerprint for options in changed}) == len(changed)
    assert make(batch_size=3, device="cpu").fingerprint == make().fingerprint


def test_the_fingerprint_changes_with_the_weights(minilm, tmp_path):
    shutil.copytree(resolve(minilm, revision=None, base=tmp_path), tmp_path / "copy")
    same = build(Plan(type="dense", model="copy"), base=tmp_path).fingerprint
    assert same == build(Plan(type="dense", model=minilm), base=tmp_path).fingerprint
    pooling = tmp_path / "copy" / "1_Pooling" / "config.json"
    config = json.loads(pooling.read_text())
    pooling.write_text(json.dumps({**config, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}))
    assert build(Plan(type="dense", model="copy"), base=tmp_path).fingerprint != same


def test_an_embedding_that_is_not_finite_names_its_document(minilm, tmp_path, corpus, vault, progress):
    from safetensors.numpy import load_file, save_file

    shutil.copytree(resolve(minilm, revision=None, base=tmp_path), tmp_path / "broken")
    tensors = load_file(tmp_path / "broken" / "model.safetensors")
    words = tensors["embeddings.word_embeddings.weight"]
    words[:] = np.where(np.arange(len(words))[:, None] == 4937, np.nan, words)  # the token "cat"
    save_file(tensors, tmp_path / "broken" / "model.safetensors", {"format": "pt"})
    retriever = build(Plan(type="dense", model="broken"), base=tmp_path)
    with pytest.raises(CannotJudge, match="document 'cat' is not finite"):
        retriever.index(corpus, vault, progress)


def test_broken_weights_are_an_outage(minilm, tmp_path, corpus, vault, progress):
    shutil.copytree(resolve(minilm, revision=None, base=tmp_path), tmp_path / "torn")
    weights = tmp_path / "torn" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(CannotJudge, match="cannot be loaded"):
        build(Plan(type="dense", model="torn"), base=tmp_path).index(corpus, vault, progress)


def test_loading_is_quiet(make, corpus, vault, progress, case, capfd):
    search(make(), corpus, vault, progress, [case("a pet")])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("backend", ["onnx", "openvino"])
def test_a_backend_that_is_not_installed_names_the_package(make, corpus, vault, progress, backend, monkeypatch):
    monkeypatch.setitem(sys.modules, "optimum", None)  # as Python has it for a module that is not there
    with pytest.raises(InputError, match=rf"pip install 'sentence-transformers\[{backend}\]'"):
        make(backend=backend).index(corpus, vault, progress)


@pytest.mark.parametrize(
    ("options", "message"), [({"index": "annoy"}, "not known"), ({"ef_search": 4}, "for faiss"), ({"document_text": "x"}, "no field")]
)
def test_wrong_options(make, options, message):
    with pytest.raises(InputError, match=message):
        make(**options)


def test_remote_code_needs_permission(minilm, tmp_path):
    with pytest.raises(InputError, match="--allow-code"):
        build(Plan(type="dense", model=minilm, trust_remote_code=True), base=tmp_path)
