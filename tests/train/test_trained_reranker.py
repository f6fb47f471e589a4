"""A candidate whose reranker is trained: surveyed, trained after its retriever, gated, accepted, and run again from the lock."""

import json
from pathlib import Path

import pytest

from ragguard import accept, gate
from ragguard.errors import InputError
from ragguard.plan import lock as locks
from ragguard.reports import store as reports

LEXICAL = "{type: lexical}"
SUITE = "suite: golden\nchecks:\n  - {metric: nDCG@10, tier: blocking, margin: 0.5}\n"


@pytest.fixture
def plan(folder, tiny_bert, monkeypatch):
    """A factory: writes gate.yaml with a reranked candidate; ``recipe`` overrides keys of its recipe, ``reranker`` those around it."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("RAGGUARD_STORE", raising=False)
    (folder / "suite.yaml").write_text(SUITE)

    def write(baseline=f"{{retriever: {LEXICAL}}}", retriever=LEXICAL, reranker=None, **recipe) -> Path:
        train = {"recipe": "crossencoder", "base": str(tiny_bert), "data": "train.jsonl", "negatives": 0, "device": "cpu", **recipe}
        stage = {"type": "cross-encoder", "train": {**train, "arguments": {"max_steps": 1}}, **(reranker or {})}
        candidate = f"{{retriever: {retriever}, reranker: {json.dumps(stage)}}}"
        text = f"name: t\ncollection: golden\nbaseline: {baseline}\ncandidates:\n  new: {candidate}\nsuites: [suite.yaml]\n"
        (folder / "gate.yaml").write_text(text)
        return folder / "gate.yaml"

    return write


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"data": "no.jsonl"}, "gate.yaml:5: data: there is no file no.jsonl"),
        ({"base": "./nowhere"}, "there is no such model folder"),
        ({"epoch": 2}, "unknown key 'epoch' in candidates.new.reranker.train"),
        ({"loss": "lamda"}, "did you mean 'lambda'"),
        ({"reranker": {"document_text": "{titel}"}}, "did you mean 'title'"),
        ({"reranker": {"model": "m"}}, "names either model:"),
        ({"retriever": "{type: recorded, run: r.trec}", "negatives": 2}, "a recorded run has no ranking of the training queries"),
        ({"trust_remote_code": True}, "--allow-code"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_said_before_anything_is_trained(plan, folder, given, words):
    (folder / "r.trec").write_text("g1 Q0 d3 1 1.0 x\n")
    with pytest.raises(InputError) as caught:
        gate.train(plan(**given))
    assert words in str(caught.value)
    assert not (folder / ".ragguard").exists()


def test_golden_queries_are_refused(plan, folder):
    rows = (folder / "train.jsonl").read_text().replace("how do webhooks work here", "Which days does the bank close for customers?")
    (folder / "train.jsonl").write_text(rows)
    with pytest.raises(InputError, match="is golden query g1"):
        gate.train(plan())


@pytest.mark.slow
def test_a_trained_reranker_is_gated_accepted_and_run_from_the_lock(plan, folder):
    path = plan()
    report = gate.run(path)
    (arm,) = [arm for arm in report.arms if arm.name == "new"]
    assert set(arm.provenance) == {"reranker"}
    assert arm.provenance["reranker"]["recipe"]["recipe"] == "crossencoder"
    assert "new/train" in report.times.seconds
    (trained,) = [each for each in report.times.stages if each.name == "train the reranker"]
    assert (trained.arm, trained.done, trained.kept) == ("new", 1, 0)
    assert (trained.memory or 0) > 100e6
    assert gate.train(path) == {"new/reranker": folder / ".ragguard/checkpoints" / arm.provenance["reranker"]["checkpoint"]}
    reports.write(report, folder / "reports/t")
    accept.accept("new", path, folder / "reports/t/report.json", force=True)
    assert locks.read(folder).checkpoints == {"reranker": arm.provenance["reranker"]["checkpoint"]}
    # What was accepted is taken from its checkpoint: its rows may be gone, and a new training be another.
    (folder / "train.jsonl").rename(folder / "other.jsonl")
    again = gate.run(plan(baseline="accepted", data="other.jsonl", seed=8))
    assert {each.name: each.fingerprint for each in again.arms}["baseline"] == arm.fingerprint
    kept = {each.arm: (each.done, each.kept) for each in again.times.stages if each.name == "train the reranker"}
    assert kept == {"baseline": (0, 1), "new": (1, 0)}


@pytest.mark.slow
def test_the_reranker_is_trained_on_what_the_trained_retriever_finds(plan, folder, minilm):
    retriever = f"{{type: dense, train: {{recipe: biencoder, base: {minilm}, data: train.jsonl, batch_size: 4, device: cpu, "
    path = plan(retriever=retriever + "arguments: {max_steps: 1}}}", negatives=2)
    made = gate.train(path)
    assert list(made) == ["new/retriever", "new/reranker"]
    about = json.loads((made["new/reranker"] / "provenance.json").read_text())
    assert about["mined"]["negatives"] == 40
    first = about["mined"]["retriever"]
    other = gate.train(plan(retriever=retriever + "seed: 8, arguments: {max_steps: 1}}}", negatives=2))
    assert json.loads((other["new/reranker"] / "provenance.json").read_text())["mined"]["retriever"] != first
    assert other["new/reranker"] != made["new/reranker"]
