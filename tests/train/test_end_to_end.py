"""Three stages in one plan, each trained with those before it: what they were given, what keys hold, what a killed training keeps."""

import json
from pathlib import Path

import pytest
import tiny_llama
from training_rows import TOPICS, write_lines

from ragguard import accept, gate
from ragguard.cli import invoke
from ragguard.data.collection import load as load_collection
from ragguard.data.quadruplets import load_quadruplets
from ragguard.plan import load as plans
from ragguard.plan import lock as locks
from ragguard.reports import store as reports
from ragguard.store import Store
from ragguard.systems import factory
from ragguard.train import crossfit
from ragguard.train.mining import group, mine

torch = pytest.importorskip("torch", reason="needs the extra models")

PLACES = ["retriever", "reranker", "generator"]
PROMPT = "{% for d in documents %}[{{ d.number }}] {{ d.content }}\n{% endfor %}Q: {{ question }}\nA:"
SUITE = "suite: golden\nchecks:\n  - {metric: nDCG@10, tier: blocking, margin: 0.5}\n"


class Stages:
    """Notes the stages of work in order; ``until`` is the one that it does not survive."""

    def __init__(self, until=""):
        self.begun, self.until = [], until

    def start(self, label, total):
        self.begun.append(label)
        if label == self.until:
            raise KeyboardInterrupt

    def advance(self, n):
        pass


@pytest.fixture
def world(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.delenv("RAGGUARD_STORE", raising=False)
    tiny_llama.make(folder / "llama")
    (folder / "suite.yaml").write_text(SUITE)
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    write_lines(folder / "train.jsonl", [{**row, "gold_answer": f"Rule {TOPICS.index(row['intent'])}."} for row in rows])
    return folder


@pytest.fixture
def plan(world, tiny_bert):
    """A factory: writes gate.yaml with a candidate whose three parts are trained; what it is given overrides keys of their recipes."""

    def write(retriever=None, reranker=None, generator=None, **more) -> Path:
        common = {"data": "train.jsonl", "device": "cpu", "batch_size": 4}
        encoder = {"recipe": "biencoder", "base": str(tiny_bert), "learning_rate": 3e-3, "arguments": {"max_steps": 8}, **common}
        cross = {"recipe": "crossencoder", "base": str(tiny_bert), "negatives": 2, "arguments": {"max_steps": 2}, **common}
        lora = {"recipe": "lora", "base": "llama", "raft": {"distractors": "mined"}, "arguments": {"max_steps": 2}, **common}
        asked = {"type": "causal-lm", "prompt": PROMPT, "document_text": "{text}", "max_new_tokens": 60, "contexts": 3}
        candidate = {
            "retriever": {"type": "dense", "train": {**encoder, **(retriever or {})}},
            "reranker": {"type": "cross-encoder", "depth": 5, "train": {**cross, **(reranker or {})}},
            "generator": {**asked, "train": {**lora, **(generator or {})}},
        }
        baseline = {"retriever": {"type": "lexical"}, "generator": {**asked, "model": "llama"}}
        values = {"name": "t", "collection": "golden", "baseline": baseline, "suites": ["suite.yaml"], **more}
        (world / "gate.yaml").write_text(json.dumps({**values, "candidates": {"new": candidate}}, indent=1))
        return world / "gate.yaml"

    return write


def about(made, place):
    return json.loads((made[f"new/{place}"] / "provenance.json").read_text())


def ranking(path, made, *places):
    """The candidate as far as it was trained at these places, built of its checkpoints and nothing else."""
    system = plans.load(path).plan.candidates["new"]
    parts = {place: getattr(system, place).model_copy(update={"model": str(made[f"new/{place}"]), "train": None}) for place in places}
    none = dict.fromkeys(PLACES)
    return factory.assemble(system.model_copy(update={**none, **parts}), base=path.parent)


@pytest.mark.slow
def test_each_stage_is_given_what_the_trained_ones_before_it_find(plan, world, tiny_bert, monkeypatch):
    told = []
    fit_on = crossfit.trainer.run

    def noting(kind, curves, progress, rows, *given, **options):
        told.extend(rows)
        return fit_on(kind, curves, progress, rows, *given, **options)

    monkeypatch.setattr(crossfit.trainer, "run", noting)
    path, stages = plan(), Stages()
    made = gate.train(path, progress=stages)
    assert list(made) == [f"new/{place}" for place in PLACES]
    # The checkpoints name those before them, by fingerprint.
    trained, reranked = ranking(path, made, "retriever"), ranking(path, made, "retriever", "reranker")
    assert about(made, "reranker")["mined"]["retriever"] == trained.fingerprint
    assert about(made, "generator")["mined"]["retriever"] == reranked.fingerprint
    # The reranker's pairs hold what the trained retriever ranks first, and not what the untrained one does.
    collection = load_collection(world / "golden")
    rows = load_quadruplets(world / "train.jsonl", collection)
    untrained = factory.build(
        plans.load(path).plan.candidates["new"].retriever.model_copy(update={"model": str(tiny_bert), "train": None}), base=world
    )
    pairs = {(row["query"], row["document"]) for row in told if row.get("label") == 0.0}

    def negatives(retriever):
        found = mine(retriever, collection, rows, 30, Store(world / "other"), Stages())
        return {(each.query, document.id) for each in group(rows, rows, found, 2, collection) for document in each.negatives}

    assert pairs == negatives(trained) != negatives(untrained)
    mined = ["encode documents", "mine negatives", "train"]
    expected = ["retriever: train", *(f"{place}: {stage}" for place in PLACES[1:] for stage in mined)]
    assert [stage for stage in stages.begun if stage in expected] == expected


@pytest.mark.slow
def test_keys_hold_what_came_before(plan):
    def folders(**options):
        return [folder.name for folder in gate.train(plan(**options)).values()]

    plain = folders()
    assert folders() == plain
    retriever, reranker, generator = folders(retriever={"seed": 8}), folders(reranker={"seed": 8}), folders(generator={"seed": 8})
    assert [one == other for one, other in zip(retriever, plain, strict=True)] == [False, False, False]
    assert [one == other for one, other in zip(reranker, plain, strict=True)] == [True, False, False]
    assert [one == other for one, other in zip(generator, plain, strict=True)] == [True, True, False]
    # Distractors that are drawn do not depend on any ranking.
    drawn = {"raft": {"distractors": "drawn"}}
    assert folders(generator=drawn)[2] == folders(generator=drawn, retriever={"seed": 8})[2]


@pytest.mark.slow
def test_a_killed_training_keeps_the_stages_that_were_complete(plan, world):
    path = plan()
    with pytest.raises(KeyboardInterrupt):
        gate.train(path, progress=Stages(until="reranker: train"))
    (kept,) = [folder for folder in (world / ".ragguard/checkpoints").iterdir() if not folder.name.startswith(".")]
    stamp, stages = (kept / "model.safetensors").stat().st_mtime_ns, Stages()
    made = gate.train(path, progress=stages)
    assert made["new/retriever"].resolve() == kept.resolve()
    assert (kept / "model.safetensors").stat().st_mtime_ns == stamp
    assert [stage for stage in stages.begun if stage.endswith(": train")] == ["reranker: train", "generator: train"]
    assert [folder.name for folder in made.values()] == [
        folder.name for folder in gate.train(path, progress=Stages(until="reranker: train")).values()
    ]


@pytest.mark.slow
def test_the_command_names_the_stage_that_runs(plan, capsys):
    assert invoke(["train", str(plan())]) == 0
    said = capsys.readouterr()
    assert [line.split(":")[0] for line in said.out.splitlines()] == [f"new/{place}" for place in PLACES]
    begun = [line for line in said.err.splitlines() if ": train (" in line]
    assert begun == ["retriever: train (8)", "reranker: train (2)", "generator: train (2)"]


@pytest.mark.slow
def test_all_three_are_gated_accepted_and_run_from_the_lock(plan, world):
    path = plan()
    report = gate.run(path)
    (arm,) = [arm for arm in report.arms if arm.name == "new"]
    assert sorted(arm.provenance) == sorted(PLACES)
    reports.write(report, world / "reports/t")
    accept.accept("new", path, world / "reports/t/report.json", force=True)
    assert locks.read(world).checkpoints == {place: arm.provenance[place]["checkpoint"] for place in PLACES}
    (world / "train.jsonl").rename(world / "other.jsonl")
    other = {"data": "other.jsonl"}
    stages = Stages()
    again = gate.run(plan(baseline="accepted", retriever={**other, "seed": 8}, reranker=other, generator=other), progress=stages)
    assert {each.name: each.fingerprint for each in again.arms}["baseline"] == arm.fingerprint
    assert [stage for stage in stages.begun if stage.endswith(": train")] == [f"{place}: train" for place in PLACES]
