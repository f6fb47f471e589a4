"""Plans with a judge of type nli, gated whole and offline: what an entailment model does not find in the documents blocks."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from nli_model import Tarn

from ragguard.cli import invoke
from ragguard.records.report import Report
from ragguard.reports import document

OWN = r"""
import re

def told(texts):
    title, card = texts[0].splitlines()
    thing, attribute = title.split(": ")
    version = re.match(r"v\d\.\d", card)
    return thing, attribute, " ".join(card.rstrip(".").split()[-2:]), f" in {version[0]}" if version else ""

def honest(question, texts):
    thing, attribute, value, when = told(texts)
    return f"The {attribute} of {thing} is {value}{when} [1]."

def citing(question, texts):
    return honest(question, texts).replace("[1]", "[1][2]")

def inventing(question, texts):
    thing, attribute, value, when = told(texts)
    number, unit = value.split()
    return honest(question, texts).replace(value, f"{int(number) + 17} {unit}") if len(question) % 3 == 0 else honest(question, texts)

def refusing(question, texts):
    return "The documents do not say."
"""
SUITE = """\
suite: cards
checks:
  - {metric: nli:Faithfulness, tier: blocking, margin: 0.05}
  - {metric: FalseRefusal, tier: veto, margin: 0.05}
"""
CANDIDATES = ("citing", "inventing", "refusing")


def workspace(folder: Path, root: Path, model: Path, more: str = "") -> Path:
    """The cards of the things that the model never saw, the questions that they answer, and who answers them."""
    shutil.copytree(root / "golden/cards", folder / "cards", ignore=shutil.ignore_patterns("source", "MANIFEST", "train.jsonl"))
    held = tuple(f"{thing}-" for thing in Tarn().held_out)

    def keep(name: str, wanted: Any) -> None:
        path = folder / "cards" / name
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(line for line in lines if wanted(line)), encoding="utf-8")

    keep("corpus.jsonl", lambda line: json.loads(line)["_id"].startswith(held))
    keep("queries.jsonl", lambda line: (row := json.loads(line))["_id"].startswith(held) and row["answerable"])
    keep("qrels/test.tsv", lambda line: line.startswith(("query-id", *held)))
    (folder / "own.py").write_text(OWN)
    (folder / "suites").mkdir()
    (folder / "suites/cards.yaml").write_text(SUITE)

    def system(name: str) -> str:
        return f"{{retriever: {{type: lexical}}, generator: {{type: python, callable: 'own:{name}', contexts: 2}}}}"

    candidates = "".join(f"  {name}: {system(name)}\n" for name in CANDIDATES)
    plan = folder / "gate.yaml"
    plan.write_text(
        f"name: cards\ncollection: cards\nbaseline: {system('honest')}\ncandidates:\n{candidates}suites: [suites/cards.yaml]\n"
        f"judges:\n  entailed: {{type: nli, model: '{model}'{more}}}\n"
    )
    return plan


@pytest.fixture(scope="module")
def report(root: Path, small_nli: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    import torch

    folder = tmp_path_factory.mktemp("entailed")
    plan, threads = workspace(folder, root, small_nli), torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("RAGGUARD_STORE", raising=False)
        assert invoke(["gate", str(plan), "--allow-code"]) == 0, "one of three is promoted"
    torch.set_num_threads(threads)
    return document.from_json(folder / "reports/cards/report.json")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "answer", "failed"), [("citing", "promote", set()), ("inventing", "block", {"cards/nli:Faithfulness"})])
def test_faithfulness_decides(report: Report, name: str, answer: str, failed: set[str]) -> None:
    (decision,) = [each for each in report.decisions if each.candidate == name]
    assert decision.answer == answer
    assert {verdict.check.identity for verdict in decision.verdicts if verdict.outcome == "fail"} == failed
    assert not any(verdict.outcome == "error" for verdict in decision.verdicts)


@pytest.mark.slow
def test_who_refuses_everything_claims_nothing_and_is_blocked_for_refusing(report: Report) -> None:
    (decision,) = [each for each in report.decisions if each.candidate == "refusing"]
    assert decision.answer == "block"
    assert {verdict.check.identity: verdict.outcome for verdict in decision.verdicts}["cards/FalseRefusal"] == "fail"


@pytest.mark.slow
def test_each_answer_has_its_value_and_the_sentence_that_is_least_supported(report: Report) -> None:
    honest = [case.scores["baseline"]["nli:Faithfulness"] for case in report.cases]
    changed = [case for case in report.cases if len(case.text) % 3 == 0]
    invented = [case.scores["inventing"]["nli:Faithfulness"] for case in changed]
    assert all(value in (0.0, 1.0) for value in (*honest, *invented)), "each answer is one sentence"
    assert sum(honest) / len(honest) > 0.9
    assert sum(invented) / len(invented) < 0.2
    (judge,) = report.judges
    assert (judge.name, judge.type, judge.metrics) == ("entailed", "nli", ("nli:Faithfulness",))
    assert judge.failed == {}


def test_a_judge_without_an_output_for_entailment_is_refused_before_anything_runs(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "model.safetensors").write_bytes(b"never read")
    (model / "config.json").write_text(
        json.dumps({"architectures": ["BertForSequenceClassification"], "id2label": {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}})
    )
    plan = workspace(tmp_path, root, model)
    monkeypatch.chdir(tmp_path)
    for command in (["check", str(plan)], ["gate", str(plan), "--allow-code"]):
        assert invoke(command) == 3
        said = " ".join(capsys.readouterr().err.split())
        assert "gate.yaml:10" in said
        assert "none of the labels of" in said
        assert "entailment: (labels: LABEL_0, LABEL_1, LABEL_2)" in said
