"""Proposed golden cases and training rows: one a line, for a person to complete and to accept."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import orjson

from ragguard.data.formats.fields import Fields
from ragguard.data.formats.tables import json_lines
from ragguard.data.problems import Problems
from ragguard.errors import suggest
from ragguard.records.collection import Mode

Use = Literal["golden", "train"]
USES: tuple[Use, ...] = ("golden", "train")
HARVESTED = "harvested"
"""The tag that says where a query comes from."""

EXPECTED = "proposals: JSON lines, as ragguard data harvest writes them"


@dataclass(frozen=True, slots=True)
class Hint:
    """A document that may answer: ``current`` says of which retrieved one it is the current version ("": it was retrieved itself)."""

    id: str
    title: str
    version: str = ""
    status: str = ""
    current: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """Which version of which family a query asks for, as in ``queries.jsonl``."""

    family: str
    mode: Mode = "current"
    versions: tuple[str, ...] = ()
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What production failed at, and what a person adds to make it a case.

    A person sets ``accept``, fills in ``relevant`` (document id -> grade: 2 answers, 1 helps) and ``gold_answer``, and may change all else.
    ``use`` says what it becomes: a golden query, or rows to train on, of which no gate may ask. ``hard_negatives`` maps documents that
    were found and are wrong to why. ``seen`` counts the events, of which the first few are named; all texts are redacted.
    """

    id: str
    query: str
    intent: str
    why: tuple[str, ...]
    use: Use = "golden"
    accept: bool | None = None
    relevant: Mapping[str, int] = field(default_factory=dict)
    gold_answer: str = ""
    required: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    asks: Asking | None = None
    answerable: bool = True
    tags: tuple[str, ...] = (HARVESTED,)
    hard_negatives: Mapping[str, str] = field(default_factory=dict)
    candidates: tuple[Hint, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    intent_from: str = ""
    seen: int = 1
    arms: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    events: tuple[str, ...] = ()


FIELDS = ("accept", *(name for name in Proposal.__dataclass_fields__ if name != "accept"))
"""The keys of a line, in their order: what a person looks for stands first."""


def to_lines(proposals: Iterable[Proposal]) -> bytes:
    """Write proposals as JSON lines."""
    return b"".join(orjson.dumps(_row(each)) + b"\n" for each in proposals)


def _row(proposal: Proposal) -> dict[str, Any]:
    row = asdict(proposal)
    return {name: row[name] for name in FIELDS}


def read(path: Path, problems: Problems) -> Iterator[Fields]:
    """Read the lines of a file of proposals; a key that is none becomes a problem.

    Raises:
        InputError: the file cannot be read.
    """
    for fields in json_lines(path, EXPECTED, problems):
        for key in fields.row.keys() - set(FIELDS):
            fields.wrong(f"has a key {key!r}", suggest(str(key), FIELDS))
        yield fields
