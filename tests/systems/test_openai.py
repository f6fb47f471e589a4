"""An OpenAI-compatible endpoint, with a real server on loopback that does everything that servers do."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import servers

from ragguard.errors import CannotJudge, InputError
from ragguard.plan.generators import OpenAIGenerator as OpenAIPlan
from ragguard.records.collection import Document
from ragguard.systems import factory
from ragguard.systems.openai_chat import OpenAIGenerator
from ragguard.systems.protocols import Asked

KEY = "sk-very-secret-key"
QUESTIONS = [Asked(f"q{i}", f"Question {i}?", (Document("keys", "At most 5."), Document("hooks", "72 hours."))) for i in range(6)]


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("SERVER_KEY", KEY)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., OpenAIGenerator]:
    def made(url: str, **more: Any) -> OpenAIGenerator:
        given = {"api_key_env": "SERVER_KEY", "timeout": 5, "retries": 1, "stream": False, **more}
        generator = factory.generator(OpenAIPlan(type="openai", base_url=f"{url}/v1", model="nano", **given), base=tmp_path)
        assert isinstance(generator, OpenAIGenerator)
        return generator

    return made


def reply(text: Any, finish: str = "stop", **more: Any) -> dict[str, Any]:
    usage = {"prompt_tokens": 50, "completion_tokens": 7}
    return {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": finish}], "usage": usage, **more}


def question(request: servers.Request) -> str:
    return str(request.body["messages"][-1]["content"]).split("Question: ")[1].split("\n")[0]


def piece(text: str, finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text}, "finish_reason": finish}]}


def test_answers_come_back_in_order_with_citations_and_tokens(make) -> None:
    with servers.serve(lambda request: request.answer(reply(f"{question(request)} yes [2]"))) as served:
        generator = make(served.url)
        said = generator.answer(QUESTIONS)
    assert [each.answer.text for each in said] == [f"Question {i}? yes [2]" for i in range(6)]
    assert {each.answer.citations for each in said} == {("hooks",)}
    assert {(each.answer.prompt_tokens, each.answer.tokens) for each in said} == {(50, 7)}
    assert all(each.seconds > 0 for each in said)
    (sent,) = [each for each in served.seen if "Question 3?" in str(each.body)]
    assert sent.path == "/v1/chat/completions"
    assert sent.headers["Authorization"] == f"Bearer {KEY}"
    assert sent.body.keys() == {"model", "messages", "max_tokens", "temperature"}
    assert (sent.body["model"], sent.body["temperature"], sent.body["max_tokens"]) == ("nano", 0.0, 128)
    assert generator.notes() == {"model": "nano", "tokens_spent": 6 * 57, "answers_unfinished": 0.0}


def test_the_plan_says_what_else_is_sent(make) -> None:
    with servers.serve(lambda request: request.answer(reply("yes"))) as served:
        more = {
            "body": {"max_tokens": None, "max_completion_tokens": 9},
            "temperature": None,
            "seed": 3,
        }
        make(served.url, api_key_env=None, headers={"api-key": "azure-key"}, system="Be short.", **more).answer(QUESTIONS[:1])
    (sent,) = served.seen
    assert sent.body.keys() == {"model", "messages", "max_completion_tokens", "seed"}
    assert sent.body["messages"][0] == {"role": "system", "content": "Be short."}
    assert sent.headers["api-key"] == "azure-key"
    assert "Authorization" not in sent.headers


def test_a_stream_is_put_together_and_its_first_token_timed(make) -> None:
    def behave(request: servers.Request) -> None:
        last = {"choices": [], "usage": {"prompt_tokens": 50, "completion_tokens": 3}}
        request.stream([piece(""), piece("fünf "), piece("keys "), piece("[1]", "stop"), last], wait=0.05)

    with servers.serve(behave) as served:
        generator = make(served.url, stream=True)
        (said,) = generator.answer(QUESTIONS[:1])
    assert said.answer.text == "fünf keys [1]"
    assert (said.answer.citations, said.answer.prompt_tokens, said.answer.tokens) == (("keys",), 50, 3)
    assert 0 < said.first_token < said.seconds
    assert served.seen[0].body["stream_options"] == {"include_usage": True}


def test_as_many_at_a_time_as_the_plan_says(make) -> None:
    gate = threading.Barrier(3)

    def behave(request: servers.Request) -> None:
        gate.wait(5)
        request.answer(reply("yes"))

    with servers.serve(behave) as served:
        said = make(served.url, concurrency=3).answer(QUESTIONS)
    assert [each.error for each in said] == [""] * 6
    assert served.most == 3


@pytest.mark.parametrize("status", [429, 503, 500])
def test_what_passes_is_tried_again(make, status) -> None:
    def behave(request: servers.Request) -> None:
        first = sum(each.body == request.body for each in served.seen) == 1
        request.answer({"error": {"message": "busy"}}, status, Retry_After="0") if first else request.answer(reply("yes"))

    with servers.serve(behave) as served:
        said = make(served.url, retries=2).answer(QUESTIONS[:2])
    assert [each.answer.text for each in said] == ["yes", "yes"]
    assert len(served.seen) == 4


@pytest.mark.parametrize("retries", [0, 1])
@pytest.mark.parametrize("stream", [False, True])
def test_a_server_that_hangs_up_after_an_error_without_saying_so_costs_no_try(make, stream, retries) -> None:
    spoilt = set()  # connections that the server is about to close, as uvicorn does

    def behave(request: servers.Request) -> None:
        tries = sum(each.body == request.body for each in served.seen)
        if request.handler in spoilt:
            request.hang_up()
        elif tries <= retries or question(request) == "Question 1?":
            spoilt.add(request.handler)
            request.answer({"error": "x" * 100_000}, 500)
        else:
            answer_in_kind(request)

    with servers.serve(behave) as served:
        said = make(served.url, retries=retries, stream=stream, concurrency=1).answer(QUESTIONS[:3])
    assert [each.answer is not None for each in said] == [True, False, True]
    assert "answers 500: xxx" in said[1].error
    assert len(served.seen) == 3 * (1 + retries)


def test_retry_after_is_kept(make) -> None:
    times: list[float] = []

    def behave(request: servers.Request) -> None:
        times.append(time.monotonic())
        request.answer({}, 429, Retry_After="1") if len(times) == 1 else request.answer(reply("yes"))

    with servers.serve(behave) as served:
        assert make(served.url).answer(QUESTIONS[:1])[0].answer.text == "yes"
    assert times[1] - times[0] >= 1


def cut_off(request: servers.Request) -> None:
    request.hang_up(b'{"choices": [')


def hang(request: servers.Request) -> None:
    time.sleep(1.5)


def dripping(request: servers.Request) -> None:
    request.stream([piece("and so on ") for _ in range(200)], wait=0.05)


BROKEN = {
    "500 for good": (lambda r: r.answer({"error": {"message": f"no GPU for {KEY}"}}, 500), "answers 500: no GPU for *** (2 tries)", {}),
    "429 for good": (lambda r: r.answer(b"slow down", 429), "answers 429: slow down (2 tries)", {}),
    "no answer": (hang, "did not answer within 0.3 s (2 tries)", {"timeout": 0.3}),
    "no JSON": (lambda r: r.answer(b"<html>it works</html>"), "the response is not JSON: <html>it works</html>", {}),
    "no choices": (lambda r: r.answer({"object": "list"}), 'the response has no choices: {"object": "list"}', {}),
    "an error in 200": (lambda r: r.answer({"error": "out of memory"}), "out of memory", {}),
    "empty": (lambda r: r.answer(reply("  ", "length")), "the answer is empty (finish_reason length)", {}),
    "null": (lambda r: r.answer(reply(None)), "the answer is empty (finish_reason stop)", {}),
    "filtered": (lambda r: r.answer(reply("I", "content_filter")), "the server's content filter stopped the answer", {}),
    "hung up at once": (lambda r: r.hang_up(), "closed the connection without an answer (2 tries)", {}),
    "hung up within": (cut_off, "the response broke off after 13 bytes", {}),
    "too long for it": (lambda r: r.answer({"message": f"{question(r)} is too long"}, 400), "answers 400: Question 0? is too long", {}),
    "a stream cut off": (lambda r: r.stream([piece("five "), piece("k")], done=False, whole=False), "broke off after", {"stream": True}),
    "a stream that just ends": (
        lambda r: r.stream([piece("five ")], done=False),
        "the stream broke off after 5 characters",
        {"stream": True},
    ),
    "an error in the stream": (lambda r: r.stream([piece("five "), {"error": "oom"}]), "oom", {"stream": True}),
    "a stream without end": (dripping, "the response was not finished within 0.5 s", {"stream": True, "timeout": 0.5}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_goes_wrong_with_a_question_is_its_error(make, name) -> None:
    behave, words, more = BROKEN[name]
    broken = lambda r: behave(r) if question(r) == "Question 0?" else answer_in_kind(r)  # noqa: E731
    with servers.serve(broken) as served:
        bad, *good = make(served.url, **more).answer(QUESTIONS[:3])
    assert words in bad.error
    assert bad.answer is None
    assert [each.answer.text for each in good] == ["yes", "yes"]
    assert KEY not in bad.error


def answer_in_kind(request: servers.Request) -> None:
    request.stream([piece("yes", "stop")]) if request.body.get("stream") else request.answer(reply("yes"))


@pytest.mark.parametrize(
    ("status", "content", "words"),
    [
        (401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}, r"answers 401: Incorrect API key provided: \*\*\*"),
        (404, {"error": {"message": "The model `nano` does not exist"}}, "answers 404: The model `nano` does not exist"),
        (403, b"forbidden", "answers 403: forbidden"),
        (307, b"", "it redirects to"),
        (400, {"error": {"message": "temperature is not supported"}}, "answers 400: temperature is not supported"),
    ],
)
def test_what_is_wrong_with_every_question_is_an_error_of_the_input(make, status, content, words) -> None:
    with servers.serve(lambda request: request.answer(content, status, Location="https://elsewhere/")) as served:
        with pytest.raises(InputError, match=words) as caught:
            make(served.url).answer(QUESTIONS)
        assert KEY not in str(caught.value)


def test_no_server_is_an_outage(make) -> None:
    with servers.serve(lambda request: None) as served:
        pass
    with pytest.raises(CannotJudge, match=r"127.0.0.1:\d+ cannot be reached \(2 tries\): .*refused"):
        make(served.url).answer(QUESTIONS)


def test_a_server_that_dies_on_the_way_is_the_error_of_what_it_did_not_answer(make) -> None:
    def behave(request: servers.Request) -> None:
        if len(served.seen) == 3:
            served.server.socket.close()  # nobody gets in any more
        request.answer(reply("yes"), Connection="close")

    with servers.serve(behave) as served:
        said = make(served.url, concurrency=1).answer(QUESTIONS)
    assert [bool(each.error) for each in said] == [False] * 3 + [True] * 3


def test_nothing_is_asked_beyond_the_cap(make) -> None:
    short = {"prompt": "{{ question }} {{ documents[0].text }}", "max_new_tokens": 20}
    with servers.serve(lambda request: request.answer(reply("yes"))) as served:
        generator = make(served.url, max_tokens_total=400, **short)
        said = generator.answer(QUESTIONS)
        more = generator.answer(QUESTIONS)
    spent = [each for each in (*said, *more) if each.answer]
    assert generator.notes()["tokens_spent"] == 57 * len(spent) == 57 * len(served.seen)
    assert 400 - (50 + 20) < 57 * len(spent) <= 400  # the server counts 50 for a prompt, and an answer may be 20
    assert "of max_tokens_total: 400 are spent" in more[-1].error


def test_tokens_that_no_server_counts_are_estimated(make) -> None:
    with servers.serve(lambda request: request.answer({**reply("yes"), "usage": None})) as served:
        generator = make(served.url, prompt="{{ question }} {{ documents[0].text }}")
        (said,) = generator.answer(QUESTIONS[:1])
    assert (said.answer.tokens, said.answer.prompt_tokens) == (0, 0)
    assert generator.notes()["tokens_spent"] == -(-len("Question 0? At most 5.") // 3) + 1
    assert generator.notes()["answers_with_estimated_tokens"] == 1


def test_what_broke_off_is_counted_as_spent(make) -> None:
    with servers.serve(cut_off) as served:
        generator = make(served.url, prompt="{{ question }} {{ documents[0].text }}", max_new_tokens=100)
        generator.answer(QUESTIONS[:1])
    assert generator.notes()["tokens_spent"] == 108


def test_a_proxy_of_the_environment_is_asked(make, monkeypatch) -> None:
    with servers.serve(lambda request: request.answer(reply("yes"))) as served:
        monkeypatch.setenv("http_proxy", served.url)
        said = make("http://model.example").answer(QUESTIONS[:1])
    assert said[0].answer.text == "yes"
    assert served.seen[0].path == "http://model.example/v1/chat/completions"


def test_a_key_that_is_not_there_is_said(make, monkeypatch) -> None:
    monkeypatch.delenv("SERVER_KEY")
    with pytest.raises(InputError, match="environment variable SERVER_KEY is not set"):
        make("http://127.0.0.1:9")


def test_fingerprints_are_of_what_changes_answers(make) -> None:
    same = [{}, {"concurrency": 9}, {"timeout": 1}, {"stream": True}, {"max_tokens_total": 9}, {"api_key_env": None}]
    other = [{"system": "x"}, {"temperature": 1}, {"seed": 1}, {"body": {"n": 1}}, {"version": "2"}, {"max_new_tokens": 9}]
    prints = [make("http://a", **more).fingerprint for more in (*same, *other)]
    assert len(set(prints[: len(same)])) == 1
    assert len({*prints, make("http://b").fingerprint}) == 2 + len(other)


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host/v1", "http://"])
def test_an_address_that_is_none(url) -> None:
    with pytest.raises(ValueError, match="is no address; write https://host/path"):
        OpenAIPlan(type="openai", base_url=url, model="x")
