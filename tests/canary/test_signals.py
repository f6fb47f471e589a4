"""Every signal against what a person reckons by hand, of one arm and of both."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from ragguard.canary import known
from ragguard.canary.signals import Noter, names
from ragguard.data.collection import Collection, load
from ragguard.data.events.read import of_values
from ragguard.errors import InputError
from ragguard.plan.canary import CanaryPlan, GuardrailPlan
from ragguard.records.event import Event, Noted
from ragguard.systems.citations import ABSTENTION

CORPUS = [
    {"_id": "keys-1", "title": "Keys", "text": "The old key works for 7 days.", "family": "keys", "version": "1", "status": "superseded"},
    {"_id": "keys-2", "title": "Keys", "text": "The old key works for 24 hours.", "family": "keys", "version": "2", "status": "current"},
    {"_id": "fees-1", "title": "Fees", "text": "A refund costs 25 cents.", "family": "fees", "version": "1", "status": "deprecated"},
    {"_id": "plain", "title": "Plain", "text": "Nothing has a version here."},
]
QUERIES = [
    {"_id": "now", "text": "How long does the old key work?", "asks": {"family": "keys", "mode": "current"}, "gold_answer": "24 hours"},
    {"_id": "then", "text": "How long in version 1?", "asks": {"family": "keys", "mode": "named", "versions": ["1"]}},
    {"_id": "never", "text": "Who founded it?", "answerable": False},
]
SIGNALS = [
    "VersionMismatch", "Refused", "Feedback", "Failed", "UnsupportedValue", "InventedCitation", "CitationPrecision", "nDCG@10", "RR@10",
    "Exceeds(of=Latency, over=2000)", "Exceeds(of=Latency, over=500, stage=retrieve)", "Exceeds(of=AnswerTokens, over=64)",
    "LongAnswer(over=3)",
    "Exceeds(of=PromptTokens, over=1000)", "ragas:Faithfulness", "ragas:NoiseSensitivity", "rubric:tone",
]  # fmt: skip


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    folder: Path = tmp_path_factory.mktemp("keys")
    (folder / "corpus.jsonl").write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in CORPUS))
    (folder / "queries.jsonl").write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in QUERIES))
    (folder / "qrels").mkdir()
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nnow\tkeys-2\t1\nthen\tkeys-1\t1\n")
    return load(folder)


@pytest.fixture(scope="module")
def noter(collection: Collection) -> Noter:
    return Noter("keys", rules(*SIGNALS), collection)


def rules(*signals: str, **more: Any) -> CanaryPlan:
    return CanaryPlan(guardrails=[GuardrailPlan(signal=each) for each in signals], **more)


def event(**told: Any) -> Event:
    return of_values({"id": "r", "arm": "candidate", "at": 1.0, "query": "How long does the old key work?"} | told, "e:1")


def values(noter: Noter, **told: Any) -> dict[str, float]:
    return dict(noter.note(event(**told)).values)


@pytest.mark.parametrize(
    ("told", "signal", "expected"),
    [
        ({"retrieved": ["keys-2", "keys-1"]}, "VersionMismatch", 1.0),
        ({"retrieved": ["keys-1", "keys-2"]}, "VersionMismatch", 0.0),
        ({"retrieved": ["keys-1", "keys-2"], "contexts": ["keys-2"]}, "VersionMismatch", 1.0),
        ({"retrieved": ["fees-1"]}, "VersionMismatch", 0.0),
        ({"retrieved": [{"id": "keys-2", "version": "v2"}]}, "VersionMismatch", 1.0),
        ({"retrieved": [{"id": "keys-2", "version": "1.9"}]}, "VersionMismatch", 0.0),
        ({"retrieved": ["plain"]}, "VersionMismatch", None),
        ({"retrieved": ["unheard-of"]}, "VersionMismatch", None),
        ({"retrieved": []}, "VersionMismatch", None),
        ({"retrieved": ["keys-1"], "case": "then"}, "VersionMismatch", 1.0),
        ({"retrieved": ["keys-2"], "case": "then"}, "VersionMismatch", 0.0),
        ({"retrieved": ["keys-2", "keys-1"], "answer": "Keys last a day [2].", "citations": ["keys-1"]}, "VersionMismatch", 0.0),
        ({"retrieved": ["keys-2", "keys-1"], "answer": "Keys last a day [2]."}, "VersionMismatch", 0.0),
        ({"retrieved": ["keys-1", "keys-2"], "answer": "Keys last a day."}, "VersionMismatch", 0.0),
        ({"retrieved": ["keys-1"], "answer": "The documents do not say.", "abstained": True}, "VersionMismatch", None),
        ({"retrieved": ["keys-1"], "case": "now"}, "VersionMismatch", 0.0),
        ({"retrieved": ["keys-1"], "error": "timeout"}, "VersionMismatch", None),
        ({"answer": "24 hours"}, "Refused", 1.0),
        ({"answer": ABSTENTION}, "Refused", 0.0),
        ({"answer": "24 hours", "abstained": True}, "Refused", 0.0),
        ({"answer": ABSTENTION, "abstained": False}, "Refused", 1.0),
        ({"answer": ABSTENTION, "case": "never"}, "Refused", None),
        ({}, "Refused", None),
        ({"feedback": "up"}, "Feedback", 1.0),
        ({"feedback": 0.25}, "Feedback", 0.25),
        ({}, "Feedback", None),
        ({"answer": "24 hours"}, "Failed", 1.0),
        ({"error": "timeout"}, "Failed", 0.0),
        ({"feedback": "up"}, "Failed", None),
        ({"answer": "24 hours or 99 days", "retrieved": ["keys-2"]}, "UnsupportedValue", 0.5),
        ({"answer": "24 hours", "retrieved": ["keys-2"]}, "UnsupportedValue", 1.0),
        ({"answer": "24 hours", "retrieved": ["keys-1"]}, "UnsupportedValue", 0.0),
        ({"answer": "24 hours", "retrieved": ["keys-1", "unheard-of"]}, "UnsupportedValue", None),
        ({"answer": "24 hours"}, "UnsupportedValue", 0.0),
        ({"answer": "Yes [1]", "retrieved": ["keys-2"]}, "InventedCitation", 1.0),
        ({"answer": "Yes [2]", "retrieved": ["keys-2"]}, "InventedCitation", 0.0),
        ({"answer": "Yes", "citations": ["keys-1"], "retrieved": ["keys-2"]}, "InventedCitation", 0.0),
        ({"answer": "Yes [1][2]", "retrieved": ["keys-2", "keys-1"], "case": "now"}, "CitationPrecision", 0.5),
        ({"answer": "Yes [1][2]", "retrieved": ["keys-2", "keys-1"]}, "CitationPrecision", None),
        ({"retrieved": ["keys-2"], "case": "now"}, "nDCG@10", 1.0),
        ({"retrieved": ["keys-1", "plain", "keys-2"], "case": "now"}, "nDCG@10", 0.5),
        ({"retrieved": [{"id": "keys-1", "score": 0.1}, {"id": "keys-2", "score": 0.9}], "case": "now"}, "RR@10", 0.5),
        ({"retrieved": ["keys-1", "keys-1", "keys-2"], "case": "now"}, "RR@10", 0.5),
        ({"retrieved": ["keys-2"]}, "nDCG@10", None),
        ({"answer": "x", "case": "now"}, "nDCG@10", 0.0),
        ({"latency": 2.0}, "Exceeds(of=Latency, over=2000)", 1.0),
        ({"latency": 2.001}, "Exceeds(of=Latency, over=2000)", 0.0),
        ({"seconds": {"retrieve": 1.5, "generate": 1, "first_token": 0.5}}, "Exceeds(of=Latency, over=2000)", 0.0),
        ({"seconds": {"retrieve": 1, "generate": 1, "first_token": 0.5}}, "Exceeds(of=Latency, over=2000)", 1.0),
        ({"latency": 30, "error": "timeout"}, "Exceeds(of=Latency, over=2000)", 0.0),
        ({"seconds": {"retrieve": 0.6}}, "Exceeds(of=Latency, over=500, stage=retrieve)", 0.0),
        ({"latency": 30}, "Exceeds(of=Latency, over=500, stage=retrieve)", None),
        ({"answer": "x", "tokens": 65}, "Exceeds(of=AnswerTokens, over=64)", 0.0),
        ({"answer": "x", "tokens": 64}, "Exceeds(of=AnswerTokens, over=64)", 1.0),
        ({"answer": "x"}, "Exceeds(of=AnswerTokens, over=64)", None),
        ({"answer": "x", "tokens": 4}, "LongAnswer(over=3)", 0.0),
        ({"answer": "x", "tokens": 3}, "LongAnswer(over=3)", 1.0),
        ({"answer": "x", "prompt_tokens": 1001}, "Exceeds(of=PromptTokens, over=1000)", 0.0),
        ({"scores": {"ragas:Faithfulness": 0.4}}, "ragas:Faithfulness", 0.4),
        ({"scores": {"ragas:NoiseSensitivity": 0.4}}, "ragas:NoiseSensitivity", 0.6),
        ({"scores": {"rubric:tone": 1}}, "rubric:tone", 1.0),
        ({"scores": {"UnsupportedValue": 0.2}, "answer": "1", "retrieved": ["unheard-of"]}, "UnsupportedValue", 0.8),
    ],
)  # fmt: skip
def test_a_signal_of_one_arm(noter: Noter, told: dict[str, Any], signal: str, expected: float | None) -> None:
    assert values(noter, **told).get(signal) == (None if expected is None else pytest.approx(expected))
    assert values(noter, **told, arm="baseline").get(signal) == (None if expected is None else pytest.approx(expected))


def test_of_both_arms_the_difference(noter: Noter) -> None:
    baseline = {"retrieved": ["keys-2"], "answer": "24 hours", "latency": 1, "feedback": 1, "scores": {"rubric:tone": 0.25}}
    candidate = {"retrieved": ["keys-1"], "answer": "24 hours or 7 days", "latency": 3, "scores": {"rubric:tone": 0.75}}
    both = event(arm="both", baseline=baseline, candidate=candidate)
    expected = {
        "VersionMismatch": -1.0, "Refused": 0.0, "Failed": 0.0, "UnsupportedValue": -0.5, "InventedCitation": 0.0,
        "Exceeds(of=Latency, over=2000)": -1.0, "rubric:tone": 0.5,
    }  # fmt: skip
    assert dict(noter.note(both).values) == pytest.approx(expected)


def test_what_is_noted_of_a_failure_is_the_candidates(noter: Noter) -> None:
    shadow = {
        "baseline": {"error": "x", "unsafe": True, "served": {"model": "old"}},
        "candidate": {"answer": "y", "served": {"model": "new"}},
    }
    noted = noter.note(event(arm="both", **shadow))
    assert (noted.side, noted.failed, noted.unsafe, noted.served) == ("both", False, False, {"model": "new"})
    assert dict(noted.values) == {"Failed": 1.0}
    own = noter.note(event(arm="baseline", error="x", unsafe=True, served={"model": "old"}))
    assert (own.side, own.failed, own.unsafe, own.served) == ("baseline", True, True, {"model": "old"})


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ({"case": "nw"}, "case 'nw' is no query of"),
        ({"scores": {"ragas:Faithfulness": 4}}, "ragas:Faithfulness is 4, and lies between 0 and 1"),
    ],
)
def test_what_contradicts_the_plan_is_refused(noter: Noter, told: dict[str, Any], what: str) -> None:
    with pytest.raises(InputError, match=what):
        noter.note(event(**told))


@pytest.mark.parametrize(
    ("unit", "told", "same"),
    [
        ("session", {"session": "s"}, True),
        ("session", {"user": "u"}, False),
        ("user", {"user": "u", "session": "s"}, True),
        ("request", {"user": "u", "session": "s"}, False),
    ],
)
def test_clusters(collection: Collection, unit: str, told: dict[str, Any], same: bool) -> None:
    noter = Noter("keys", rules("Failed", unit=unit), collection)
    one, two = noter.note(event(**told)), noter.note(event(**told, id="other"))
    assert (one.cluster == two.cluster) is same
    assert one.cluster == "r" or len(one.cluster) == 32
    assert Noter("keys", rules("Failed", unit=unit), collection).note(event(**told)).cluster == one.cluster


def test_persons_are_hashes_in_what_is_kept(noter: Noter) -> None:
    noted: Noted = noter.note(event(user="jane", session="s-1"))
    kept = orjson.loads(noted.kept)
    assert len(kept["user"]) == len(kept["session"]) == 32
    assert kept["user"] != kept["session"]
    assert of_values(kept, "kept").query == "How long does the old key work?"


def test_names_of_the_default_plan() -> None:
    assert names(CanaryPlan()) == ("VersionMismatch", "Refused", "UnsupportedValue", "Feedback")
    assert [each.how for each in known.signals(names(CanaryPlan()))] == ["own", "own", "scored", "own"]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("VersionMismach", "there is no signal 'VersionMismach'; did you mean 'VersionMismatch'\\?"),
        ("Refused@3", "Refused takes no parameter and no cutoff; write Refused"),
        ("nDCGG@10", "there is no metric 'nDCGG'; did you mean 'nDCG'\\?"),
        ("Latency", "has no range, so that no drop is a share of it; write Exceeds\\(of=Latency, over=2000\\)"),
        ("AnswerTokens", "write Exceeds\\(of=AnswerTokens, over=256\\)"),
        ("p95(of=Latency)", "is made of many requests.*; write Exceeds\\(of=Latency, over=2000\\)"),
        ("Drop(of=nDCG)@10", "is made of many requests.*; write nDCG@10"),
        ("Exceeds(of=Latency)", "needs over"),
        ("Exceeds(of=nDCG, over=1)", "is of nDCG, which no event says in numbers"),
        ("Stale@10", "write VersionMismatch"),
        ("FormatValid(as=x)", "the gate judges it"),
        ("R", "needs a cutoff"),
    ],
)
def test_what_is_no_signal(name: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        known.signal(name)


def test_problems_name_the_place() -> None:
    plan = rules("Failed", "Latency", "Nope")
    found = known.problems(plan, lambda place: f"gate.yaml:{place[2]}")
    assert [each.where for each in found] == ["gate.yaml:1", "gate.yaml:2"]


@pytest.mark.parametrize(
    ("name", "of_answers"),
    [("Refused", True), ("UnsupportedValue", True), ("VersionMismatch", False), ("Feedback", False), ("nDCG@10", False), ("Failed", False)],
)
def test_signals_of_answers_alone_are_known(name: str, of_answers: bool) -> None:
    assert known.of_answers(name) is of_answers
