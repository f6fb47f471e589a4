"""The rubric judge against a real server: what it asks, how replies become values, and what becomes of every failure."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from judge_server import Script, asked, serve_judge

from ragguard.judges.build import seat
from ragguard.judges.protocols import Context
from ragguard.plan.judges import RubricJudge
from ragguard.records.judgement import Asked, Verdict
from ragguard.records.metric import Metric

METRIC = Metric.parse("rubric:judge")
ANSWERS = [Asked(f"q{i}", f"Question {i}?", f"answer {i}", (f"context {i}",), f"gold {i}", (f"need {i}",)) for i in range(6)]
PROMPT = """\
{{ question }} | {{ answer }}
{% for context in contexts %}
[{{ loop.index }}] {{ context }}
{% endfor %}
{% if reference %}
Gold: {{ reference }} with {{ required | join(", ") }}
{% endif %}
"""
KEY = "sk-very-secret-key"
NUMBER = {"type": "integer", "minimum": 1, "maximum": 5}
BOOLEAN = {"type": "boolean"}
ENUM = {"enum": ["bad", "fair", "good"]}
PREFERENCE = {"enum": ["A", "B", "tie"]}


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("JUDGE_KEY", KEY)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., tuple[Any, Script]]]:
    """A judge on a scripted server: ``make(reply, score=..., failures={}, **keys of the plan)``."""
    open_ = []

    def made(reply: Any, score: Any = NUMBER, failures: Any = None, prompt: str = PROMPT, **more: Any) -> tuple[Any, Script]:
        script = Script(reply if callable(reply) else lambda _: reply, failures or {})
        serving = serve_judge(script)
        open_.append(serving)
        url = serving.__enter__().url
        schema = {"type": "object", "properties": {"score": score, "reason": {"type": "string"}}, "required": ["score"]}
        (tmp_path / "schema.json").write_text(json.dumps(schema))
        given = {"timeout": 0.5, "retries": 0, "api_key_env": "JUDGE_KEY", **more}
        plan = RubricJudge(type="rubric", base_url=f"{url}/v1", model="m", prompt=prompt, schema="schema.json", **given)
        return seat("judge", plan, Context(tmp_path)), script

    yield made
    for serving in open_:
        serving.__exit__(None, None, None)


def verdicts(made: Any, answers: Any = ANSWERS, turn: int = 0) -> list[Verdict]:
    return list(made.judge.judge(METRIC, answers, turn))


def test_what_is_asked(make) -> None:
    made, script = make({"score": 4, "reason": "because"}, system="Judge strictly.", seed=7, temperature=0.5, body={"top_k": 1})
    found = verdicts(made, turn=2)
    assert {(each.value, each.reason, each.error) for each in found} == {(0.75, "because", "")}
    assert [each.tokens for each in found] == [len(asked(body).split()) + 4 for body in sorted(script.requests, key=asked)]
    (body,) = [body for body in script.requests if "Question 3?" in asked(body)]
    assert body["messages"] == [
        {"role": "system", "content": "Judge strictly."},
        {"role": "user", "content": "Question 3? | answer 3\n[1] context 3\nGold: gold 3 with need 3"},
    ]
    assert (body["model"], body["seed"], body["temperature"], body["top_k"], body["max_tokens"]) == ("m", 9, 0.5, 1, 1024)
    assert body["response_format"]["type"] == "json_schema"
    assert body["response_format"]["json_schema"]["schema"]["properties"]["score"] == NUMBER
    assert "strict" not in body["response_format"]["json_schema"]
    assert made.judge.notes() == {"model": "m", "tokens_spent": sum(each.tokens for each in found)}


def test_the_key_is_sent_and_never_told(make) -> None:
    made, _ = make(lambda body: f"I was given {KEY}, and will not judge")
    assert {each.error for each in verdicts(made)} == {"not JSON: I was given ***, and will not judge"}


def test_the_wish_for_a_format_can_be_taken_back(make) -> None:
    made, script = make({"score": 1}, body={"response_format": None})
    verdicts(made)
    assert not any("response_format" in body for body in script.requests)


@pytest.mark.parametrize(
    ("score", "said", "value"),
    [
        *((NUMBER, {"score": n}, (n - 1) / 4) for n in range(1, 6)),
        ({"type": "number", "minimum": -1, "maximum": 1}, {"score": 0.5}, 0.75),
        (BOOLEAN, {"score": True}, 1.0),
        (BOOLEAN, {"score": False}, 0.0),
        *((ENUM, {"score": word}, value) for word, value in (("bad", 0.0), ("fair", 0.5), ("good", 1.0))),
        ({"enum": [0, 1, 2]}, {"score": 1}, 0.5),
        (NUMBER, '```json\n{"score": 3}\n```', 0.5),
        (NUMBER, 'Here it is:\n```\n{"score": 3}\n```\nThat is all.', 0.5),
        (NUMBER, '<think>is it {"score": 1}?</think>\n{"score": 5}', 1.0),
        (NUMBER, {"score": 2, "more": [1]}, 0.25),
    ],
)
def test_values(make, score, said, value) -> None:
    made, _ = make(said, score)
    assert [each.value for each in verdicts(made, ANSWERS[:1])] == [pytest.approx(value)]
    made, _ = make(said, score, lower_is_better=True)
    assert [each.value for each in verdicts(made, ANSWERS[:1])] == [pytest.approx(1 - value)]


@pytest.mark.parametrize(
    ("score", "said", "error"),
    [
        (NUMBER, '{"score": 3', 'not JSON: {"score": 3'),
        (NUMBER, "fine", "not JSON: fine"),
        (NUMBER, '```\n{"score": 3}\n``` or ```\n{"score": 4}\n```', "not JSON: ``` {"),
        (NUMBER, '{"score": NaN}', 'not JSON: {"score": NaN}'),
        (NUMBER, "[3]", "not an object: [3]"),
        (NUMBER, {"points": 3}, "no score: the reply has no 'score': "),
        (NUMBER, {"score": 0}, "out of range: score is 0, not from 1 to 5"),
        (NUMBER, {"score": 6}, "out of range: score is 6, not from 1 to 5"),
        (NUMBER, {"score": "4"}, "out of range: score is '4', not from 1 to 5"),
        (NUMBER, {"score": True}, "out of range: score is True, not from 1 to 5"),
        (NUMBER, {"score": 3.5}, "not as the schema says: score: 3.5 is not of type 'integer'"),
        (NUMBER, {"score": 3, "reason": 7}, "not as the schema says: reason: 7 is not of type 'string'"),
        (BOOLEAN, {"score": 1}, "out of range: score is 1, none of False, True"),
        (ENUM, {"score": "Good"}, "out of range: score is 'Good', none of 'bad', 'fair', 'good'"),
        (NUMBER, "", "empty: the reply has no text (finish_reason stop)"),
    ],
)
def test_replies_that_are_of_no_use(make, score, said, error) -> None:
    made, _ = make(said, score)
    (found,) = verdicts(made, ANSWERS[:1])
    assert found.value is None
    assert found.error.startswith(error)
    assert found.tokens > 0


def test_a_reply_without_an_end_is_no_verdict(make) -> None:
    made, _ = make({"score": 3}, failures={"cut_off": 1.0}, max_new_tokens=5)
    assert verdicts(made, ANSWERS[:1])[0].error == "cut off: the reply had no end after max_new_tokens: 5"


def test_which_judges_are_the_same(make, tmp_path) -> None:
    def print_of(**more: Any) -> str:
        return str(make({"score": 3}, **more)[0].judge.fingerprint)

    first = print_of()
    assert first == print_of(timeout=1, retries=2, concurrency=1, repeats=3, max_tokens_total=1000, api_key_env=None, headers={"X": "y"})
    changed = [
        {"prompt": PROMPT + "!"}, {"score": BOOLEAN}, {"system": "s"}, {"temperature": 1.0}, {"temperature": None}, {"seed": 1},
        {"max_new_tokens": 5}, {"body": {"top_k": 1}}, {"version": "2"}, {"lower_is_better": True}, {"reason": "why"},
    ]  # fmt: skip
    assert len({first, *(print_of(**more) for more in changed)}) == len(changed) + 1


def test_what_a_prompt_does_not_show_changes_no_verdict(make) -> None:
    assert make({}, prompt="{{ answer }}")[0].sees == {"answer"}
    assert make({}, prompt=PROMPT)[0].sees == {"question", "answer", "contexts", "reference", "required"}
    assert make({}, PREFERENCE, prompt="{{ question }} {{ answer_a }} {{ answer_b }}", pairwise=True)[0].sees == {
        "question", "answer", "against"
    }  # fmt: skip


def test_values_of_two_kinds_are_binary(make) -> None:
    scores = [BOOLEAN, {"enum": ["no", "yes"]}, ENUM, NUMBER]
    assert [make({}, score)[0].binary for score in scores] == [True, True, False, False]


PAIR = "{{ question }} A: {{ answer_a }} B: {{ answer_b }}"
PAIRS = [Asked(f"q{i}", f"Question {i}?", f"answer {i}", against=f"other {i}") for i in range(4)]


def prefers(body: dict[str, Any]) -> dict[str, Any]:
    """Of question 0 the answer, of 1 the other, of 2 whichever is A, of 3 none."""
    text = asked(body)
    first_is_it = "A: answer" in text
    number = int(text.split("?")[0].split()[-1])
    return {"score": [("B", "A")[first_is_it], ("A", "B")[first_is_it], "A", "tie"][number], "reason": f"r{number}{'ab'[first_is_it]}"}


def test_pairs_are_asked_in_both_orders(make) -> None:
    made, script = make(prefers, PREFERENCE, prompt=PAIR, pairwise=True)
    found = verdicts(made, PAIRS)
    assert [each.value for each in found] == [1.0, 0.0, 0.5, 0.5]
    assert [each.swayed for each in found] == ["", "", "first", ""]
    assert found[0].reason == "shown first: r0b; shown second: r0a"
    assert script.tries == 8
    assert made.judge.notes()["first_shown_won_twice"] == 0.25
    assert made.judge.notes()["second_shown_won_twice"] == 0.0


def test_equal_answers_are_a_tie_without_asking(make) -> None:
    made, script = make(prefers, PREFERENCE, prompt=PAIR, pairwise=True)
    found = verdicts(made, [Asked("q", "Question 0?", "same", against="same"), Asked("p", "Question 0?", "alone")])
    assert [found[0].value, found[1].error] == [0.5, "nothing to compare with: the other system gave no answer"]
    assert script.tries == 0


@pytest.mark.parametrize("lost", ["A: answer", "A: other"])
def test_half_a_pair_is_none(make, lost) -> None:
    made, _ = make(lambda body: "?" if lost in asked(body) else prefers(body), PREFERENCE, prompt=PAIR, pairwise=True)
    found = verdicts(made, PAIRS)
    assert {(each.value, each.error) for each in found} == {(None, "not JSON: ?")}
    assert sum(each.tokens for each in found) == made.judge.notes()["tokens_spent"]


@pytest.mark.parametrize("score", [BOOLEAN, ENUM, NUMBER, {"enum": ["A", "tie"]}, {"enum": ["A", "B", "C"]}])
def test_a_preference_is_between_two(make, score) -> None:
    with pytest.raises(Exception, match="is to prefer one of two answers"):
        make({}, score, prompt=PAIR, pairwise=True)


def test_an_enum_by_reference_is_followed(make, tmp_path) -> None:
    made, _ = make({"score": "fair"})
    schema = {"type": "object", "properties": {"score": {"$ref": "#/$defs/Level"}}, "$defs": {"Level": ENUM}}
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    plan = made.plan
    again = seat("judge", plan, Context(tmp_path))
    assert verdicts(again, ANSWERS[:1])[0].value == 0.5


def test_a_strict_schema_is_asked_for_strictly(make, tmp_path) -> None:
    made, script = make({"score": 3})
    schema = {"type": "object", "properties": {"score": NUMBER}, "required": ["score"], "additionalProperties": False}
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    verdicts(seat("judge", made.plan, Context(tmp_path)), ANSWERS[:1])
    assert script.requests[-1]["response_format"]["json_schema"]["strict"] is True


def test_no_more_is_spent_than_the_plan_allows(make) -> None:
    many = [Asked(f"q{i}", f"Question {i}?", "word " * 20) for i in range(30)]
    made, script = make({"score": 3}, max_tokens_total=500, max_new_tokens=20, concurrency=4)
    found = verdicts(made, many)
    paid = [each for each in found if each.value is not None]
    assert 0 < len(paid) == script.tries < 30
    assert made.judge.notes()["tokens_spent"] == sum(each.tokens for each in found) <= 500
    assert {each.error.partition(": ")[0] for each in found if each.error} == {"over budget"}


def test_as_many_at_a_time_as_the_plan_says(make) -> None:
    meet = threading.Barrier(3, timeout=10)

    def together(body: dict[str, Any]) -> dict[str, Any]:
        meet.wait()  # breaks unless three are there at once
        return {"score": 3}

    made, script = make(together, concurrency=3, timeout=20)
    assert [each.error for each in verdicts(made, ANSWERS)] == [""] * 6
    assert script.served.most == 3


def test_a_request_that_does_not_fit_is_told_how_to_mend_it(make) -> None:
    made, script = make({"score": 3}, failures={"unauthorised": 1.0})
    script._unauthorised = lambda request, body: request.answer({"error": {"message": "no such format"}}, 400)  # type: ignore[method-assign]
    (found,) = verdicts(made, ANSWERS[:1])
    assert found.error.startswith("request not taken: ")
    assert found.error.endswith("no such format; where the server knows no response_format, take it out by body: {response_format: null}")
