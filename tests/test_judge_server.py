import json

import pytest
import urllib3
from judge_server import KINDS, Script, asked, serve_judge


def request(number: int) -> bytes:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": f"answer {number}"}]}).encode()


def outcome(pool: urllib3.PoolManager, url: str, number: int) -> str:
    """What a client sees of one request."""
    try:
        found = pool.request("POST", f"{url}/v1/chat/completions", body=request(number), timeout=0.3, retries=False)
    except urllib3.exceptions.ReadTimeoutError:
        return "hang"
    except urllib3.exceptions.ProtocolError as error:
        return "drop" if "IncompleteRead" in str(error) else "gone"
    if found.status != 200:
        return str(found.status)
    choices = found.json().get("choices")
    if not choices:
        return "no choices"
    message = choices[0]["message"]
    return message.get("refusal") or message["content"] or choices[0]["finish_reason"]


SEEN = {
    "malformed": '{"score": 1, "rea',
    "cut_off": '{"score": 1, "rea',
    "prose": "I would say that this answer is rather good, all things considered.",
    "empty": "stop",
    "out_of_range": '{"score": 99, "reason": "answer 0"}',
    "refusal": "I cannot judge this.",
    "content_filter": "content_filter",
    "rate_limit": "429",
    "hang": "hang",
    "drop": "drop",
    "error": "500",
    "no_choices": "no choices",
    "unauthorised": "401",
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_failure_is_what_it_is_called(kind: str) -> None:
    script = Script(lambda body: {"score": 1, "reason": asked(body)}, {kind: 1.0})
    with serve_judge(script) as served, urllib3.PoolManager() as pool:
        assert outcome(pool, served.url, 0) == SEEN[kind]
        script.failures = {}
        assert outcome(pool, served.url, 0) == '{"score": 1, "reason": "answer 0"}'


def test_which_requests_fail_hangs_on_the_request_alone() -> None:
    def run(order: range) -> dict[int, str]:
        script = Script(lambda body: "fine", {"error": 0.1, "rate_limit": 0.1}, salt="a")
        with serve_judge(script) as served, urllib3.PoolManager() as pool:
            seen = {number: outcome(pool, served.url, number) for number in order}
        assert script.counts == {"error": 6, "rate_limit": 9, "": 85}
        return seen

    assert run(range(100)) == run(range(99, -1, -1))


def test_it_heals_and_it_dies() -> None:
    script = Script(lambda body: "fine", {"error": 1.0}, heals=2, dies_after=3)
    with serve_judge(script) as served, urllib3.PoolManager() as pool:
        assert [outcome(pool, served.url, 0) for _ in range(4)] == ["500", "500", "fine", "gone"]
