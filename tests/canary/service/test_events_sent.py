"""Events by HTTP: batches, what is refused of them, limits, and back-pressure."""

import gzip
import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from rollouts_served import Client, Rollout, lines, served, shadowed

from ragguard.canary.service import bodies

SECRET = "jane@example.org"


def problem(answer: Any, status: int) -> dict[str, Any]:
    """What went wrong, as RFC 9457 has it."""
    assert answer.status == status, answer.data
    assert answer.headers["Content-Type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    assert said["status"] == status
    assert {"type", "title", "detail"} <= set(said)
    assert "Traceback" not in answer.data.decode()
    return said


def test_one_a_list_and_lines_are_stored(client: Client, rollout: Rollout) -> None:
    assert client.post(shadowed("one")).json() == {"accepted": 1}
    assert client.post([shadowed("two"), shadowed("three")]).json() == {"accepted": 2}
    sent = lines([shadowed("four"), shadowed("five")]).replace(b"\n", b"\r\n\n")
    assert client.post(sent, Content_Type="application/x-ndjson; charset=utf-8").json() == {"accepted": 2}
    assert client.post([]).json() == {"accepted": 0}
    assert rollout.counted() == {("both", name): 1 for name in ("one", "two", "three", "four", "five")}


def test_what_comes_again_counts_once_and_is_acknowledged_again(client: Client, rollout: Rollout) -> None:
    for _ in range(3):
        assert client.post([shadowed("a"), shadowed("b"), shadowed("a")]).json() == {"accepted": 3}
    assert set(rollout.counted().values()) == {1}
    told = client.get("/metrics").data.decode()
    assert 'ragguard_canary_events_total{outcome="new"} 2.0' in told
    assert 'ragguard_canary_events_total{outcome="duplicate"} 7.0' in told


def test_a_bad_event_spoils_no_other_and_says_why(client: Client, rollout: Rollout) -> None:
    bad = shadowed("bad") | {"at": "yesterday", "query": SECRET}
    said = problem(client.post([shadowed("a"), bad, 7, shadowed("b"), {"id": "c"}]), 422)
    assert (said["accepted"], said["refused_count"], [each["index"] for each in said["refused"]]) == (2, 3, [1, 2, 4])
    assert "at" in said["refused"][0]["reason"]
    assert SECRET not in json.dumps(said)
    assert set(rollout.counted()) == {("both", "a"), ("both", "b")}

    said = problem(client.post(lines([shadowed("d")]) + b'{"id": "torn', Content_Type="application/x-ndjson"), 422)
    assert said["refused"][0]["index"] == 1
    assert "torn" in said["refused"][0]["reason"]
    assert ("both", "d") in rollout.counted()


def test_what_tells_who_a_person_is_is_not_stored(client: Client, rollout: Rollout) -> None:
    event = shadowed("a", answer=f"Write to {SECRET}. [d-1]", error=SECRET) | {"query": f"I am {SECRET}", "user": SECRET, "session": SECRET}
    assert client.post(event).status == 200
    (stored,) = rollout.stored()
    assert "<EMAIL_ADDRESS>" in stored.noted.kept
    for path in rollout.folder.iterdir():
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path


def test_what_cannot_be_scored_is_refused_with_its_reason(client: Client) -> None:
    said = problem(client.post([shadowed("a") | {"case": "nobody-asked"}]), 422)
    assert "nobody-asked" in said["refused"][0]["reason"]


def test_only_the_first_hundred_reasons_are_told(client: Client) -> None:
    said = problem(client.post([{}] * 150), 422)
    assert (len(said["refused"]), said["refused_count"]) == (100, 150)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"", {}, 400),
        (b"NaN", {}, 400),
        (b"[" * 100_000, {}, 400),
        (b"\xff\xfe", {}, 400),
        (b"{}", {"Content_Type": "text/plain"}, 415),
        (b"{}", {"Content_Type": ""}, 415),
        (gzip.compress(b"{}"), {"Content_Encoding": "gzip"}, 415),
        (json.dumps([{}] * 1_001).encode(), {}, 413),
    ],
)
def test_what_is_no_batch_is_refused_whole(client: Client, body: bytes, headers: dict[str, str], status: int) -> None:
    problem(client.post(body, **({"Content_Type": "application/json"} | headers)), status)


def pieces(size: int, number: int) -> Iterator[bytes]:
    yield b'{"id": "'
    for _ in range(number):
        yield b"x" * size
    yield b'"}'


def test_a_body_that_is_too_long_is_refused_streamed_or_not(rollout: Rollout) -> None:
    with served(rollout, body=100_000) as client:
        problem(client.post(b"x" * 100_001, Content_Type="application/json"), 413)
        sent = 0

        def streamed() -> Iterator[bytes]:
            nonlocal sent
            for piece in pieces(10_000, 20):
                sent += len(piece)
                yield piece

        problem(client.post(streamed(), Content_Type="application/json"), 413)
        assert sent > 100_000, "it was not the length that was told that was refused"
        problem(client.post(pieces(9_000, 10), Content_Type="application/json"), 422)


def test_bodies_together_have_a_limit_too(rollout: Rollout) -> None:
    with served(rollout, held=50_000) as client:
        answer = client.post(pieces(10_000, 20), Content_Type="application/json")
        assert "being read" in problem(answer, 429)["detail"]
        assert answer.headers["Retry-After"] == "2"
        assert client.post([shadowed("a")]).status == 200, "the room was not given back"


def test_a_body_that_comes_too_slowly_is_let_go(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SLOW", 0.2)

    def slowly() -> Iterator[bytes]:
        yield b"["
        time.sleep(2)
        yield b"]"

    problem(client.post(slowly(), Content_Type="application/json"), 408)


def test_more_than_can_wait_is_sent_away_and_nothing_is_lost(rollout: Rollout) -> None:
    """Another process holds the history; when it lets go, what was taken is stored, and what was sent away is not."""
    with served(rollout, events=10, waiting=30) as client, closing(sqlite3.connect(rollout.history, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        said: dict[int, Any] = {}

        def send(number: int) -> None:
            said[number] = client.post([shadowed(f"{number}-{i}") for i in range(10)])

        first = [threading.Thread(target=send, args=(number,)) for number in range(3)]
        for thread in first:
            thread.start()
        while "ragguard_canary_waiting_events 30.0" not in client.get("/metrics").data.decode():
            time.sleep(0.02)
        send(3)
        assert "wait to be stored" in problem(said[3], 429)["detail"]
        assert said[3].headers["Retry-After"] == "2"
        assert set(said) == {3}, "acknowledged before it was committed"
        other.execute("ROLLBACK")
        for thread in first:
            thread.join()
        assert [said[number].status for number in range(3)] == [200] * 3
        send(3)
        assert said[3].status == 200
    assert len(rollout.counted()) == 40


def test_an_event_without_a_roll_out_is_refused(plan: Rollout) -> None:
    with served(plan) as client:
        said = problem(client.post([shadowed("a")]), 409)
        assert "begin one with: ragguard canary start" in said["detail"]
        plan.begin()
        assert client.post([shadowed("a")]).status == 200, "it has to be started again for a roll-out that began later"


def test_events_of_a_roll_out_that_ended_are_the_next_ones(client: Client, rollout: Rollout) -> None:
    assert client.post([shadowed("a", unsafe=True)]).status == 200
    assert client.decided()["state"] == "rolled back"
    assert "is rolled back" in problem(client.post([shadowed("b")]), 409)["detail"]
    rollout.begin()
    assert client.post([shadowed("c")]).status == 200
    assert set(rollout.counted()) == {("both", "c")}
