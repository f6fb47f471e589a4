"""From the body of a request to events that may be stored, each one that may not with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from ragguard.canary.service.problems import Refused
from ragguard.errors import InputError
from ragguard.records.event import Noted

JSON, LINES = "application/json", ("application/x-ndjson", "application/jsonl", "application/ndjson")
SHOWN = 100
"""Refused events whose reasons are answered."""


class Seat(Protocol):
    """A roll-out that takes events, under the rules that it began with."""

    @property
    def number(self) -> int:
        """The roll-out's."""

    def note(self, sent: Any, where: str) -> Noted:
        """Read and score an event: a line (bytes), or values that were JSON; ``where`` it stands. InputError: it may not be stored."""


@dataclass(frozen=True)
class Taken:
    """Events to store with the roll-out ``canary``, and those that were refused: their number in the request, and why."""

    canary: int
    noted: tuple[Noted, ...]
    refused: tuple[tuple[int, str], ...]


def split(body: bytes, media: str, most: int) -> list[Any]:
    """Return a request's events: lines as they are, or the values of JSON.

    Raises:
        Refused: another media type (415), no JSON (400), or more than ``most`` events (413).
    """
    kind = media.partition(";")[0].strip().lower()
    if kind in LINES:
        found: list[Any] = [line for line in body.splitlines() if line.strip()]
    elif kind == JSON:
        found = _listed(body)
    else:
        raise Refused(415, f"events come as {JSON} (an event or a list), or as {LINES[0]} (one a line)")
    if len(found) > most:
        raise Refused(413, f"{len(found)} events: send at most {most} at a time")
    return found


def _listed(body: bytes) -> list[Any]:
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(400, f"the body is not JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    return read if isinstance(read, list) else [read]


def take(sent: Sequence[Any], seat: Seat) -> Taken:
    """Read events; one that cannot be read spoils no other."""
    noted, refused = [], []
    for index, each in enumerate(sent):
        try:
            noted.append(seat.note(each, f"event {index}"))
        except InputError as error:
            refused.append((index, str(error)))
    return Taken(seat.number, tuple(noted), tuple(refused))
