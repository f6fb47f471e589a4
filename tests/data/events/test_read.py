"""Events as people send them: whole ones become records, and every kind of bad line a problem of its own."""

import gzip
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragguard.data.events import read
from ragguard.data.events.wire import LATEST, schema, written
from ragguard.errors import InputError, Problem
from ragguard.records.event import Event, Response, Retrieved

ONE: dict[str, Any] = {
    "id": "r-1", "arm": "candidate", "at": "2026-11-21T09:30:00Z", "query": "How long does the old key work?", "user": "u-7",
    "session": "s-9", "case": "q-1", "retrieved": ["a", {"id": "b", "score": 0.5, "version": "2.3"}], "contexts": ["a"],
    "answer": "24 hours [1]",
    "citations": ["a"], "abstained": False, "latency": 1.25, "seconds": {"retrieve": 0.25}, "tokens": 4, "prompt_tokens": 90,
    "error": None, "unsafe": False, "feedback": "up", "scores": {"ragas:Faithfulness": 0.9}, "served": {"adapter": "tuned-3"},
    "extra": {"shop": "x", "n": 3},
}  # fmt: skip
BOTH: dict[str, Any] = {
    "id": "r-2", "arm": "both", "at": 1.5, "query": "q", "baseline": {"answer": "yes"}, "candidate": {"error": "timeout", "latency": 30},
}  # fmt: skip


def line(values: dict[str, Any], **more: Any) -> bytes:
    return json.dumps(values | more).encode()


def test_an_event_of_one_arm() -> None:
    response = Response(
        (Retrieved("a"), Retrieved("b", 0.5, "2.3")), ("a",), "24 hours [1]", ("a",), False, {"retrieve": 0.25, "total": 1.25}, 4, 90,
        feedback=1.0, scores={"ragas:Faithfulness": 0.9}, served={"adapter": "tuned-3"},
    )  # fmt: skip
    at = 1_795_253_400.0
    expected = Event("r-1", at, ONE["query"], {"candidate": response}, "u-7", "s-9", "q-1", {"shop": "x", "n": 3})
    assert read.parse(line(ONE), "e:1") == expected


def test_an_event_of_both_arms() -> None:
    failed = Response(error="timeout", seconds={"total": 30.0})
    assert read.parse(line(BOTH), "e:1") == Event("r-2", 1.5, "q", {"baseline": Response(answer="yes"), "candidate": failed})


@pytest.mark.parametrize("values", [ONE, BOTH])
def test_what_is_written_is_read_as_the_same_event(values: dict[str, Any]) -> None:
    event = read.parse(line(values), "e:1")
    assert read.of_values(written(event), "kept") == event


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("1970-01-01T00:00:01Z", 1.0), ("1970-01-01T01:00:01+01:00", 1.0), ("1970-01-01T00:00:01.5-00:00", 1.5), (7, 7.0), (7.25, 7.25)],
)
def test_times(said: str | float, seconds: float) -> None:
    assert read.parse(line(ONE, at=said), "e:1").at == seconds


@pytest.mark.parametrize(("said", "share"), [("up", 1.0), ("down", 0.0), (0, 0.0), (1, 1.0), (0.75, 0.75), (None, None)])
def test_feedback(said: Any, share: float | None) -> None:
    assert read.parse(line(ONE, feedback=said), "e:1").responses["candidate"].feedback == share


BAD = [
    (b'{"id": "r-1", "ar', "is not JSON: unexpected end of data (column 18)", "the line is torn: send the event again, whole"),
    (b'{"id": "\xff"}', "is not UTF-8 (byte 0xff at column 9)", "write the file as UTF-8"),
    (line(ONE, latency=math.nan), "is not JSON: ", "NaN and Infinity are not JSON"),
    (b"x" * (read.MOST_BYTES + 1), "is longer than 1,048,576 bytes", "ids say which those are"),
    (b"[1]", "is JSON, but a list and not an object", 'write one {"id"'),
    (line(ONE, anser="x"), "unknown key 'anser'", "did you mean 'answer'?"),
    (line(ONE, shop="x"), "unknown key 'shop'", "own fields go into extra: {...}"),
    (line({key: value for key, value in ONE.items() if key != "arm"}), "has no arm", "write arm: baseline, candidate, or both (shadow)"),
    (line(ONE, arm="bth"), "arm: there is no 'bth'", "write arm: baseline, candidate, or both (shadow)"),
    (line({key: value for key, value in ONE.items() if key != "id"}), "key 'id' is missing", "add id"),
    (line({key: value for key, value in BOTH.items() if key != "candidate"}), "key 'candidate' is missing", "add candidate"),
    (line(BOTH, answer="x"), "unknown key 'answer'", "it stands in baseline: {...} and in candidate: {...}"),
    (line(BOTH, candidate={"answr": ""}), "unknown key 'candidate.answr'", "did you mean 'answer'?"),
    (line(ONE, latency=-1), "latency: Input should be greater than or equal to 0 (it is -1)", "write seconds, from 0 to 86,400"),
    (line(ONE, seconds={"total": 1}), "says the time in all twice", "leave one out"),
    (line(ONE, at="2026-11-21T09:30:00"), "at: has no time zone (it is '2026-11-21T09:30:00')", "end it with Z (UTC) or with +01:00"),
    (line(ONE, at=1_795_253_400_000), "at: is later than the year 2100 (it is 1795253400000)", "not milliseconds"),
    (line(ONE, at="noon"), "at: is no time (it is 'noon')", "write 2026-11-21T09:30:00Z"),
    (line(ONE, id=17), "id: Input should be a valid string (it is 17)", "as a text"),
    (line(ONE, feedback=-1), "feedback: Input should be greater than or equal to 0 (it is -1)", "write up, down, or a number from 0"),
    (line(ONE, feedback="meh"), "feedback: Input should be a valid number (it is 'meh')", "write up, down"),
    (line(ONE, tokens=2.5), "tokens: Input should be a valid integer (it is 2.5)", "write a whole number"),
    (line(ONE, retrieved=["a"] * 1001), "retrieved: List should have at most 1000 items", "best first, 1,000 at most"),
    (line(ONE, retrieved=[{"id": "a", "scr": 1}]), "unknown key 'retrieved.0.scr'", "did you mean 'score'?"),
    (line(ONE, extra={"a": [1]}), "extra.a: is a list or an object", "write a text, a number"),
    (line(ONE, query="x" * 32_001), "query: String should have at most 32000 characters", "32,000 characters at most"),
    (line(ONE, unsafe=1), "unsafe: Input should be a valid boolean (it is 1)", "write true or false"),
    (line(ONE, candidate=3), "unknown key 'candidate'", ""),
]


@pytest.mark.parametrize(("raw", "what", "fix"), BAD)
def test_a_bad_line_says_where_what_and_what_to_do(raw: bytes, what: str, fix: str) -> None:
    problem = read.one(raw, "events.jsonl:7")
    assert isinstance(problem, Problem)
    assert problem.where == "events.jsonl:7"
    assert problem.what.startswith(what)
    assert fix in problem.fix
    assert problem.fix


def test_all_that_is_wrong_with_an_event_comes_at_once() -> None:
    with pytest.raises(InputError) as raised:
        read.parse(line(ONE, tokens=-1, unsafe="no", at=0), "e:3")
    assert sorted(problem.what.partition(":")[0] for problem in raised.value.problems) == ["at", "tokens", "unsafe"]


@pytest.mark.parametrize("key", ["query", "answer", "error", "user", "session"])
def test_no_message_repeats_what_a_person_wrote(key: str) -> None:
    problem = read.one(line(ONE, **{key: ["jane.doe@example.com"]}), "e:1")
    assert isinstance(problem, Problem)
    assert "jane" not in str(problem)


@pytest.mark.parametrize("pack", [False, True])
def test_bad_lines_do_not_stop_the_others(tmp_path: Path, pack: bool) -> None:
    path = tmp_path / ("events.jsonl.gz" if pack else "events.jsonl")
    whole = b"".join(raw + b"\n" for raw, _, _ in BAD for raw in (line(ONE), b"", raw)) + line(BOTH) + b"\n"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + whole) if pack else b"\xef\xbb\xbf" + whole)
    found = list(read.read(path))
    assert [type(one) for one in found] == [Event, Problem] * len(BAD) + [Event]
    lines = [int(one.where.rpartition(":")[2]) for one in found if isinstance(one, Problem)]
    assert lines == [3 * number for number in range(1, len(BAD) + 1)]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file; expected events"):
        list(read.read(tmp_path / "none.jsonl"))


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    assert isinstance(read.one(raw, "e:1"), Event | Problem)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers(-(2**60), 2**60) | st.text(max_size=5), st.lists, max_leaves=4
    ),
    st.sampled_from(sorted(ONE)),
)
def test_no_value_breaks_the_reader(value: Any, key: str) -> None:
    found = read.one(line(ONE, **{key: value}), "e:1")
    assert isinstance(found, Problem) or read.of_values(written(found), "kept") == found


def test_the_schema_and_the_reader_agree() -> None:
    import jsonschema

    validator = jsonschema.Draft202012Validator(schema())
    validator.check_schema(schema())
    assert validator.is_valid(ONE)
    assert validator.is_valid(BOTH)
    structural = [
        json.loads(raw) for raw, what, _ in BAD if what.startswith(("unknown key", "key ", "has no arm", "arm:", "id:", "tokens:"))
    ]
    assert not any(validator.is_valid(values) for values in structural)
    assert LATEST == 4_102_444_800
