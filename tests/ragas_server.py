"""What a truthful judge replies to ragas' own prompts, by rules so plain that scores can be worked out by hand.

A text's sentences are its statements. A statement is supported where all its numbers stand in the context, and so on: see ``replies``.
To be given to ``judge_server.Script``.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any


def numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+", text))


def sentences(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?<=\.)\s+", text) if part.strip()]


def supported(text: str, context: str) -> int:
    return int(numbers(text) <= numbers(context))


def prompt_of(request: Mapping[str, Any]) -> str:
    """Ragas' prompt, whatever instructor says before and after it."""
    return next(str(message["content"]) for message in request["messages"] if message["role"] == "user")


def about(prompt: str) -> dict[str, Any]:
    found = json.JSONDecoder().raw_decode(prompt.split("following input\ninput: ")[1])[0]
    assert isinstance(found, dict)
    return found


def wanted(prompt: str) -> frozenset[str]:
    """The properties of the schema that a prompt asks for."""
    schema = json.JSONDecoder().raw_decode(prompt.split("as specified in JSON Schema:\n")[1])[0]
    return frozenset(schema["properties"])


def _verdicts(on: dict[str, Any]) -> Any:
    said = [(each, supported(each, on["context"])) for each in on["statements"]]
    return {"statements": [{"statement": text, "reason": f"its numbers: {fine}", "verdict": fine} for text, fine in said]}


def _recalled(on: dict[str, Any]) -> Any:
    said = [(each, supported(each, on["context"])) for each in sentences(on["answer"])]
    return {"classifications": [{"statement": text, "reason": "its numbers", "attributed": fine} for text, fine in said]}


def _classified(on: dict[str, Any]) -> Any:
    def those(texts: list[str], others: list[str], fine: int) -> list[dict[str, str]]:
        return [{"statement": each, "reason": "its numbers"} for each in texts if supported(each, " ".join(others)) == fine]

    answer, truth = on["answer"], on["ground_truth"]
    return {"TP": those(answer, truth, 1), "FP": those(answer, truth, 0), "FN": those(truth, answer, 0)}


def _rating(on: dict[str, Any]) -> Any:
    if "user_answer" in on:
        mine, truth = numbers(on["user_answer"]), numbers(on["reference_answer"])
        return {"rating": 4 if mine == truth else 2 if mine & truth else 0}
    mine, truth = numbers(on.get("response", on.get("user_input", ""))), numbers(on["context"])
    return {"rating": 2 if mine <= truth else 1 if mine & truth else 0}


def _rubric(on: dict[str, Any]) -> Any:
    fine = supported(on["response"], " ".join(on["retrieved_contexts"]))
    return {"feedback": "all is in the contexts" if fine else "not all is in the contexts", "score": 5 if fine else 2}


_REPLIES: Mapping[frozenset[str], Callable[[dict[str, Any]], Any]] = {
    frozenset({"claims"}): lambda on: {"claims": sentences(on["response"])},
    frozenset({"question", "noncommittal"}): lambda on: {
        "question": f"What is said of {on['response']}",
        "noncommittal": int("do not say" in on["response"]),
    },
    frozenset({"classifications"}): _recalled,
    frozenset({"reason", "verdict"}): lambda on: {"reason": "its numbers", "verdict": supported(on["answer"], on["context"])},
    frozenset({"TP", "FP", "FN"}): _classified,
    frozenset({"rating"}): _rating,
    frozenset({"feedback", "score"}): _rubric,
    frozenset({"entities"}): lambda on: {"entities": sorted(numbers(on["text"]))},
    frozenset({"keyphrases"}): lambda on: {"keyphrases": sorted(numbers(on["text"]))},
    frozenset({"questions"}): lambda on: {"questions": [f"Is it {each}?" for each in on["keyphrases"]]},
    frozenset({"answers"}): lambda on: {"answers": [str(supported(each, on["summary"])) for each in on["questions"]]},
}


def truthful(request: Mapping[str, Any]) -> Any:
    """Reply to one of ragas' prompts."""
    prompt = prompt_of(request)
    if "You are a TRANSLATOR" in prompt:
        texts = json.JSONDecoder().raw_decode(prompt.split("Statements to translate:\n")[1])[0]
        return {"statements": [f"auf Deutsch: {each}" for each in texts]}
    on, kind = about(prompt), wanted(prompt)
    if kind == {"statements"}:
        return _verdicts(on) if "statements" in on else {"statements": sentences(on["answer"])}
    return _REPLIES[kind](on)
