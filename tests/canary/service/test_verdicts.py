"""What a roll-out's state means to Argo Rollouts and to Flagger: every state, and over HTTP."""

import json
import time
from typing import Any, get_args

import pytest
from rollouts_served import Client, Rollout, served, shadowed
from test_events_sent import problem

from ragguard.canary import standing
from ragguard.canary.service.hooks import SHORT
from ragguard.canary.service.verdict import Hook, passes, result, why
from ragguard.records.canary import Canary, Look, Standing, State

SHARES = (1.0, 10.0, 50.0, 100.0)


def canary(state: State = "running", stage: int = 0, look: Look | None = None) -> Standing:
    made = Canary("plan", "new", "run", "promote", "f", "b", 0.0, {}, state=state, stage=stage)
    return Standing(made, SHARES[stage] if state in ("running", "done") else 0.0, 3, look, 0, "history.db")


def test_a_whole_roll_out_is_judged_by_its_end() -> None:
    states: list[State] = ["running", "done", "rolled back", "aborted"]
    assert [result(canary(state, 3)) for state in states] == ["Inconclusive", "Successful", "Failed", "Failed"]


def test_a_step_is_judged_by_whether_more_is_allowed_and_a_rollback_fails_every_step() -> None:
    assert [result(canary(stage=stage), 1) for stage in range(4)] == ["Inconclusive", "Successful", "Successful", "Successful"]
    assert [result(canary(stage=stage), 50) for stage in range(4)] == ["Inconclusive"] * 3 + ["Successful"]
    assert {result(canary("rolled back", stage), share) for stage in range(4) for share in (0, 1, 50, None)} == {"Failed"}
    assert result(canary("done", 3), 100) == "Successful"


def test_a_step_may_name_its_stage_too() -> None:
    assert [result(canary(stage=stage), stage=1) for stage in range(4)] == ["Inconclusive", "Inconclusive", "Successful", "Successful"]
    assert [result(canary(stage=1), share, stage) for share, stage in ((1, 0), (10, 0), (1, 1))] == ["Successful"] + ["Inconclusive"] * 2
    assert result(canary("done", 3), stage=3) == "Successful"
    assert result(canary("aborted", 2), stage=0) == "Failed"


def test_flagger_goes_on_back_or_waits() -> None:
    """A table of Flagger's hooks by state: https://docs.flagger.app/usage/webhooks."""
    table = {
        "running": {"confirm-rollout", "pre-rollout", "rollout"},
        "all traffic": {"confirm-rollout", "pre-rollout", "rollout", "confirm-promotion"},
        "done": {"rollout", "confirm-promotion"},
        "rolled back": {"rollback"},
        "aborted": {"rollback"},
    }
    states = {"running": canary(stage=1), "all traffic": canary(stage=3), "done": canary("done", 3)}
    states |= {"rolled back": canary("rolled back", 1), "aborted": canary("aborted", 1)}
    weighed = "confirm-traffic-increase"
    for name, made in states.items():
        assert {hook for hook in get_args(Hook) if hook != weighed and passes(hook, made, None)} == table[name], name
    assert [passes(weighed, states["running"], weight) for weight in (0, 1, 9.9, 10, 50, None)] == [True, True, True, False, False, False]
    assert [passes(weighed, states["done"], weight) for weight in (0, 99, 100)] == [True, True, False]
    assert not any(passes(weighed, states[name], weight) for name in ("rolled back", "aborted") for weight in (0, 1, None))


def test_reasons_are_the_last_decision_s() -> None:
    assert why(canary(look=Look(1.0, "hold", 0, ("few pairs",)))) == ("few pairs",)
    assert why(canary()) == ("nothing was decided yet",)


def hook(client: Client, name: str, status: int, more: Any = None, query: str = "") -> dict[str, Any]:
    sent = {"name": "podinfo", "namespace": "test", "phase": "Progressing", "checksum": "85d557f47b"} | (more or {})
    answer = client.ask("POST", f"/v1/flagger/{name}{query}", sent)
    assert answer.status == status, (name, answer.data)
    said: dict[str, Any] = answer.json()
    return said


def test_a_roll_out_that_is_well_goes_to_its_end(client: Client) -> None:
    waits = client.get("/v1/verdict?percent=1").json()
    assert (waits["result"], waits["state"], waits["percent"]) == ("Inconclusive", "running", 1)
    hook(client, "confirm-rollout", 200)
    hook(client, "confirm-traffic-increase", 200, {"canaryWeight": 0})
    said = hook(client, "confirm-traffic-increase", 409, {"metadata": {"canaryWeight": "1"}})
    assert said["detail"].startswith("confirm-traffic-increase: not now: running, ")

    assert client.post([shadowed(f"e{i}") for i in range(250)]).status == 200
    seen = [client.decided() for _ in range(4)]
    assert [(each["action"], each["percent"]) for each in seen] == [("advance", 10), ("advance", 50), ("advance", 100), ("done", 100)]
    assert [each["result"] for each in seen] == ["Inconclusive"] * 3 + ["Successful"]
    for share in (0, 1, 10, 50, 100):
        assert client.get(f"/v1/verdict?percent={share}").json()["result"] == "Successful"
    hook(client, "confirm-promotion", 200)
    hook(client, "rollback", 409)
    hook(client, "confirm-rollout", 409)
    assert client.decided()["state"] == "done", "of one that has ended, the verdict is said again"


def test_a_roll_out_that_is_rolled_back_fails_wherever_it_is_asked(client: Client) -> None:
    client.post([shadowed("a", unsafe=True)])
    verdict = client.decided()
    assert (verdict["result"], verdict["action"], verdict["percent"]) == ("Failed", "rollback", 0)
    assert "unsafe" in verdict["reasons"][0]
    assert client.get("/v1/verdict?percent=0").json()["result"] == "Failed"
    assert hook(client, "rollback", 200)["result"] == "Failed"
    hook(client, "rollout", 409)
    hook(client, "confirm-traffic-increase", 409, {"canaryWeight": 0})


def test_a_former_roll_out_opens_no_way_for_another(client: Client, rollout: Rollout) -> None:
    assert client.get("/v1/verdict?canary=1&candidate=new").status == 200
    for query in ("?canary=2", "?candidate=newer", "?canary=1&candidate=newer"):
        assert "not the one that is asked about" in problem(client.get(f"/v1/verdict{query}"), 404)["detail"]
        problem(client.ask("POST", f"/v1/decide{query}"), 404)
        hook(client, "rollout", 404, query=query)


def test_a_parameter_that_is_misspelt_is_refused(client: Client) -> None:
    assert "query.cannary" in problem(client.get("/v1/verdict?cannary=2"), 422)["detail"]
    problem(client.ask("POST", "/v1/decide?percnt=10"), 422)
    hook(client, "rollout", 422, query="?candidat=new")


def test_without_a_roll_out_nothing_passes(plan: Rollout) -> None:
    with served(plan) as client:
        problem(client.get("/v1/verdict"), 404)
        problem(client.get("/v1/status"), 404)
        problem(client.ask("POST", "/v1/decide"), 404)
        for name in get_args(Hook):
            hook(client, name, 404)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 422),
        ({"canaryWeight": 101}, 422),
        ({"canaryWeight": "NaN"}, 422),
        ({"metadata": {"canaryWeight": "x"}}, 422),
        ({"metadata": []}, 422),
    ],
)
def test_a_weight_that_nobody_says_passes_nothing(client: Client, sent: dict[str, Any], status: int) -> None:
    hook(client, "confirm-traffic-increase", status, sent)


def test_a_hook_may_be_named_in_the_metadata(client: Client) -> None:
    said = {
        name: client.ask("POST", "/v1/flagger", {"metadata": {"hook": name, "canaryWeight": "1"}}).status
        for name in (*SHORT, *get_args(Hook))
    }
    passing = {name for name, status in said.items() if status == 200}
    assert passing == {"confirm-rollout", "pre-rollout", "rollout"}
    assert set(said.values()) == {200, 409}
    assert client.ask("POST", "/v1/flagger", {"metadata": {"hook": "increase", "canaryWeight": "0"}}).status == 200


def test_a_hook_that_nobody_names_passes_nothing(client: Client) -> None:
    for sent in ({}, {"metadata": {"hook": "event"}}, {"metadata": {"hook": ["rollout"]}}, {"type": "post-rollout"}):
        assert "which hook is it?" in problem(client.ask("POST", "/v1/flagger", sent), 422)["detail"]
    assert client.ask("POST", "/v1/flagger", {"type": "rollout"}).status == 200


def test_what_is_no_webhook_is_refused(client: Client) -> None:
    problem(client.ask("POST", "/v1/flagger/event", {}), 422)
    problem(client.ask("POST", "/v1/flagger/rollout", b"no json"), 422)
    problem(client.ask("POST", "/v1/flagger/rollout", b"x" * 70_000), 413)
    problem(client.get("/v1/verdict?percent=101"), 422)
    problem(client.get("/v1/verdict?percent=nan"), 422)


def test_a_verdict_is_json_whatever_argo_would_make_of_another_body(client: Client) -> None:
    """Argo Rollouts takes a body that is not JSON for a success: errors must not come with 2xx."""
    answer = client.get("/v1/verdict")
    assert answer.headers["Content-Type"] == "application/json"
    assert set(json.loads(answer.data)) == {
        *("result", "state", "action", "canary", "candidate", "stage", "percent", "reasons", "hints", "person", "at")
    }  # fmt: skip
    problem(client.get("/v1/verdicts"), 404)
    problem(client.ask("PUT", "/v1/verdict"), 405)


def test_what_a_person_ends_fails_with_the_person_s_reason(client: Client, rollout: Rollout) -> None:
    standing.abort(rollout.plan, "the index is being rebuilt", time.time(), rollout.history)
    said = client.get("/v1/verdict").json()
    assert (said["result"], said["state"]) == ("Failed", "aborted")
    assert "the index is being rebuilt" in " ".join(said["reasons"])
    hook(client, "rollback", 200)
