"""`ragguard canary drift`: production's questions beside the golden ones, of a roll-out and of a log."""

import json

import feedback_worlds
import pytest
from feedback_worlds import START, World

from ragguard.cli import invoke

DENSE = "{type: dense, model: sentence-transformers/all-MiniLM-L6-v2}"
ELSEWHERE = ("How long do I boil an egg?", "Who won the world cup in 1974?", "Why is the sky blue?", "Say good morning in Welsh")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("RAGGUARD_STORE", "RAGGUARD_HISTORY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def event(number: int, arm: str, query: str) -> dict[str, object]:
    found = ["refund-windows-v2.7"]
    return {"id": f"r-{number}", "arm": arm, "at": START + number, "query": query, "retrieved": found, "answer": "x" * (10 + number % 2)}


def asked(world: World, strange: int) -> list[dict[str, object]]:
    """40 requests an arm: the candidate's golden ones but for ``strange``, the baseline's all golden."""
    golden = [row["text"] for row in world.queries]
    rows = [event(number, "baseline", golden[number % len(golden)]) for number in range(40)]
    other = [ELSEWHERE[number % 4] if number < strange else golden[number % len(golden)] for number in range(40)]
    return rows + [event(100 + number, "candidate", query) for number, query in enumerate(other)]


def test_without_an_encoder_only_lengths_are_told(here, capsys) -> None:
    world = feedback_worlds.make(here)
    world.lines("log.jsonl", [*asked(world, 0), {"id": "torn"}])
    assert invoke(["canary", "drift", "--log", "log.jsonl", "--allow-code", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(each["arm"], each["requests"], each["characters"], each["novel"]) for each in told["arms"]] == [
        ("baseline", 40, 10.5, None), ("candidate", 40, 10.5, None),
    ]  # fmt: skip
    assert told["skipped"] == 1
    assert "the baseline has no encoder" in told["notes"][0]


def test_a_log_without_events_is_named(here, capsys) -> None:
    world = feedback_worlds.make(here)
    world.lines("log.jsonl", [])
    assert invoke(["canary", "drift", "--log", "log.jsonl", "--allow-code"]) == 3
    assert "log.jsonl" in capsys.readouterr().err


@pytest.mark.slow
def test_questions_from_elsewhere_are_novel_and_said_to_be(here, one_thread, capsys) -> None:
    world = feedback_worlds.make(here, baseline=DENSE)
    world.begin()
    world.lines("log.jsonl", asked(world, 20))
    assert invoke(["canary", "observe", "log.jsonl"]) == 0
    capsys.readouterr()
    assert invoke(["canary", "drift", "--allow-code", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    baseline, candidate = told["arms"]
    assert baseline["novel"] == 0
    assert candidate["novel"] == 0.5
    assert told["more"] == ["candidate"]
    assert 0 < baseline["similarity"] <= 1
    assert invoke(["canary", "drift", "--allow-code"]) == 0
    shown = capsys.readouterr().out
    assert "50.0% of 40" in shown
    assert "more novel queries than usual" in shown
