"""Stored rankings: TREC run files and JSON lines, plain or gzipped."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ragguard.data.formats.fields import Fields
from ragguard.data.formats.lines import Line, decode, lines, parse_object
from ragguard.data.problems import Problems
from ragguard.plan.source import display
from ragguard.records.evidence import Ranked

EXPECTED = "a run: TREC (qid Q0 docid rank score tag) or JSON lines"

_QUERY, _DOCUMENT = ("query-id", "qid", "query_id"), ("docid", "corpus-id", "doc_id", "id")


def read_run(path: Path) -> dict[str, list[Ranked]]:
    """Read a run: query id -> documents by score, best first (ties by id, descending). The rank column is ignored, as trec_eval does.

    JSON lines are ``{"query-id": ..., "ranking": [{"id": ..., "score": ...}, ...]}`` (an empty ranking: the system found nothing) or
    ``{"qid": ..., "docid": ..., "score": ...}``.

    Raises:
        InputError: with every malformed line, score that is no finite number, and document ranked twice for a query.
    """
    problems, run = Problems(), dict[str, dict[str, float]]()
    for fields in _rows(path, problems):
        asked = fields.identifier(_name(fields, _QUERY))
        if asked is None:
            continue
        ranking = run.setdefault(asked, {})
        for item in _items(fields):
            _add(item, asked, ranking)
    problems.raise_if_any()
    return {asked: _ordered(ranking) for asked, ranking in run.items()}


def _ordered(ranking: dict[str, float]) -> list[Ranked]:
    pairs = sorted(((score, name) for name, score in ranking.items()), reverse=True)
    return [Ranked(name, score) for score, name in pairs]


def _rows(path: Path, problems: Problems) -> Iterator[Fields]:
    shown, is_json = display(path), None
    for line in lines(path, EXPECTED):
        if is_json is None:
            is_json = line.raw.lstrip().startswith(b"{")
        where = f"{shown}:{line.number}"
        row = parse_object(line, where, problems) if is_json else _trec(line, where, problems)
        if row is not None:
            yield Fields(row, shown, line.number, problems)


def _trec(line: Line, where: str, problems: Problems) -> dict[str, Any] | None:
    text = decode(line, where, problems)
    if text is None:
        return None
    cells = text.split(None, 5)
    if len(cells) < 6:
        problems.add(where, f"has {len(cells)} columns, not 6", "write: qid Q0 docid rank score tag")
        return None
    return {"qid": cells[0], "docid": cells[2], "score": cells[4]}


def _items(fields: Fields) -> Iterator[Fields]:
    if "ranking" not in fields.row:
        yield fields
        return
    items = fields.row["ranking"]
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        fields.wrong("ranking is not a list of objects", 'write "ranking": [{"id": "...", "score": 1.5}, ...]')
        return
    for item in items:
        yield Fields(item, fields.file, fields.line, fields.problems)


def _add(item: Fields, asked: str, ranking: dict[str, float]) -> None:
    name, given = item.identifier(_name(item, _DOCUMENT)), item.row.get("score")
    score = _number(given)
    if not math.isfinite(score):
        item.wrong(f"the score is {given!r}, not a finite number", "mend the system that wrote it, or drop the line")
    if name in ranking:
        item.wrong(f"document {name!r} is ranked twice for query {asked!r}", "keep one")
    elif name is not None:
        ranking[name] = score


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def _name(fields: Fields, names: tuple[str, ...]) -> str:
    return next((name for name in names if name in fields.row), names[0])
