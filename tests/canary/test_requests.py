"""What is read of a log of production, and what is skipped with a reason."""

import gzip
import json
from pathlib import Path

import pytest

from ragguard.canary.requests import read
from ragguard.errors import InputError

EVENT = {"id": "e1", "arm": "baseline", "at": "2026-11-20T10:00:00Z", "query": "how long", "session": "s", "retrieved": ["d2", "d1"]}


def log(folder: Path, *lines: object) -> Path:
    path = folder / "log.jsonl"
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines), encoding="utf-8")
    return path


def test_events_and_bare_queries(tmp_path: Path) -> None:
    both = {"id": "e2", "arm": "both", "at": 5, "query": "why", "baseline": {"contexts": ["d3"]}, "candidate": {"retrieved": ["d4"]}}
    bare = {"query": "who", "user": "u"}
    found = read(log(tmp_path, EVENT, both, bare, {"query": "who", "id": "own", "at": 7}), now=99.0)
    assert not found.problems
    first, second, third, fourth = found.requests
    assert (first.id, first.query, first.session, first.found, first.at) == ("e1", "how long", "s", "d2", 1_795_168_800.0)
    assert (second.id, second.found) == ("e2", "d3")
    assert (third.query, third.user, third.at, third.found) == ("who", "u", 99.0, "")
    assert (fourth.id, fourth.at) == ("own", 7.0)


def test_a_bare_query_has_the_same_id_whenever_it_is_read_and_another_in_another_line(tmp_path: Path) -> None:
    path = log(tmp_path, {"query": "who"}, {"query": "who"})
    ids = [each.id for each in read(path, now=1.0).requests]
    assert ids == [each.id for each in read(path, now=2.0).requests]
    assert len(set(ids)) == 2


def test_lines_that_are_none_are_skipped_by_name(tmp_path: Path) -> None:
    wrong = [
        '{"id": "x", "arm": "base',
        {"qeury": "why"},
        {"query": 3},
        {**EVENT, "id": "e3", "retrieved": [3]},
        {**EVENT, "id": "e4", "query": " "},
        "[]",
    ]
    found = read(log(tmp_path, EVENT, *wrong, EVENT), now=1.0)
    assert [each.id for each in found.requests] == ["e1"]
    assert found.duplicates == 1
    told = [str(each) for each in found.problems]
    assert [line.split(": ")[0].rpartition(":")[2] for line in told] == ["2", "3", "4", "5", "6", "7"]
    assert "torn" in told[0]
    assert "did you mean 'query'" in told[1]
    assert "query" in told[2]
    assert "e4" in told[4]


def test_gzip_is_read_through(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(EVENT).encode() + b"\n"))
    assert [each.id for each in read(path, now=1.0).requests] == ["e1"]


@pytest.mark.parametrize(("line", "told"), [("", "there is no request"), ("nonsense\n", "is not JSON")])
def test_a_log_without_a_request_is_refused(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(InputError, match=told):
        read(path, now=1.0)


def test_a_log_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "none.jsonl", now=1.0)
