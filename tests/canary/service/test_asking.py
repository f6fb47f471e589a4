"""Who may ask, and by which name."""

import base64
import hmac
from typing import Any

import pytest
from rollouts_served import Client, Rollout, served, shadowed

from ragguard.canary.service import auth

OLD, NEW = "old-token-0123456789", "new-token-0123456789"
ROUTES = (
    ("GET", "/v1/verdict"),
    ("GET", "/v1/status"),
    ("GET", "/metrics"),
    ("POST", "/v1/events"),
    ("POST", "/v1/decide"),
)


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def test_every_route_but_health_asks_for_a_token(rollout: Rollout) -> None:
    with served(rollout, tokens=(OLD,)) as client:
        stranger = Client(client.url)
        for method, path in ROUTES:
            answer = stranger.ask(method, path)
            assert (answer.status, answer.headers["Content-Type"]) == (401, "application/problem+json"), path
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert stranger.get("/healthz").status == 200
        assert client.get("/v1/verdict").status == 200


def test_tokens_are_changed_without_a_gap(rollout: Rollout) -> None:
    with served(rollout, tokens=(OLD, NEW)) as client:
        said = {
            value: client.get("/v1/status", Authorization=value).status
            for value in (f"Bearer {OLD}", f"bearer {NEW}", f"Bearer {NEW}x", f"Bearer {NEW[:-1]}", "Bearer", "", NEW, "Bearer \xfc" * 9)
        }
    assert list(said.values()) == [200, 200, 401, 401, 401, 401, 401, 401]


def test_a_token_may_come_as_a_password_as_flagger_sends_what_stands_in_a_url(rollout: Rollout) -> None:
    with served(rollout, tokens=(OLD,)) as client:
        for value, status in ((basic("flagger", OLD), 200), (basic(OLD, ""), 401), (basic("", NEW), 401), ("Basic ???", 401)):
            assert client.ask("POST", "/v1/flagger/rollout", {}, Authorization=value).status == status


def test_a_webhook_s_token_may_stand_in_its_metadata(rollout: Rollout) -> None:
    with served(rollout, tokens=(OLD,)) as client:
        stranger = Client(client.url)
        for path in ("/v1/flagger", "/v1/flagger/rollout"):
            for token, status in ((OLD, 200), (NEW, 401), ("", 401), ([OLD], 401), (None, 401)):
                sent = {"metadata": {"hook": "rollout", "token": token}}
                assert stranger.ask("POST", path, sent).status == status
            assert stranger.ask("POST", path, {"metadata": {"hook": "rollout", "token": OLD}}, Authorization="Bearer no").status == 401
            assert stranger.ask("POST", path, {}).status == 401
        assert stranger.ask("POST", "/v1/events", {"metadata": {"token": OLD}}).status == 401


def test_what_is_sent_is_compared_with_every_token_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[int, int]] = []

    def spy(one: Any, other: Any) -> bool:
        compared.append((len(one), len(other)))
        return hmac.compare_digest(one, other)

    guard = auth.Guard((OLD, NEW, OLD * 9))
    monkeypatch.setattr(auth, "hmac", type("spied", (), {"compare_digest": staticmethod(spy)}))
    assert [guard._known(given) for given in (OLD, OLD * 9, "", "no")] == [True, True, False, False]
    assert compared == [(32, 32)] * 12, "some comparison was left out, or its length says something"


def test_without_a_token_a_page_in_a_browser_cannot_ask_by_a_name_of_its_own(client: Client) -> None:
    said = {host: client.get("/v1/status", Host=host).status for host in ("127.0.0.1:80", "localhost:1", "[::1]:80", "evil.example", "")}
    assert said == {"127.0.0.1:80": 200, "localhost:1": 200, "[::1]:80": 200, "evil.example": 421, "": 421}
    simple = client.post(b"{}", Content_Type="text/plain")
    assert simple.status == 415, "what a page may send without asking first is refused"
    assert client.post([shadowed("a")]).status == 200
