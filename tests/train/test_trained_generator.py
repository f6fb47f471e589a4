"""A candidate whose generator is trained: checked, trained, gated against its base, accepted, and run again from the lock."""

import json
from pathlib import Path

import pytest
import tiny_llama
from training_rows import TOPICS, write_lines

from ragguard import accept, gate
from ragguard.cli import invoke
from ragguard.errors import InputError
from ragguard.plan import lock as locks
from ragguard.reports import store as reports

torch = pytest.importorskip("torch", reason="needs the extra models")
pytestmark = pytest.mark.usefixtures("one_thread")

SUITE = "suite: golden\nchecks:\n  - {metric: nDCG@10, tier: blocking, margin: 0.5}\n"
PROMPT = "{% for d in documents %}[{{ d.number }}] {{ d.content }}\n{% endfor %}Q: {{ question }}\nA:"
COMMON = {"type": "causal-lm", "prompt": PROMPT, "document_text": "{text}", "max_new_tokens": 60}


@pytest.fixture
def plan(folder, monkeypatch):
    """A factory: writes gate.yaml with a candidate whose generator is trained; ``recipe`` overrides keys of its recipe."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("RAGGUARD_STORE", raising=False)
    tiny_llama.make(folder / "tiny")
    (folder / "suite.yaml").write_text(SUITE)
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    write_lines(folder / "train.jsonl", [{**row, "gold_answer": f"Rule {TOPICS.index(row['intent'])}."} for row in rows])
    asked = [{"_id": f"g{i}", "text": f"which days does bank {topic} close?"} for i, topic in enumerate(TOPICS)]
    write_lines(folder / "golden/queries.jsonl", asked)
    judged = "".join(f"g{i}\td{i}\t1\n" for i in range(10))
    (folder / "golden/qrels/test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}")

    def write(baseline="", retriever="{type: lexical}", generator=None, **recipe) -> Path:
        train = {"recipe": "lora", "base": "tiny", "data": "train.jsonl", "batch_size": 4, "device": "cpu", "learning_rate": 0.01, **recipe}
        stage = {**COMMON, "train": {**train, "arguments": {"max_steps": 5}}, **(generator or {})}
        candidate = f"{{retriever: {retriever}, generator: {json.dumps(stage)}}}"
        base = baseline or f"{{retriever: {retriever}, generator: {json.dumps({**COMMON, 'model': 'tiny'})}}}"
        text = f"name: t\ncollection: golden\nbaseline: {base}\ncandidates:\n  new: {candidate}\nsuites: [suite.yaml]\n"
        (folder / "gate.yaml").write_text(text)
        return folder / "gate.yaml"

    return write


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"data": "no.jsonl"}, "gate.yaml:5: data: there is no file no.jsonl"),
        ({"rehearsal": {"data": "no.jsonl"}}, "gate.yaml:5: data: there is no file no.jsonl"),
        ({"early_stopping": {"dev": "no.jsonl"}}, "gate.yaml:5: dev: there is no file no.jsonl"),
        ({"base": "./nowhere"}, "there is no such model folder"),
        ({"epoch": 2}, "unknown key 'epoch' in candidates.new.generator.train"),
        ({"reasoning": "quote"}, "did you mean 'quotes'"),
        ({"raft": {"without": 1}}, "unknown key 'without' in candidates.new.generator.train.raft"),
        ({"recipe": "lorra"}, "candidates.new.generator.train.recipe"),
        ({"generator": {"document_text": "{titel}"}}, "did you mean 'title'"),
        ({"generator": {"prompt": "{{ question }}"}}, "never shows documents"),
        ({"generator": {"model": "m"}}, "names either model:"),
        ({"generator": {"adapter": "a"}}, "adapter: names what train: makes"),
        ({"retriever": "{type: recorded, run: r.trec}", "raft": {"distractors": "mined"}}, "gate.yaml:5: a recorded run has no ranking"),
        ({"trust_remote_code": True}, "--allow-code"),
        ({"lora": {"ranks": 1}}, "gate.yaml:5: lora: LoraConfig has no 'ranks'"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_said_before_anything_is_trained(plan, folder, capsys, given, words):
    (folder / "r.trec").write_text("g1 Q0 d3 1 1.0 x\n")
    path = plan(**given)
    with pytest.raises(InputError) as caught:
        gate.train(path)
    assert words in str(caught.value)
    if "trust_remote_code" not in given:  # a check runs no code, and needs no leave to
        assert invoke(["check", str(path)]) == 3
        assert words.split(": ")[-1].split()[-1] in capsys.readouterr().err
    assert not list((folder / ".ragguard").glob("checkpoints/*"))


def test_golden_queries_are_refused(plan, folder):
    rows = (folder / "train.jsonl").read_text().replace("how do webhooks work here", "Which days does bank webhooks close")
    (folder / "train.jsonl").write_text(rows)
    with pytest.raises(InputError, match="is golden query g0"):
        gate.train(plan())


def test_a_trained_generator_is_gated_accepted_and_run_from_the_lock(plan, folder):
    path = plan(generator={"merge": True})
    assert invoke(["check", str(path)]) == 0
    report = gate.run(path)
    (arm,) = [arm for arm in report.arms if arm.name == "new"]
    assert set(arm.provenance) == {"generator"}
    about = arm.provenance["generator"]
    assert about["recipe"]["recipe"] == "lora"
    assert [point["step"] for point in about["loss"]] == [1, 2, 3, 4, 5]
    assert arm.notes["generator.adapter.effect"] > 0
    assert arm.notes["generator.merge_difference"] < 1e-3
    assert "new/train" in report.times.seconds
    assert sum(case.answers["new"].text != case.answers["baseline"].text for case in report.cases) >= 5
    # A second run, a killed one for instance, takes the checkpoint.
    made = folder / ".ragguard/checkpoints" / about["checkpoint"]
    stamp = (made / "adapter_model.safetensors").stat().st_mtime_ns
    assert gate.train(path) == {"new/generator": made}
    assert (made / "adapter_model.safetensors").stat().st_mtime_ns == stamp
    reports.write(report, folder / "reports/t")
    accept.accept("new", path, folder / "reports/t/report.json", force=True)
    assert locks.read(folder).checkpoints == {"generator": about["checkpoint"]}
    # What was accepted is taken from its checkpoint: its rows may be gone, and a new training be another.
    (folder / "train.jsonl").rename(folder / "other.jsonl")
    again = gate.run(plan(baseline="accepted", data="other.jsonl", seed=8))
    assert {each.name: each.fingerprint for each in again.arms}["baseline"] == arm.fingerprint


def test_a_killed_training_leaves_no_checkpoint_and_is_done_again(plan, folder, monkeypatch):
    from ragguard.train import lora

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(lora, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            gate.train(plan())
    assert not list((folder / ".ragguard/checkpoints").glob("*"))
    (made,) = gate.train(plan()).values()
    assert (made / "adapter_model.safetensors").is_file()


def test_an_adapter_that_was_trained_for_nothing_is_the_baseline(plan):
    """A learning rate that changes no logit; the looks at an adapter apply to what was trained here too."""
    with pytest.raises(InputError, match="the candidate is the baseline"):
        gate.run(plan(learning_rate=1e-30))


def test_distractors_are_mined_with_the_candidates_own_ranking(plan):
    mined = {"raft": {"distractors": "mined"}}
    (one,) = gate.train(plan(**mined)).values()
    about = json.loads((one / "provenance.json").read_text())
    (two,) = gate.train(plan(retriever='{type: lexical, document_text: "{title}"}', **mined)).values()
    assert one != two
    assert about["mined"]["retriever"] != json.loads((two / "provenance.json").read_text())["mined"]["retriever"]
    assert gate.train(plan()) != gate.train(plan(retriever='{type: lexical, document_text: "{title}"}', seed=8))
    assert gate.train(plan()) == gate.train(plan(retriever='{type: lexical, document_text: "{title}"}'))  # which drawing does not ask
