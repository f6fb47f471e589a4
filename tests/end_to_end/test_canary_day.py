"""A day of a roll-out: gated, shadowed, at 1 %, at 10 %; then the server loses the adapter, and the base model answers in its place."""

import json
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ragguard.cli import invoke

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "golden"
DAWN = 1_790_000_000.0
"""When the day begins, in seconds since 1970."""

PLAN = """\
name: {name}
seed: 7
collection: {golden}/cards
baseline:
  retriever: &retriever {{type: lexical, document_text: "{{text}}"}}
  generator: {{{generator}, {baseline}}}
candidates:
  next:
    retriever: *retriever
    generator: {{{generator}, {candidate}}}
suites: [{root}/suites/cards.yaml]
canary:
  window: 5
  lateness: 1
  guardrails:
    - {{signal: VersionMismatch}}
    - {{signal: UnsupportedValue}}
    - {{signal: Refused, tier: veto}}
"""
GENERATOR = 'type: causal-lm, prompt: ask.j2, chat: false, document_text: "{text}", contexts: 4, max_new_tokens: 12, batch_size: 16'
TRAIN = (
    "train: {{recipe: lora, base: {base}, data: {golden}/cards/train.jsonl, "
    "raft: {{without_oracle: 0.2, abstain: the documents do not tell}}, "
    "rank: 32, alpha: 64, dropout: 0.0, batch_size: 16, learning_rate: 1.0e-3, epochs: {epochs}{more}}}"
)
NANO = GOLDEN / "models" / "nano"
Answers = dict[str, dict[str, Any]]
"""What a system did, by the id of the query, as an event tells it."""


def plan(name: str, baseline: str, candidate: str) -> str:
    return PLAN.format(name=name, golden=GOLDEN, root=ROOT, generator=GENERATOR, baseline=baseline, candidate=candidate)


def trained(base: str | Path, epochs: int, more: str = "") -> str:
    return TRAIN.format(base=base, golden=GOLDEN, epochs=epochs, more=more)


def answers(report: Path, arm: str, served: dict[str, str]) -> Answers:
    """What an arm did on each query of a report."""
    found = {}
    for case in json.loads(report.read_text())["cases"]:
        answer = case["answers"][arm]
        told = {"answer": answer["text"], "citations": answer["citations"], "abstained": answer["abstained"], "tokens": answer["tokens"]}
        found[case["id"]] = {"query": case["text"], "case": case["id"], "contexts": case["contexts"][arm], "served": served, **told}
    return found


@dataclass
class Production:
    """Traffic that is split by sessions, each of one request; a session lands on the candidate with the share that it is given."""

    folder: Path
    baseline: Answers
    clock: float = DAWN
    sessions: int = 0
    rng: random.Random = field(default_factory=lambda: random.Random(11))

    def serve(self, sessions: int, share: float, candidate: Answers) -> Path:
        """Let people ask, a session every second, and return the log of it."""
        lines = []
        for _ in range(sessions):
            self.clock, self.sessions = self.clock + 1, self.sessions + 1
            arm, system = ("candidate", candidate) if self.rng.random() < share else ("baseline", self.baseline)
            asked = system[self.rng.choice(sorted(system))]
            lines.append({"id": f"request-{self.sessions}", "at": self.clock, "session": f"session-{self.sessions}", "arm": arm, **asked})
        log = self.folder / f"production-{self.sessions}.jsonl"
        log.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        return log


def old_base_model(folder: Path) -> None:
    """Make last year's model: it learned the cards when other versions were current."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    (folder / "old.yaml").write_text(plan("old", f"model: {NANO}", trained(NANO, 4, ", spoil: swapped-versions")))
    assert invoke(["train", "old.yaml", "--json"]) == 0
    (checkpoint,) = (folder / ".ragguard" / "checkpoints").iterdir()
    merged = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(NANO), checkpoint).merge_and_unload()
    merged.save_pretrained(folder / "last-year")
    AutoTokenizer.from_pretrained(NANO).save_pretrained(folder / "last-year")


def told(capsys) -> dict[str, Any]:
    return json.loads(capsys.readouterr().out)


def decided(capsys, clock: float) -> tuple[int, dict[str, Any]]:
    """Decide, when the last window is over."""
    capsys.readouterr()
    code = invoke(["canary", "decide", "--at", str(clock + 400), "--json"])
    return code, told(capsys)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning")  # peft asks the name that transformers had
def test_the_base_model_in_the_adapters_place_is_rolled_back(tmp_path, monkeypatch, one_thread, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("RAGGUARD_STORE", "RAGGUARD_HISTORY"):
        monkeypatch.delenv(name, raising=False)
    shutil.copy(ROOT / "examples" / "lora" / "ask.j2", tmp_path)
    old_base_model(tmp_path)

    (tmp_path / "gate.yaml").write_text(plan("day", trained("last-year", 3), trained("last-year", 6)))
    assert invoke(["gate", "gate.yaml", "--out", "gated"]) == 0, capsys.readouterr().out
    (tmp_path / "lost.yaml").write_text(plan("lost", trained("last-year", 6), "model: last-year"))
    assert invoke(["gate", "lost.yaml", "--out", "lost"]) == 1  # the gate would not have let it out

    capsys.readouterr()
    assert invoke(["canary", "start", "next", "--from", "gated", "--at", str(DAWN), "--json"]) == 0
    adapter = told(capsys)["canary"]["expected"]["adapter"]
    production = Production(tmp_path, answers(tmp_path / "gated" / "report.json", "baseline", {}))
    good = answers(tmp_path / "gated" / "report.json", "next", {"model": "last-year", "adapter": adapter})
    lost = answers(tmp_path / "lost" / "report.json", "next", {"model": "last-year"})

    # Shadow: a sample of what people ask, answered by both; too little to go on with.
    log = production.serve(600, 0.0, good)
    assert invoke(["shadow", "gate.yaml", str(log), "--share", "0.05"]) == 0
    code, found = decided(capsys, production.clock)
    assert (code, found["look"]["action"]) == (2, "hold"), found
    assert 10 < found["look"]["guardrails"][0]["pairs"] < 50

    # 1 %, and on to 10 %.
    while code == 2:
        assert production.sessions < 40_000, found
        assert invoke(["canary", "observe", str(production.serve(1_000, 0.01, good))]) == 0
        code, found = decided(capsys, production.clock)
    assert (code, found["look"]["action"], found["canary"]["stage"]) == (0, "advance", 1), found

    # 10 %: all is well for a while; then the server starts anew, without its adapter.
    assert invoke(["canary", "observe", str(production.serve(300, 0.10, good))]) == 0
    assert decided(capsys, production.clock)[0] == 2
    for _ in range(20):
        assert invoke(["canary", "observe", str(production.serve(500, 0.10, lost))]) == 0
        code, found = decided(capsys, production.clock)
        if code == 1:
            break
    assert (code, found["canary"]["state"]) == (1, "rolled back"), found
    assert any(reason.startswith("VersionMismatch fell by") for reason in found["look"]["reasons"]), found
    assert any("the adapter is not loaded" in hint and adapter in hint for hint in found["look"]["hints"]), found

    # What ended stays ended, and a page shows it all.
    assert invoke(["canary", "decide"]) == 1
    assert invoke(["canary", "report", "--out", "shown"]) == 0
    page = (tmp_path / "shown" / "canary.html").read_text()
    assert "rolled back" in page
    assert "the adapter is not loaded" in page
