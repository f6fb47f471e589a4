"""Events from JSON lines: a line that is none is a problem, and the rest is read."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import orjson
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ragguard.data.events.wire import EVENT, OneArmModel, ResponseModel, RetrievedModel, ShadowModel, record
from ragguard.data.formats.lines import BOM, opened
from ragguard.errors import InputError, Problem, suggest
from ragguard.records.event import Event

MOST_BYTES = 1 << 20
"""Of a line."""

EXPECTED = "events: JSON lines as docs/events.md says"

_TEXTS = frozenset({"query", "answer", "error", "user", "session", "extra"})
"""Keys whose values no message repeats: they are what people wrote."""

_WANTED = {
    "id": "write the request's own id as a text",
    "case": "write the id of a golden query as a text",
    "at": "write 2026-11-21T09:30:00Z, or seconds since 1970",
    "feedback": "write up, down, or a number from 0 (bad) to 1 (good); null where none was given",
    "latency": "write seconds, from 0 to 86,400",
    "seconds": "write seconds, from 0 to 86,400, by stage",
    "tokens": "write a whole number, or null where nobody counted",
    "prompt_tokens": "write a whole number, or null where nobody counted",
    "retrieved": 'write ["id", ...] or [{"id": "...", "score": 0.7, "version": "3.1"}, ...], best first, 1,000 at most',
    "contexts": 'write ["id", ...], 1,000 at most',
    "citations": 'write ["id", ...], 1,000 at most',
    "scores": 'write {"name": number, ...}, 64 at most',
    "served": 'write {"name": "text", ...}, 64 at most',
    "extra": 'write {"name": a text, a number, true, false or null, ...}, 64 at most',
}
"""What to write, by key; anything else is a text, or true or false."""


def parse(line: bytes, where: str) -> Event:
    """Read one event from the JSON of a line.

    Raises:
        InputError: with everything that is wrong with it: too long, not UTF-8, not JSON (NaN is not), unknown or missing keys, bad values.
    """
    if len(line) > MOST_BYTES:
        raise InputError(_too_long(where))
    try:
        values = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InputError(_no_json(line, where, error)) from None
    return of_values(values, where)


def of_values(values: Any, where: str) -> Event:
    """Read one event from values that were JSON.

    Raises:
        InputError: as ``parse``.
    """
    if not isinstance(values, dict):
        raise InputError(Problem(where, f"is JSON, but {_kind(values)} and not an object", 'write one {"id": ..., "arm": ..., ...} a line'))
    try:
        return record(EVENT.validate_python(values))
    except ValidationError as error:
        raise InputError([_problem(details, where) for details in error.errors(include_url=False)]) from None


def read(path: Path) -> Iterator[Event | Problem]:
    """Read the events of a file (``.gz``: unpacked), line by line: each is an event, or what is wrong with it.

    Raises:
        InputError: the file is missing, cannot be read, or is a damaged gzip file.
    """
    with opened(path, EXPECTED) as (stream, shown):
        yield from of_stream(stream, shown)


def of_stream(stream: IO[bytes], shown: str) -> Iterator[Event | Problem]:
    """Read the events of an open stream; ``shown`` is what it is called, with the line's number behind it. Blank lines are nothing."""
    for number, line in enumerate(_lines(stream), start=1):
        raw = line.removeprefix(BOM) if number == 1 else line
        if raw and not raw.isspace():
            yield one(raw, f"{shown}:{number}")


def one(line: bytes, where: str) -> Event | Problem:
    """Return the event of a line, or one problem that says what is wrong with it."""
    try:
        return parse(line, where)
    except InputError as error:
        first, more = error.problems[0], len(error.problems) - 1
        return Problem(first.where, f"{first.what} (and {more} more)" if more else first.what, first.fix)


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Each line with its end; of one that is too long only the beginning, one byte longer than may be."""
    while line := stream.readline(MOST_BYTES + 1):
        rest = line
        while len(line) > MOST_BYTES and rest and not rest.endswith(b"\n"):
            rest = stream.readline(MOST_BYTES)
        yield line


def _too_long(where: str) -> Problem:
    return Problem(where, f"is longer than {MOST_BYTES:,} bytes", "send texts, not whole documents: ids say which those are")


def _no_json(line: bytes, where: str, error: orjson.JSONDecodeError) -> Problem:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as wrong:
        return Problem(where, f"is not UTF-8 (byte 0x{line[wrong.start]:02x} at column {wrong.start + 1})", "write the file as UTF-8")
    what = f"is not JSON: {error.msg.partition(': line ')[0]} (column {min(error.pos, len(text)) + 1})"
    torn = not text.rstrip().endswith("}")
    fix = "the line is torn: send the event again, whole" if torn else "write one JSON object a line; NaN and Infinity are not JSON"
    return Problem(where, what, fix)


def _problem(details: ErrorDetails, where: str) -> Problem:
    """What pydantic found, in the sender's words. Tags of the union stand in no event, so they are left out of a key's place."""
    place, kind = details["loc"][1:], details["type"]
    name = ".".join(str(part) for part in place if not str(part).endswith(("Model", "]")))
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        found = details["input"].get("arm") if isinstance(details["input"], dict) else None
        what = "has no arm" if found is None else f"arm: there is no {_shown(found)}"
        return Problem(where, what, "write arm: baseline, candidate, or both (shadow)")
    if kind == "missing":
        return Problem(where, f"key {name!r} is missing", f"add {name}; docs/events.md has an example")
    if kind == "extra_forbidden":
        return Problem(where, f"unknown key {name!r}", _near(details["loc"]))
    value = "" if _TEXTS & set(map(str, place)) else f" (it is {_shown(details['input'])})"
    told, _, fix = details["msg"].removeprefix("Value error, ").partition("; ")
    return Problem(where, f"{name}: {told}{value}" if name else told, fix or _fix(name, details["type"]))


def _fix(name: str, kind: str) -> str:
    key = next((part for part in name.split(".") if part not in ("baseline", "candidate")), name)
    if kind.startswith("bool"):
        return "write true or false"
    ours = "write an object {...}" if "model" in kind else "write a text, 32,000 characters at most"
    return _WANTED.get(key, ours)


def _near(location: tuple[str | int, ...]) -> str:
    tag, key, nested = location[0], str(location[-1]), len(location) > 2
    if "retrieved" in location:
        return suggest(key, RetrievedModel.model_fields)
    if tag == "both" and not nested and key in ResponseModel.model_fields:
        return "where both arms answered, it stands in baseline: {...} and in candidate: {...}"
    model = ResponseModel if nested else ShadowModel if tag == "both" else OneArmModel
    near = suggest(key, model.model_fields)
    return near if near.startswith("did you mean") else f"{near}; own fields go into extra: {{...}}"


def _kind(value: object) -> str:
    return "a list" if isinstance(value, list) else "a single value"


def _shown(value: object) -> str:
    """A value for a message: short, and never what it holds where that is much."""
    if isinstance(value, list | dict):
        return f"{_kind(value) if isinstance(value, list) else 'an object'} of {len(value)}"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
