"""The history goes and comes back: nothing is acknowledged meanwhile, and the service need not be started again."""

import logging
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import postgres_server
import pytest
import rollouts_served
from rollouts_served import Client, Rollout, served, shadowed
from test_events_sent import problem

from ragguard.canary.service.judging import PlanJudge


def gone_and_back(client: Client, rollout: Rollout) -> None:
    """Take the file away, ask, and bring it back."""
    path = Path(rollout.history)
    assert client.post([shadowed("before")]).status == 200
    path.rename(path.with_suffix(".away"))
    refused = client.post([shadowed("meanwhile")])
    assert "the history cannot be used now" in problem(refused, 503)["detail"]
    assert refused.headers["Retry-After"] == "2"
    assert str(path) not in refused.data.decode()
    problem(client.get("/v1/verdict"), 503)
    problem(client.ask("POST", "/v1/decide"), 503)
    assert problem(client.get("/healthz"), 503)["detail"] == "the history cannot be written"
    told = client.get("/metrics").data.decode()
    assert "ragguard_canary_history_writable 0.0" in told
    assert "ragguard_canary_decision_failures_total 1.0" in told
    path.with_suffix(".away").replace(path)


def test_a_file_that_goes_and_comes_back(client: Client, rollout: Rollout) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    time.sleep(1.1)  # health is asked of the history once a second at most
    gone_and_back(client, rollout)
    time.sleep(1.1)
    assert client.get("/healthz").status == 200
    assert client.post([shadowed("meanwhile"), shadowed("after")]).status == 200
    assert "ragguard_canary_history_writable 1.0" in client.get("/metrics").data.decode()
    assert client.decided()["state"] == "running"
    assert rollout.counted() == {("both", name): 1 for name in ("before", "meanwhile", "after")}


def test_a_history_that_another_holds_is_waited_for_only_so_long(rollout: Rollout) -> None:
    """What was sent is not acknowledged, and may be stored all the same: sent again, it counts once."""
    with served(rollout, patience=0.5) as client, closing(sqlite3.connect(rollout.history, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "send it again, an event counts once" in problem(client.post([shadowed("a")]), 503)["detail"]
        problem(client.get("/healthz"), 503)
        other.execute("ROLLBACK")
        assert client.post([shadowed("a")]).status == 200
    assert rollout.counted() == {("both", "a"): 1}


def test_decisions_go_on_by_themselves(rollout: Rollout) -> None:
    with served(rollout, every=0.1) as client:
        client.post([shadowed("a", unsafe=True)])
        end = time.monotonic() + 30
        while client.get("/v1/verdict").json()["state"] == "running" and time.monotonic() < end:
            time.sleep(0.05)
        assert client.get("/v1/verdict").json()["state"] == "rolled back"


def test_an_error_of_our_own_tells_where_and_nothing_that_was_sent(
    rollout: Rollout, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "call me at 555-0199"

    def broken(*_: object) -> None:
        raise ValueError(secret)

    with served(rollout) as client:
        monkeypatch.setattr(PlanJudge, "store", broken)
        monkeypatch.setattr(PlanJudge, "standing", broken)
        with caplog.at_level(logging.INFO):
            for answer in (client.post([shadowed("a") | {"query": secret}]), client.get("/v1/status")):
                assert secret not in str(problem(answer, 500))
        assert "error of our own: ValueError in broken" in caplog.text
        assert secret not in caplog.text
        monkeypatch.undo()
        assert client.post([shadowed("a")]).status == 200
        assert 'http_requests_total{code="500",route="/v1/events"} 1.0' in client.get("/metrics").data.decode()


@pytest.mark.slow
def test_postgresql_keeps_a_roll_out_too(tmp_path: Path) -> None:
    with postgres_server.serve() as url:
        rollout = rollouts_served.make(tmp_path, url)
        rollout.begin()
        with served(rollout) as client:
            assert client.get("/healthz").status == 200
            for _ in range(2):
                assert client.post([shadowed(f"e{i}") for i in range(60)]).status == 200
            assert client.decided()["action"] == "advance"
            assert set(rollout.counted().values()) == {1}
            assert postgres_server.PASSWORD not in client.get("/v1/status").data.decode()
