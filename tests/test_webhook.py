"""Alerts that are sent over HTTP: signed, tried again, and never a reason to say less of what went wrong, or more than may be said."""

import base64
import hashlib
import hmac
import json
from contextlib import AbstractContextManager

import pytest
from servers import Request, Served, serve

from ragguard.errors import InputError
from ragguard.plan.nightly import Webhook
from ragguard.webhook import secret, send, signature

BODY = json.dumps({"type": "ragguard.nightly", "text": "ünï"}, ensure_ascii=False).encode()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def hook(served: Served, **more: object) -> Webhook:
    return Webhook(url=f"{served.url}/services/T0K3N-of-the-path", **{"timeout": 5, **more})  # type: ignore[arg-type]


def answering(*statuses: int, **headers: str) -> AbstractContextManager[Served]:
    left = list(statuses)
    return serve(lambda request: request.answer({"error": "not now"}, left.pop(0) if len(left) > 1 else left[0], **headers))


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example that the specification's reference libraries test themselves with."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_message_arrives_with_its_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", "whsec_" + base64.b64encode(b"twenty-four bytes of key").decode())
    with answering(200) as served:
        plan = hook(served, secret_env="HOOK_SECRET", headers={"X-Team": "search"})
        assert send(plan, secret(plan, "gate.yaml:9"), "ragguard_1", 1_800_000_000, BODY) == ""
    (request,) = served.seen
    assert request.raw == BODY
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert headers["content-type"] == "application/json"
    assert headers["x-team"] == "search"
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("ragguard_1", "1800000000")
    signed = hmac.new(b"twenty-four bytes of key", b"ragguard_1.1800000000." + request.raw, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(signed).decode()}"


def test_without_a_secret_nothing_is_signed() -> None:
    with answering(204) as served:
        plan = hook(served)
        assert send(plan, secret(plan, ""), "id", 1, BODY) == ""
    assert not any(name.lower() == "webhook-signature" for name in served.seen[0].headers)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_tried_again_with_the_same_id_and_signature(status: int) -> None:
    with answering(status, status, 200, Retry_After="0") as served:
        assert send(hook(served), b"key", "id", 1, BODY) == ""
    assert len(served.seen) == 3
    assert len({(each.headers["webhook-id"], each.headers["webhook-signature"], each.raw) for each in served.seen}) == 1


def test_a_server_that_hangs_up_is_asked_again() -> None:
    tries: list[int] = []

    def behave(request: Request) -> None:
        tries.append(1)
        request.hang_up() if len(tries) == 1 else request.answer({})

    with serve(behave) as served:
        assert send(hook(served), b"", "id", 1, BODY) == ""
    assert len(tries) == 2


def test_a_refusal_is_said_and_not_repeated() -> None:
    with answering(403) as served:
        told = send(hook(served), b"key", "id", 1, BODY)
    assert told.endswith("answers 403: not now")
    assert len(served.seen) == 1


def test_a_server_that_stays_down_is_given_up_and_says_after_how_many_tries() -> None:
    with answering(503, Retry_After="0") as served:
        told = send(hook(served, retries=2), b"key", "id", 1, BODY)
    assert told.endswith("answers 503: not now (3 tries)")
    assert len(served.seen) == 3


def test_what_goes_wrong_is_said_without_path_headers_or_signature() -> None:
    def repeating(request: Request) -> None:
        request.answer({"error": f"{dict(request.headers)} at {request.path}"}, 400)

    with serve(repeating) as served:
        plan = hook(served, headers={"Authorization": "Bearer k3y-of-the-hook"})
        told = send(plan, b"key", "id", 1, BODY)
        signed = served.seen[0].headers["webhook-signature"]
    assert "answers 400" in told
    assert "k3y-of-the-hook" not in told
    assert signed not in told
    assert "T0K3N" not in told


def test_no_server_at_all_is_said() -> None:
    with answering(200) as served:
        plan = hook(served, retries=0)
    told = send(plan, b"", "id", 1, BODY)
    assert "cannot be reached" in told
    assert "T0K3N" not in told


@pytest.mark.parametrize(
    ("value", "words"), [(None, "HOOK_SECRET is not set"), ("", "is not set"), ("whsec_!!!", "is no base64 behind whsec_")]
)
def test_a_secret_that_is_none_is_an_error_of_the_plan(monkeypatch: pytest.MonkeyPatch, value: str | None, words: str) -> None:
    monkeypatch.delenv("HOOK_SECRET", raising=False)
    if value is not None:
        monkeypatch.setenv("HOOK_SECRET", value)
    with pytest.raises(InputError) as refused:
        secret(Webhook(url="https://h/x", secret_env="HOOK_SECRET"), "gate.yaml:9")
    assert words in str(refused.value)
    assert "gate.yaml:9" in str(refused.value)
    assert "!!!" not in str(refused.value)


def test_a_secret_without_a_prefix_is_its_own_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", "plain words")
    assert secret(Webhook(url="https://h/x", secret_env="HOOK_SECRET"), "") == b"plain words"
