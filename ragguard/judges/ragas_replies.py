"""What ragas does not look at in a judge's replies, and what would become a score all the same."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ragguard.records.judgement import Asked

_BINARY = ("verdict", "attributed", "noncommittal")
_RATINGS = {"AnswerAccuracyOutput": (0, 2, 4), "ContextRelevanceOutput": (0, 1, 2), "ResponseGroundednessOutput": (0, 1, 2)}
_SCORES = range(1, 6)

Reply = Mapping[str, Any]


def given(prompt: str) -> dict[str, Any]:
    """What a prompt of ragas' asks about: the JSON behind its last ``input:``; empty where there is none."""
    _, found, rest = prompt.rpartition("\ninput: ")
    try:
        value = json.JSONDecoder().raw_decode(rest)[0] if found else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def wrong(kind: str, reply: Reply, about: Reply) -> str:
    """Why a reply of the right form is no answer to what was asked, its kind first; empty: it is one.

    ``kind`` is the name of ragas' model of it, ``about`` what was asked. Ragas takes a verdict of 7 for true, and counts the verdicts
    that come, not those that it asked for.
    """
    for key, value in _leaves(reply):
        if key in _BINARY and value not in (0, 1):
            return f"out of range: {key} is {value}, neither 0 nor 1"
        if key == "rating" and value not in _RATINGS.get(kind, (value,)):
            return f"out of range: rating is {value}, none of {', '.join(map(str, _RATINGS[kind]))}"
        if key == "score" and value not in _SCORES:
            return f"out of range: score is {value}, not from 1 to 5"
        if key == "answers" and value not in ("0", "1"):
            return f"out of range: an answer is {value!r}, neither 0 nor 1"
    if reply.get("question") == "" and reply.get("noncommittal") == 0:
        return "empty: the question has no text"
    return _uncounted(reply, about)


def _uncounted(reply: Reply, about: Reply) -> str:
    """Whether there is one verdict for each thing that was asked about."""
    verdicts, asked = reply.get("statements"), about.get("statements")
    if isinstance(verdicts, list) and isinstance(asked, list) and len(verdicts) != len(asked):
        return f"verdicts missing: {len(verdicts)} on {len(asked)} statements"
    answers, questions = reply.get("answers"), about.get("questions")
    if isinstance(answers, list) and isinstance(questions, list) and len(answers) != len(questions):
        return f"verdicts missing: {len(answers)} on {len(questions)} questions"
    classes = [reply.get(key) for key in ("TP", "FP", "FN")]
    return "verdicts missing: no statement was put into a class" if classes == [[], [], []] else ""


def void(reply: Reply, about: Reply, asked: Asked) -> str:
    """Why nothing can be scored after a reply, though it may be true; empty: something can.

    Of no statement at all, ragas makes 1 (AnswerCorrectness), NaN (Faithfulness), or an exception (NoiseSensitivity); of a gold
    answer without a claim or an entity, 0. An answer without a claim is left to it: of the gold answer's claims, it has none.
    """
    of = next((str(about[key]) for key in ("answer", "text", "response") if key in about), "")
    gold = bool(asked.reference.strip()) and of == asked.reference
    what = "gold answer" if gold else "answer"
    if reply.get("statements") == [] and "statements" not in about:
        return f"nothing to score: the judge found no statement in the {what}"
    for key, one in (("claims", "claim"), ("entities", "entity")):
        if reply.get(key) == [] and gold:
            return f"nothing to score: the judge found no {one} in the {what}"
    for key in ("keyphrases", "questions"):
        if reply.get(key) == []:
            return f"nothing to score: the judge found no {key} in the contexts"
    return ""


def words(reply: Reply) -> Iterator[str]:
    """What a judge says of what it held against an answer, and its feedback."""
    for item in [*reply.get("statements", ()), *reply.get("classifications", ())]:
        if isinstance(item, Mapping) and not item.get("verdict", item.get("attributed")):
            yield f"{item['statement']} - {item['reason']}"
    for key in ("FP", "FN"):
        for item in reply.get(key, ()):
            yield f"{key}: {item['statement']} - {item['reason']}"
    if reply.get("verdict") == 0:
        yield str(reply.get("reason", ""))


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """The scalars of a JSON value, with the key that they or their list stand under."""
    if isinstance(value, Mapping):
        for name, child in value.items():
            yield from _leaves(child, name)
    elif isinstance(value, list):
        for child in value:
            yield from _leaves(child, key)
    else:
        yield key, value
