"""What a log of production says was asked: of events, or of lines with a bare query."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from ragguard.data.events.read import MOST_BYTES, one
from ragguard.data.events.wire import Id, Text, Time
from ragguard.data.formats.lines import lines
from ragguard.errors import InputError, Problem, suggest
from ragguard.plan.source import display
from ragguard.records.event import Event

EXPECTED = 'a log: events as docs/events.md says, or lines such as {"query": "..."}'


@dataclass(frozen=True, slots=True)
class Request:
    """A request of production: ``at`` is seconds since 1970, ``case`` the golden query that it is, ``found`` the id of the first document
    that production retrieved; "" where not known.
    """

    id: str
    at: float
    query: str
    user: str = ""
    session: str = ""
    case: str = ""
    found: str = ""


@dataclass(frozen=True)
class Log:
    """The requests of a log, each id once, in its order; the lines that were skipped, and how many ``duplicates`` were."""

    requests: tuple[Request, ...]
    problems: tuple[Problem, ...]
    duplicates: int


class Bare(BaseModel):
    """A line that holds no event: what was asked, and what else is known."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    query: Text
    id: Id | None = None
    at: Time | None = None
    user: str = ""
    session: str = ""
    case: str = ""


def read(path: Path, now: float) -> Log:
    """Read a log (``.gz``: unpacked). A line that cannot be read is a problem, and the rest is read.

    A bare query without a time was asked ``now``, and one without an id has that of its text and line.

    Raises:
        InputError: the file is missing or cannot be read, or no line holds a request.
    """
    found: dict[str, Request] = {}
    problems: list[Problem] = []
    duplicates = 0
    for made in _requests(path, now):
        if isinstance(made, Problem):
            problems.append(made)
        elif made.id in found:
            duplicates += 1
        else:
            found[made.id] = made
    if not found:
        raise InputError(problems[:20] or [Problem(display(path), "there is no request", f"expected {EXPECTED}")])
    return Log(tuple(found.values()), tuple(problems), duplicates)


def _requests(path: Path, now: float) -> Iterator[Request | Problem]:
    shown = display(path)
    for line in lines(path, EXPECTED):
        made = _request(line.raw, f"{shown}:{line.number}", line.number, now)
        if isinstance(made, Request) and not made.query.strip():
            made = Problem(f"{shown}:{line.number}", f"request {made.id!r} has no query", "there is nothing to ask again")
        yield made


def _request(raw: bytes, where: str, number: int, now: float) -> Request | Problem:
    try:
        values = orjson.loads(raw) if len(raw) <= MOST_BYTES else None
    except orjson.JSONDecodeError:
        values = None
    if isinstance(values, dict) and "arm" not in values:
        return _bare(values, where, number, now)
    event = one(raw, where)
    return event if isinstance(event, Problem) else _of_event(event)


def _of_event(event: Event) -> Request:
    """The request of an event; where both arms answered it, what the baseline found counts."""
    response = event.responses.get("baseline") or event.responses["candidate"]
    first = response.contexts[0] if response.contexts else response.ranking[0].id if response.ranking else ""
    return Request(event.id, event.at, event.query, event.user, event.session, event.case, first)


def _bare(values: Mapping[str, Any], where: str, number: int, now: float) -> Request | Problem:
    try:
        read = Bare.model_validate(values)
    except ValidationError as error:
        # A misspelt key is a missing one too.
        every = error.errors(include_url=False, include_input=False)
        details = min(every, key=lambda each: each["type"] != "extra_forbidden")
        name, kind = ".".join(map(str, details["loc"])), details["type"]
        if kind == "extra_forbidden":
            return Problem(where, f"unknown key {name!r}", f"{suggest(name, Bare.model_fields)}; an event of production has an arm: too")
        told = details["msg"].removeprefix("Value error, ")
        return Problem(where, f"{name}: {told}", "write a text" if kind != "missing" else f"expected {EXPECTED}")
    name = read.id or "q-" + hashlib.sha256(f"{number}\0{read.query}".encode("utf-8", "surrogatepass")).hexdigest()[:20]
    return Request(name, now if read.at is None else read.at, read.query, read.user, read.session, read.case)
