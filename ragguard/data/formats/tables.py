"""Tables of rows: JSON lines, BEIR's tab-separated qrels, TREC qrels. Each yields fields with their place."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ragguard.data.formats.fields import Fields
from ragguard.data.formats.lines import decode, lines, parse_object
from ragguard.data.problems import Problems
from ragguard.plan.source import display

QRELS_HEADER = ("query-id", "corpus-id", "score")


def renamed(row: dict[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    """Return a row under our names; ``columns`` maps ours to theirs, columns that it does not name keep their own."""
    if not columns:
        return row
    theirs = set(columns.values())
    kept = {key: value for key, value in row.items() if key not in theirs and key not in columns}
    return kept | {ours: row[their] for ours, their in columns.items() if their in row}


def json_lines(path: Path, expected: str, problems: Problems, columns: Mapping[str, str] | None = None) -> Iterator[Fields]:
    """Read JSON lines."""
    shown = display(path)
    for line in lines(path, expected):
        row = parse_object(line, f"{shown}:{line.number}", problems)
        if row is not None:
            yield Fields(renamed(row, columns or {}), shown, line.number, problems)


def beir_qrels(path: Path, expected: str, problems: Problems) -> Iterator[Fields]:
    """Read BEIR qrels: a header, then query id, document id and grade between tabs."""
    shown, header = display(path), None
    for line in lines(path, expected):
        where = f"{shown}:{line.number}"
        text = decode(line, where, problems)
        if header is None:
            header = tuple((text or "").split("\t"))
            if header != QRELS_HEADER:
                problems.add(where, "the first line is not the header", "write, between tabs: " + " ".join(QRELS_HEADER))
        elif text is not None:
            yield from _cells(text.split("\t"), QRELS_HEADER, Fields({}, shown, line.number, problems), "between tabs")


def trec_qrels(path: Path, expected: str, problems: Problems) -> Iterator[Fields]:
    """Read TREC qrels: query id, iteration (ignored), document id and grade between blanks."""
    shown = display(path)
    for line in lines(path, expected):
        text = decode(line, f"{shown}:{line.number}", problems)
        if text is not None:
            yield from _cells(
                text.split(), ("query-id", "iteration", "corpus-id", "score"), Fields({}, shown, line.number, problems), "between blanks"
            )


def _cells(cells: list[str], names: tuple[str, ...], empty: Fields, between: str) -> Iterator[Fields]:
    if len(cells) == len(names):
        yield Fields(dict(zip(names, cells, strict=True)), empty.file, empty.line, empty.problems)
    else:
        empty.wrong(f"has {len(cells)} columns, not {len(names)}", f"write, {between}: {' '.join(names)}")
