"""A roll-out by its commands: what a gate promoted is begun, fed, decided, watched, rolled back, and never other than told."""

import json
import signal
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import worlds
from worlds import TEXTS, TITLES, World

from ragguard.canary.observing import Observer
from ragguard.cli import invoke
from ragguard.data.events import read
from ragguard.history.canaries import Canaries, Ended
from ragguard.history.place import place
from ragguard.records.event import Noted

BEGUN = 1_800_000_000
AT = str(BEGUN)
RULES = """canary:
  lateness: 0
  settle: 0
  stages: [{percent: 50, margin: 0.2, pairs: 20}]
  guardrails: [{signal: Feedback}]
"""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(tmp_path)
    made = worlds.make(tmp_path)
    made.plan(TITLES, {"new": TEXTS}, more=RULES)
    assert made.gate() == 0
    return made


def events(count: int, difference: float = 0.0, first: float = BEGUN, prefix: str = "r") -> list[dict[str, Any]]:
    """Requests that both arms answered, a second apart; users like the candidate's answers less by the difference."""
    made = []
    for number in range(count):
        said = {"baseline": {"feedback": 1}, "candidate": {"feedback": 1 + difference, "served": {"model": "base"}}}
        made.append({"id": f"{prefix}{number}", "arm": "both", "at": first + number, "query": "question on word1", **said})
    return made


def write(name: str, rows: Iterable[dict[str, Any]], mode: str = "w", more: str = "") -> str:
    with Path(name).open(mode, encoding="utf-8") as file:
        file.write("".join(json.dumps(row) + "\n" for row in rows) + more)
    return name


def start(*more: str, at: str = AT) -> int:
    return invoke(["canary", "start", "new", "--from", "reports/world", "--at", at, *more])


def shown(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert invoke(["canary", "status", "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_from_the_gate_to_all_traffic(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert start() == 0
    told = capsys.readouterr().out
    assert "running, stage 1 of 1" in told
    assert "50 % of the traffic" in " ".join(told.split())
    write("log.jsonl", events(10), more='{"id": "torn", "arm": "bo')
    assert invoke(["canary", "observe", "log.jsonl"]) == 0
    out, err = capsys.readouterr()
    assert out == "10 new, 0 there already, 1 refused\n"
    assert err.startswith("log.jsonl:11: is not JSON")
    assert invoke(["canary", "decide", "--at", str(BEGUN + 60)]) == 2
    assert "Feedback: 10 of 20 pairs" in capsys.readouterr().out
    write("log.jsonl", events(30))
    assert invoke(["canary", "observe", "log.jsonl", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"new": 20, "duplicates": 10, "refused": []}
    assert invoke(["canary", "decide", "--at", str(BEGUN + 120)]) == 0
    assert shown(capsys)["canary"]["stage"] == 1
    assert invoke(["canary", "decide", "--at", str(BEGUN + 180)]) == 0
    found = shown(capsys)
    assert (found["canary"]["state"], found["percent"], found["look"]["action"], found["looks"]) == ("done", 100.0, "done", 3)
    assert invoke(["canary", "observe", "log.jsonl"]) == 3
    assert "no canary of the plan 'world' is running; the last one, 'new', is done" in capsys.readouterr().err


def test_guardrails_about_answers_that_no_candidate_gives_are_named(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.plan(TITLES, {"new": TEXTS})
    assert world.gate() == 0
    assert start() == 0
    (note,) = shown(capsys)["notes"]
    assert "Refused and UnsupportedValue wait for ever" in note
    answer = {"answer": "Word1 is a word.", "abstained": False}
    told = [{**each, "baseline": answer, "candidate": answer, "session": each["id"]} for each in events(3)]
    assert invoke(["canary", "observe", write("log.jsonl", told)]) == 0
    assert invoke(["canary", "decide", "--at", str(BEGUN + 4_000)]) == 2
    assert shown(capsys)["notes"] == []


def test_a_loss_is_rolled_back_and_told_again_however_often_it_is_asked(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    start()
    write("log.jsonl", events(40, -0.5))
    invoke(["canary", "observe", "log.jsonl"])
    for _ in range(2):
        capsys.readouterr()
        assert invoke(["canary", "decide", "--at", str(BEGUN + 60)]) == 1
        told = " ".join(capsys.readouterr().out.split())
        assert "rolled back: 0 % of the traffic to the candidate" in told
        assert "Feedback fell by 0.500 over 40 pairs, beyond the emergency margin 0.3" in told
    assert start() == 0, "the next one may begin"


def test_what_was_not_promoted_is_begun_by_force_alone_and_that_is_written_down(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.plan(TEXTS, {"new": TITLES}, more=RULES)
    assert world.gate() == 1
    assert start() == 3
    assert "'new' was not promoted but decided 'block' in run " in capsys.readouterr().err
    assert start("--force") == 3
    assert "--force: is given without a reason" in capsys.readouterr().err
    assert invoke(["canary", "status"]) == 3
    assert "no canary of the plan 'world' is kept here" in capsys.readouterr().err
    assert start("--force", "--reason", "the old index is gone") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "forced: the gate decided 'block'" in told
    assert "the reason given: the old index is gone" in told
    kept = shown(capsys)["canary"]
    assert (kept["forced"], kept["reason"], kept["decision"]) == (True, "the old index is gone", "block")


def test_what_cannot_begin_says_why(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["canary", "start", "knew", "--from", "reports/world"]) == 3
    assert "there is no candidate 'knew'; did you mean 'new'?" in capsys.readouterr().err
    assert invoke(["canary", "start", "new", "--from", "reports/nowhere"]) == 3
    assert "reports/nowhere" in capsys.readouterr().err
    assert start("--expect", "adapter") == 3
    assert "'adapter' is no KEY=VALUE" in capsys.readouterr().err
    world.write("gate.yaml", Path("gate.yaml").read_text().replace("Feedback", "Feedbock"))
    assert start() == 3
    assert "did you mean 'Feedback'?" in capsys.readouterr().err
    world.write("gate.yaml", Path("gate.yaml").read_text().replace("Feedbock", "Feedback"))
    assert start(at="yesterday") == 3
    assert "--at: 'yesterday' is no time" in capsys.readouterr().err
    world.write("gate.yaml", Path("gate.yaml").read_text().replace("name: world", "name: other"))
    assert start() == 3
    assert "is of the plan 'world', not of 'other'" in capsys.readouterr().err


def test_a_second_roll_out_waits_for_the_first_and_a_person_may_end_that(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert start() == 0
    assert start() == 3
    assert "a canary of 'world' is running: 'new' (number 1), at stage 1" in capsys.readouterr().err
    assert invoke(["canary", "abort", "--reason", " "]) == 3
    assert invoke(["canary", "abort", "--reason", "the index is rebuilt"]) == 0
    capsys.readouterr()
    assert invoke(["canary", "decide"]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "aborted: 0 % of the traffic" in told
    assert "the index is rebuilt" in told
    assert start() == 0


def test_a_running_roll_out_keeps_its_rules_whatever_the_plan_says(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    start()
    world.write("gate.yaml", Path("gate.yaml").read_text().replace("pairs: 20", "pairs: 9000").replace("Feedback", "Refused"))
    write("log.jsonl", events(30))
    invoke(["canary", "observe", "log.jsonl"])
    capsys.readouterr()
    assert invoke(["canary", "decide", "--at", str(BEGUN + 60)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "the plan's canary section is not what it was at the start, which counts until the end" in told
    assert [each["name"] for each in shown(capsys)["look"]["guardrails"]] == ["Feedback"]


def test_a_watch_that_is_killed_goes_on_where_it_was(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    now = time.time()
    assert start("--expect", "adapter=support-v3", at=str(now - 600)) == 0
    write("log.jsonl", events(15, -0.2, now - 500, "a"))
    watch = world.command("canary", "watch", "log.jsonl", "--every", "0.1")
    kept = Canaries(place("ragguard-history.db", world.folder))
    made = kept.running("world")
    assert made is not None
    _until(lambda: any(each.guardrails and each.guardrails[0].pairs == 15 for each in kept.looks(made.id)))
    watch.send_signal(signal.SIGKILL)
    watch.communicate()
    assert watch.returncode == -signal.SIGKILL
    again = world.command("canary", "watch", "log.jsonl", "--every", "0.1")
    write("log.jsonl", events(10, -0.2, now - 400, "b"), "a", '{"id": "c0", "arm": "bo')
    write("log.jsonl", [], "a", 'th"}\n')
    write("log.jsonl", events(10, -0.2, now - 300, "d"), "a")
    told, _ = again.communicate(timeout=120)
    assert again.returncode == 1, told
    assert "log.jsonl:26:" in told
    last = kept.looks(made.id)[-1]
    assert (last.action, last.counts["both"]) == ("rollback", 35)
    assert "the adapter is not loaded: of 35 answers that say what is served, 35 came from adapter none (35); expected support-v3" in told


def test_an_observer_refuses_what_cannot_be_scored_and_goes_over_to_the_next_roll_out(world: World) -> None:
    start()
    observer = Observer(Path("gate.yaml"))
    good, strange = (read.of_values(row, "here") for row in events(2))
    told = observer.take([good, replace(strange, case="no such query")])
    assert (told.new, told.duplicates, len(told.refused)) == (1, 0, 1)
    assert "case 'no such query' is no query of collection" in told.refused[0]
    first = observer.canary.id
    invoke(["canary", "abort", "--reason", "enough"])
    with pytest.raises(Ended, match="is aborted"):
        observer.take([good])
    start()
    assert observer.take([good]).new == 1
    assert observer.canary.id == first + 1


def test_an_observer_stores_nothing_that_no_evidence_can_be_made_of(world: World) -> None:
    start()
    observer = Observer(
        Path("gate.yaml"), noting=lambda *_: lambda event: Noted(event.id, event.side, event.at, "u", {"Feedback": float("nan")})
    )
    told = observer.take([read.of_values(events(1)[0], "here")])
    assert told.new == 0
    assert told.refused == ("event r0: Feedback is nan, outside of -1 to 1; mend what sends it",)


def _until(done: Any) -> None:
    for _ in range(1_200):
        if done():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to that in a minute")
