"""Plans whose blocking checks ask a ragas judge on loopback, gated whole: well, failing in every way at once, and healed."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import ragas_world
from judge_server import Script, serve_judge
from ragas_server import truthful
from servers import Served

from ragguard.cli import invoke

pytest.importorskip("ragas", reason="needs the extra judge")
pytestmark = pytest.mark.slow

INTENTS = 80
"""Of which three candidates need as many to pass at all: each is tested at a third of alpha."""
WELL = {"worded": "promote", "inventing": "block", "lost": "block"}


@pytest.fixture
def script() -> Script:
    return Script(truthful, hang=60)


@pytest.fixture
def served(script: Script, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("RAGGUARD_STORE", raising=False)
    with serve_judge(script) as up:
        yield up


@pytest.fixture
def gate(tmp_path: Path, served: Served, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, Any]]:
    """Gate the world of ``ragas_world``; return the exit code and the report."""

    def run(more: str = "retries: 0, timeout: 12, concurrency: 8") -> tuple[int, Any]:
        folder = tmp_path / "world"
        if not folder.exists():
            ragas_world.write(folder, served.url, INTENTS, more)
        monkeypatch.chdir(folder)
        code = invoke(["gate", "--allow-code"])
        return code, json.loads((folder / "reports/judged/report.json").read_text())

    return run


def decided(report: Any) -> dict[str, str]:
    return {each["candidate"]: each["answer"] for each in report["decisions"]}


def test_with_every_failure_at_once_nothing_is_lost_and_the_next_run_heals(gate: Callable[..., Any], script: Script) -> None:
    script.failures = dict.fromkeys(ragas_world.KINDS, 0.05)
    code, report = gate()
    assert code == 4
    assert set(decided(report).values()) == {"error"}
    found, record = ragas_world.told(report), ragas_world.expected(script, report)
    assert len(found) == 2 * 4 * INTENTS
    assert found == record
    (judge,) = report["judges"]
    assert judge["failed"] == Counter(kind for kind in record.values() if kind)
    assert (judge["answers"], judge["verdicts"]) == (len(found), len(found))
    assert set(judge["failed"]) - {"given up"} == set(ragas_world.KINDS.values())
    script.failures, before = {}, script.tries
    code, report = gate()
    assert code == 0
    assert decided(report) == WELL
    assert report["judges"][0]["failed"] == {}
    assert script.tries - before < before
    verdicts = {each["candidate"]: {str(v["check"]["metric"]): v["outcome"] for v in each["verdicts"]} for each in report["decisions"]}
    assert verdicts["inventing"] == {"ragas:Faithfulness": "fail", "ragas:ContextRecall": "pass"}
    assert verdicts["lost"] == {"ragas:Faithfulness": "fail", "ragas:ContextRecall": "fail"}


def test_a_few_failures_leave_a_decision(gate: Callable[..., Any], script: Script) -> None:
    script.failures, script.heals = dict.fromkeys(ragas_world.KINDS, 0.005), 1
    code, report = gate("retries: 1, timeout: 12, concurrency: 8")
    assert code in (0, 2)
    assert ragas_world.told(report) == ragas_world.expected(script, report)
    for candidate, decision in decided(report).items():
        assert decision in (WELL[candidate], "hold", "error")


def test_a_metric_that_needs_an_encoder_says_so_before_anything_runs(
    gate: Callable[..., Any], served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "world"
    ragas_world.write(folder, served.url, 4, "retries: 0")
    (folder / "golden.yaml").write_text(ragas_world.SUITE.replace("ContextRecall", "AnswerRelevancy"))
    monkeypatch.chdir(folder)
    for command in ("check", "gate"):
        assert invoke([command, "--allow-code"]) == 3
        said = " ".join(capsys.readouterr().err.split())
        assert "ragas:AnswerRelevancy needs an encoder, and the baseline's retriever has none" in said
        assert "name one as embeddings: of the judge" in said
        assert "gate.yaml:" in said
    assert not served.seen
