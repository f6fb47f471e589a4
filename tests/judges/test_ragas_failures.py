"""Whatever a judge's server does wrong is a verdict with its reason: never an exception, never a number."""

import socket
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from judge_server import Script, serve_judge, share
from numpy.typing import NDArray
from ragas_server import about, prompt_of, truthful, wanted
from servers import Request, serve

from ragguard.errors import CannotJudge
from ragguard.judges.breaker import FEW, MANY
from ragguard.judges.protocols import Context
from ragguard.judges.ragas import Embed, RagasJudgeRunner
from ragguard.plan.judges import RagasJudge
from ragguard.records.judgement import Asked, Verdict
from ragguard.records.metric import Metric

pytest.importorskip("ragas", reason="needs the extra judge")

FAITHFULNESS = Metric.parse("ragas:Faithfulness")
ONE = Asked("one", "How long?", "It is 30 days. It costs 5 euros.", ("It is 30 days.",), "It is 30 days.")


def many(n: int) -> list[Asked]:
    texts = [f"It is {100 + i} days." for i in range(n)]
    return [Asked(f"c{i}", "How long?", f"{text} It costs 5 euros.", (text,), text) for i, text in enumerate(texts)]


def flat(texts: Sequence[str]) -> NDArray[np.float64]:
    return np.ones((len(texts), 3))


def judge(url: str, embed: Embed | None = flat, **plan: Any) -> RagasJudgeRunner:
    settings = RagasJudge(type="ragas", base_url=f"{url}/v1", model="m", **{"retries": 0, "timeout": 20} | plan)
    return RagasJudgeRunner("gpt", settings, Context(Path.cwd()), embed)


def ask(script: Script, metric: str = "Faithfulness", asked: Sequence[Asked] = (ONE,), **plan: Any) -> list[Verdict]:
    with serve_judge(script) as served:
        return judge(served.url, **plan).judge(Metric.parse(f"ragas:{metric}"), asked, 0)


SAID = {
    "malformed": 'not JSON: {"statements": ["It is 30 d',
    "prose": "not JSON: I would say that this answer is rather good, all things considered.",
    "empty": "empty: the reply has no text (finish_reason stop)",
    "out_of_range": "out of range: verdict is 99, neither 0 nor 1",
    "refusal": "refusal: I cannot judge this.",
    "content_filter": "content filter: the server's stopped the reply",
    "rate_limit": "rate limit: HOST answers 429: too many requests",
    "hang": "timed out: HOST did not answer within 0.3 s",
    "drop": "broken off: the response broke off after 51 bytes",
    "error": "server error: HOST answers 500: the model ran out of memory",
    "no_choices": 'broken off: the response has no choices: {"object": "chat.completion", "warning": "nothing to say"}',
    "unauthorised": "refused by the server: HOST answers 401: this key is not known",
}  # fmt: skip


@pytest.mark.parametrize("kind", SAID)
def test_every_failure_has_its_words(kind: str) -> None:
    with serve_judge(Script(truthful, {kind: 1.0})) as served:
        verdict = judge(served.url, timeout=0.3 if kind == "hang" else 20).judge(FAITHFULNESS, [ONE], 0)[0]
    assert verdict.value is None
    assert verdict.error == SAID[kind].replace("HOST", served.url.removeprefix("http://"))
    assert verdict.kind == SAID[kind].partition(":")[0]


@pytest.mark.parametrize("kind", ["rate_limit", "hang", "drop", "error"])
def test_what_may_pass_is_tried_again(kind: str) -> None:
    script = Script(truthful, {kind: 1.0}, heals=1)
    assert ask(script, retries=1, timeout=2 if kind == "hang" else 20)[0].value == 0.5
    assert script.tries == 4


def test_how_often_it_was_tried_is_said() -> None:
    assert ask(Script(truthful, {"error": 1.0}), retries=2)[0].error.endswith("the model ran out of memory (3 tries)")


@pytest.mark.parametrize("retries", [0, 1])
def test_a_server_that_closes_the_connection_or_drips_is_no_exception(retries: int) -> None:
    def drip(request: Request) -> None:
        request.stream([{"x": 1}] * 30, wait=0.2)

    with serve(lambda request: request.hang_up()) as gone, serve(drip) as slow:
        closed = judge(gone.url, retries=retries).judge(FAITHFULNESS, [ONE], 0)[0].error
        slowly = judge(slow.url, retries=retries, timeout=1).judge(FAITHFULNESS, [ONE], 0)[0].error
    tries = " (2 tries)" if retries else ""
    assert closed == f"broken off: {gone.url.removeprefix('http://')} closed the connection without an answer{tries}"
    assert slowly == f"timed out: the response was not finished within 1 s{tries}"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"<html>Bad gateway</html>", "broken off: the response is not JSON: <html>Bad gateway</html>"),
        (b"", "broken off: the response is not JSON: "),
        (b"[]", "broken off: the response has no choices: []"),
        ({"choices": []}, 'broken off: the response has no choices: {"choices": []}'),
        ({"choices": [{"finish_reason": "stop"}]}, "empty: the reply has no text (finish_reason stop)"),
        (
            {"choices": [{"message": {"content": '{"statements": "none"}'}}]},
            "not as the schema says: statements: Input should be a valid array",
        ),
        ({"choices": [{"message": {"content": '{"sentences": []}'}}]}, "not as the schema says: statements: Field required"),
        (
            {"choices": [{"message": {"content": '{"statements": ["It'}, "finish_reason": "length"}]},
            "cut off: the reply had no end after max_new_tokens: 1024",
        ),
    ],
)
def test_responses_that_no_server_should_send(body: Any, error: str) -> None:
    with serve(lambda request: request.answer(body)) as served:
        assert judge(served.url).judge(FAITHFULNESS, [ONE], 0)[0].error == error


def test_a_redirect_is_not_followed() -> None:
    with serve(lambda request: request.answer({}, 307, Location="https://elsewhere.example/v1")) as served:
        error = judge(served.url).judge(FAITHFULNESS, [ONE], 0)[0].error
    assert error.endswith("answers 307: {} (it redirects to https://elsewhere.example/v1; write that address)")


def spoil(kind: set[str], say: Callable[[Mapping[str, Any]], Any]) -> Script:
    """A judge that is truthful but for one kind of reply."""

    def reply(request: Mapping[str, Any]) -> Any:
        prompt = prompt_of(request)
        return say(about(prompt)) if wanted(prompt) == kind else truthful(request)

    return Script(reply)


STATEMENTS = {"statements"}


def no_statements(on: Mapping[str, Any]) -> Any:
    return {"statements": []}


def too_few_verdicts(on: Mapping[str, Any]) -> Any:
    said = on.get("statements", ["It is 30 days.", "It costs 5 euros."])
    return {"statements": [{"statement": said[0], "reason": "", "verdict": 1}] if "statements" in on else said}


@pytest.mark.parametrize(
    ("metric", "kind", "say", "error"),
    [
        ("Faithfulness", STATEMENTS, no_statements, "nothing to score: the judge found no statement in the answer"),
        ("NoiseSensitivity", STATEMENTS, no_statements, "nothing to score: the judge found no statement in the gold answer"),
        ("AnswerCorrectness", STATEMENTS, no_statements, "nothing to score: the judge found no statement in the answer"),
        ("Faithfulness", STATEMENTS, too_few_verdicts, "verdicts missing: 1 on 2 statements"),
        ("NoiseSensitivity", STATEMENTS, too_few_verdicts, "verdicts missing: 1 on 2 statements"),
        ("FactualCorrectness", STATEMENTS, too_few_verdicts, "verdicts missing: 1 on 2 statements"),
        (
            "AnswerCorrectness",
            {"TP", "FP", "FN"},
            lambda on: {"TP": [], "FP": [], "FN": []},
            "verdicts missing: no statement was put into a class",
        ),
        (
            "FactualCorrectness",
            {"claims"},
            lambda on: {"claims": [] if on["response"] == ONE.reference else ["30"]},
            "nothing to score: the judge found no claim in the gold answer",
        ),
        ("ContextEntityRecall", {"entities"}, lambda on: {"entities": []},
         "nothing to score: the judge found no entity in the gold answer"),
        ("SummaryScore", {"keyphrases"}, lambda on: {"keyphrases": []}, "nothing to score: the judge found no keyphrases in the contexts"),
        ("SummaryScore", {"answers"}, lambda on: {"answers": []}, "verdicts missing: 0 on 1 questions"),
        ("SummaryScore", {"answers"}, lambda on: {"answers": ["yes"]}, "out of range: an answer is 'yes', neither 0 nor 1"),
        ("AnswerRelevancy", {"question", "noncommittal"}, lambda on: {"question": "", "noncommittal": 0},
         "empty: the question has no text"),
        ("AnswerAccuracy", {"rating"}, lambda on: {"rating": 3}, "out of range: rating is 3, none of 0, 2, 4"),
        ("ContextRelevance", {"rating"}, lambda on: {"rating": 4}, "out of range: rating is 4, none of 0, 1, 2"),
        ("ResponseGroundedness", {"rating"}, lambda on: {"rating": -1}, "out of range: rating is -1, none of 0, 1, 2"),
        ("RubricsScoreWithoutReference", {"feedback", "score"}, lambda on: {"feedback": "", "score": 0},
         "out of range: score is 0, not from 1 to 5"),
        ("ContextPrecision", {"reason", "verdict"}, lambda on: {"reason": "", "verdict": 2}, "out of range: verdict is 2, neither 0 nor 1"),
        ("ContextRecall", {"classifications"}, lambda on: {"classifications": []}, "nothing to score: ragas gave no number"),
    ],
)  # fmt: skip
def test_replies_that_ragas_would_make_a_score_of(metric: str, kind: set[str], say: Callable[[Mapping[str, Any]], Any], error: str) -> None:
    assert ask(spoil(kind, say), metric)[0].error == error


def test_an_answer_without_a_claim_has_none_of_the_gold_answers() -> None:
    script = spoil({"claims"}, lambda on: {"claims": [] if on["response"] == ONE.answer else ["It is 30 days."]})
    assert ask(script, "FactualCorrectness")[0] == Verdict(0.0, tokens=ask(script, "FactualCorrectness")[0].tokens)


def test_half_of_two_opinions_is_no_score() -> None:
    """Ragas would give the other half: with a judge that fails at hard answers, only the easy ones would count."""
    script = spoil({"rating"}, lambda on: {"rating": 4 if on["user_answer"] == ONE.answer else 9})
    assert ask(script, "AnswerAccuracy")[0].kind == "out of range"
    assert script.tries == 3  # the second was asked twice, and no more


def test_a_reply_of_no_use_is_asked_for_once_more_with_what_is_wrong() -> None:
    def reply(request: Mapping[str, Any]) -> Any:
        return "{" if len(request["messages"]) == 2 else truthful(request)

    script = Script(reply)
    assert ask(script)[0].value == 0.5
    assert script.tries == 4
    assert "Invalid JSON" in script.requests[1]["messages"][-1]["content"]


def test_a_server_that_refuses_is_not_asked_on() -> None:
    script = Script(truthful, {"unauthorised": 1.0})
    with serve_judge(script) as served:
        of = judge(served.url, concurrency=1, retries=3)
        found = [*of.judge(FAITHFULNESS, many(20), 0), *of.judge(FAITHFULNESS, many(20), 1)]
    assert script.tries == FEW
    refused = f"refused by the server: {served.url.removeprefix('http://')} answers 401: this key is not known"
    assert [verdict.error for verdict in found[:FEW]] == [refused] * FEW
    assert {verdict.kind for verdict in found[FEW:]} == {"given up"}
    assert found[-1].error.startswith(f"given up: the last {FEW} requests failed: ")
    assert found[-1].error.endswith("answers 401: this key is not known")


def test_a_server_that_is_not_there_is_not_asked_on() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    found = judge(url, concurrency=4).judge(FAITHFULNESS, many(50), 0)
    assert {verdict.kind for verdict in found} == {"no server", "given up"}
    assert found[0].error.startswith(f"no server: {url.removeprefix('http://')} cannot be reached: ")


@pytest.mark.parametrize("kind", ["error", "drop", "rate_limit"])
def test_a_server_that_fails_at_everything_is_not_asked_on(kind: str) -> None:
    script = Script(truthful, {kind: 1.0})
    found = ask(script, asked=many(60), concurrency=4)
    assert MANY <= script.tries < MANY + 4
    assert Counter(verdict.kind for verdict in found) == {SAID[kind].partition(":")[0]: script.tries, "given up": 60 - script.tries}


def test_a_server_that_dies_leaves_what_it_said() -> None:
    script = Script(truthful, dies_after=20)
    found = ask(script, asked=many(40), concurrency=1)
    assert [verdict.value for verdict in found[:10]] == [0.5] * 10
    assert {verdict.kind for verdict in found[10 : 10 + MANY]} == {"broken off"}
    assert {verdict.kind for verdict in found[10 + MANY :]} == {"given up"}
    assert script.tries == 20 + MANY


@pytest.mark.slow
def test_with_every_failure_at_once_nothing_is_lost() -> None:
    """What the server did to each answer, by a hash of its requests, is what its verdict says."""
    kinds = {kind: 0.05 for kind in SAID if kind != "unauthorised"}
    script, asked = Script(truthful, kinds, salt="5", hang=40), many(120)
    found = ask(script, asked=asked, concurrency=8, timeout=20)
    failed: dict[str, str] = {}
    for body in script.requests:
        on = about(prompt_of(body))
        case = next(each.case for each in asked if each.answer == on.get("answer") or each.contexts[0] == on.get("context"))
        kind = script.kind(body)
        if kind == "" or (kind == "out_of_range" and "statements" not in on):  # a text has no number to spoil
            failed.pop(case, None)  # if it was asked a second time, it was well
        else:
            failed[case] = SAID[kind].partition(":")[0]
    assert {each.case: verdict.kind for each, verdict in zip(asked, found, strict=True) if verdict.error} == failed
    assert {verdict.value for verdict in found} == {0.5, None}
    assert set(failed.values()) == {SAID[kind].partition(":")[0] for kind in kinds}


def test_the_budget_is_kept() -> None:
    script = Script(truthful)
    with serve_judge(script) as served:
        of = judge(served.url, max_tokens_total=20_000, concurrency=4)
        found = of.judge(FAITHFULNESS, many(60), 0)
        spent = of.notes()["tokens_spent"]
        later = of.judge(FAITHFULNESS, [ONE], 1)[0]
    assert isinstance(spent, int)
    assert sum(verdict.tokens for verdict in found) == spent <= 20_000
    over = [verdict.error for verdict in found if verdict.error]
    assert 0 < len(over) < 60
    assert all(error.startswith("over budget: ") and "max_tokens_total: 20000" in error for error in over)
    assert later.kind == "over budget"


def test_tokens_that_the_server_does_not_count_are_estimated() -> None:
    body = {"choices": [{"message": {"content": '{"statements": ["It is 30 days."]}'}, "finish_reason": "stop"}]}
    with serve(lambda request: request.answer(body)) as served:
        of = judge(served.url)
        verdict = of.judge(FAITHFULNESS, [ONE], 0)[0]
    assert verdict.tokens == of.notes()["tokens_spent"]
    assert verdict.tokens > 1500  # three requests of 2,000 characters and more


@pytest.mark.parametrize(
    ("metric", "asked", "error"),
    [
        ("Faithfulness", Asked("c", "Q?", " ", ("text",)), "nothing to judge: the answer is empty"),
        ("Faithfulness", Asked("c", "", "A.", ("text",)), "nothing to judge: there is no question"),
        ("Faithfulness", Asked("c", "Q?", "A.", ()), "nothing to judge by: there are no contexts"),
        ("Faithfulness", Asked("c", "Q?", "A.", ("", " ")), "nothing to judge by: there are no contexts"),
        ("FactualCorrectness", Asked("c", "Q?", "A.", ("text",)), "nothing to judge by: there is no gold answer"),
        ("SemanticSimilarity", Asked("c", "Q?", "", (), "gold"), "nothing to judge: the answer is empty"),
    ],
)
def test_what_cannot_be_judged_is_not_asked(metric: str, asked: Asked, error: str) -> None:
    script = Script(truthful)
    assert ask(script, metric, [asked]) == [Verdict(error=error)]
    assert script.tries == 0


def test_an_encoder_that_fails_is_no_exception() -> None:
    def broken(texts: Sequence[str]) -> NDArray[np.float64]:
        raise CannotJudge("out of memory")

    def broken_later(texts: Sequence[str]) -> NDArray[np.float64]:
        return broken(texts) if any("said" in text for text in texts) else flat(texts)

    with serve_judge(Script(truthful)) as served:
        for embed in (broken, broken_later):
            found = judge(served.url, embed).judge(Metric.parse("ragas:AnswerRelevancy"), many(2), 0)
            assert [verdict.error for verdict in found] == ["no embeddings: out of memory"] * 2


def test_failures_leave_no_words_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    ask(Script(truthful, {"malformed": 1.0}))
    ask(Script(truthful, {"error": 1.0}))
    assert capfd.readouterr() == ("", "")


def test_no_failure_says_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server repeats all that it was sent, in every place that a message is made of."""
    monkeypatch.setenv("JUDGE_KEY", "sk-very-secret")
    seen: list[str] = []

    def repeat(request: Request) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        told = f"{headers['authorization']} {headers['x-team']}"
        seen.append(told)
        kind = int(share(request.body) * 5)
        text = {"choices": [{"message": {"content": f"{{{told}"}, "finish_reason": "stop"}]}
        request.answer(*[(told.encode(),), ({"error": told}, 401), ({"error": told}, 500), (text,), ({"told": told},)][kind])

    with serve(repeat) as served:
        of = judge(served.url, api_key_env="JUDGE_KEY", headers={"X-Team": "team-secret"})
        found = of.judge(FAITHFULNESS, many(40), 0)
    assert set(seen) == {"Bearer sk-very-secret team-secret"}
    assert {verdict.kind for verdict in found} == {"broken off", "refused by the server", "server error", "not JSON", "given up"}
    assert all("***" in verdict.error and "secret" not in verdict.error for verdict in found)
