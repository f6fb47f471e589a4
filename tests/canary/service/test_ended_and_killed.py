"""The command in a process of its own: told to end under load, killed under load; what was acknowledged counts, exactly once."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import rollouts_served
import urllib3
from rollouts_served import ENDLESS, Client, Process, Rollout, shadowed

from ragguard.canary.standing import standing
from ragguard.cli import invoke

pytestmark = pytest.mark.slow
SENDERS, BATCH = 6, 5
QUERY = "my number is 555-0199"


@pytest.fixture
def endless(tmp_path: Path) -> Rollout:
    made = rollouts_served.make(tmp_path, more=ENDLESS)
    made.begin()
    return made


@pytest.fixture
def started() -> Iterator[Callable[..., Process]]:
    """Starts services, and leaves none behind."""
    every: list[Process] = []

    def start(*arguments: Any, **options: Any) -> Process:
        every.append(rollouts_served.started(*arguments, **options))
        return every[-1]

    yield start
    for each in every:
        if each.process.poll() is None:
            each.end(signal.SIGKILL)


@dataclass
class Load:
    """Senders that send batches, each again until it is acknowledged, wherever the service is now."""

    client: Client
    sent: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    over: bool = False

    def send(self, sender: int) -> None:
        number = 0
        while not self.over:
            names = [f"{sender}-{number}-{i}" for i in range(BATCH)]
            self.sent += names
            events = [shadowed(name) | {"query": QUERY} for name in names]
            while not self._stored(events) and not self.over:
                time.sleep(0.05)
            number += 1

    def _stored(self, events: list[dict[str, object]]) -> bool:
        try:
            answer = self.client.post(events)
        except urllib3.exceptions.HTTPError:
            return False
        if answer.status != 200:
            self.refused.append(answer.status)
            return False
        self.acknowledged += [str(each["id"]) for each in events]
        return True

    def wait_for(self, events: int) -> None:
        end = time.monotonic() + 60
        while len(self.acknowledged) < events:
            assert time.monotonic() < end, f"{len(self.acknowledged)} acknowledged, refused with {set(self.refused)}"
            time.sleep(0.01)


@contextmanager
def loaded(client: Client) -> Iterator[Load]:
    load = Load(client)
    threads = [threading.Thread(target=load.send, args=(number,)) for number in range(SENDERS)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.over = True
        for thread in threads:
            thread.join()


def counts_once(rollout: Rollout, load: Load) -> None:
    """Every acknowledged event is stored once, and is one pair of the evidence; nothing is there that nobody sent."""
    stored = rollout.counted()
    assert set(stored.values()) == {1}
    names = {name for _, name in stored}
    assert set(load.acknowledged) <= names <= set(load.sent)
    assert invoke(["canary", "decide", "--plan", str(rollout.plan), "--history", rollout.history]) == 2
    look = standing(rollout.plan, rollout.history).look
    assert look is not None
    assert {each.name: each.pairs for each in look.guardrails}["Refused"] == len(names) == look.counts["entered"]


def test_told_to_end_it_stores_what_it_took_and_leaves_with_0(endless: Rollout, started: Callable[..., Process], tmp_path: Path) -> None:
    service = started(endless, "--port", "0", errors=tmp_path / "log")
    with loaded(service.client) as load:
        load.wait_for(200)
        assert service.end(signal.SIGTERM) == 0
    assert set(load.refused) <= {503}
    counts_once(endless, load)
    log = (tmp_path / "log").read_text()
    assert QUERY not in log
    assert "/v1/events" not in log, "it keeps a log of who asked what"
    assert "Traceback" not in log


def test_killed_under_load_every_acknowledged_event_counts_exactly_once(endless: Rollout, started: Callable[..., Process]) -> None:
    service = started(endless, "--port", "0", "--every", "1")
    with loaded(service.client) as load:
        for kill in range(3):
            load.wait_for(200 * (kill + 1))
            assert service.end(signal.SIGKILL) == -signal.SIGKILL
            service = started(endless, "--port", "0", "--every", "1")
            load.client.url = service.client.url
        load.wait_for(800)
    assert service.end(signal.SIGTERM) == 0
    assert len(load.acknowledged) == len(set(load.acknowledged))
    counts_once(endless, load)


def test_elsewhere_than_on_this_machine_it_asks_for_a_token(
    endless: Rollout, started: Callable[..., Process], capsys: pytest.CaptureFixture[str]
) -> None:
    assert invoke(["canary", "serve", "--plan", str(endless.plan), "--history", endless.history, "--host", "0.0.0.0"]) == 3
    assert "set RAGGUARD_TOKEN" in capsys.readouterr().err
    token = "a-token-of-more-than-16"
    service = started(endless, "--port", "0", "--host", "0.0.0.0", RAGGUARD_TOKEN=token)
    url = service.client.url.replace("0.0.0.0", "127.0.0.1")
    assert Client(url).get("/v1/status").status == 401
    assert Client(url, token).get("/v1/status").status == 200
    assert Client(url, token).post([shadowed("a")]).status == 200
    assert service.end(signal.SIGINT) == 0


def test_an_address_that_another_has_is_said(endless: Rollout, started: Callable[..., Process], capsys: pytest.CaptureFixture[str]) -> None:
    service = started(endless, "--port", "0")
    port = service.client.url.rpartition(":")[2]
    assert invoke(["canary", "serve", "--plan", str(endless.plan), "--history", endless.history, "--port", port]) == 4
    assert "cannot be listened at" in capsys.readouterr().err
    assert service.end(signal.SIGTERM) == 0
