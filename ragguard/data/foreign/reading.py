"""Files of other tools as rows with their place: JSON and JSON lines (NaN included, which some write), CSV, TSV, Parquet."""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from ragguard.data.foreign.parquet import parquet_rows
from ragguard.data.formats.lines import BOM, Line, lines, parse_object
from ragguard.data.problems import Problems
from ragguard.errors import InputError, Problem
from ragguard.plan.source import display

Row = tuple[str, dict[str, Any]]
"""A place (``file:line``), and the row there."""

TABLES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".json")
EXPECTED = "results of an evaluation, case by case"


def plain_suffix(path: Path) -> str:
    """The file's suffix, that of what is packed if it is gzipped."""
    return Path(path.stem).suffix.lower() if path.suffix == ".gz" else path.suffix.lower()


def fingerprint(*paths: Path) -> str:
    """SHA-256 (hex) of the content of files, in order."""
    whole = sha256()
    for path in paths:
        whole.update(sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def content(path: Path) -> bytes:
    """The bytes of a file, unpacked if it is gzipped.

    Raises:
        InputError: it is not there, cannot be read, or is a damaged gzip file.
    """
    try:
        raw = path.read_bytes()
        return (gzip.decompress(raw) if path.suffix == ".gz" else raw).removeprefix(BOM)
    except FileNotFoundError:
        raise InputError(Problem(display(path), "there is no such file", f"expected {EXPECTED}")) from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(Problem(display(path), f"is not a whole gzip file ({error})", "pack it again")) from error
    except OSError as error:
        raise InputError(Problem(display(path), f"cannot be read: {error.strerror}", f"expected {EXPECTED}")) from error


def document(raw: bytes, shown: str) -> Any:
    """Parse one JSON document; NaN and Infinity, which Python writes, are let through.

    Raises:
        InputError: it is not JSON (torn, for instance), with the line.
    """
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(raw)
    except UnicodeDecodeError as error:
        raise InputError(Problem(shown, f"is not UTF-8 (byte {error.start})", "save it as UTF-8")) from error
    except json.JSONDecodeError as error:
        what = f"is not whole JSON: {error.msg} (column {error.colno})"
        raise InputError(Problem(f"{shown}:{error.lineno}", what, "was it cut off? let the tool write it again")) from error
    except RecursionError as error:
        raise InputError(Problem(shown, "is JSON nested too deep to be read", "let the tool write it again")) from error


def json_lines(path: Path, problems: Problems) -> Iterator[Row]:
    """Read JSON lines; a line that is none is a problem."""
    shown = display(path)
    for line in lines(path, EXPECTED):
        where = f"{shown}:{line.number}"
        row = _object(line, where, problems)
        if row is not None:
            yield where, row


def _object(line: Line, where: str, problems: Problems) -> dict[str, Any] | None:
    try:
        row = orjson.loads(line.raw)
    except orjson.JSONDecodeError:
        try:
            row = json.loads(line.raw)
        except (ValueError, RecursionError):
            return parse_object(line, where, problems)
    return row if isinstance(row, dict) else parse_object(line, where, problems)


def rows(path: Path, problems: Problems) -> Iterator[Row]:
    """Read the rows of a table of any kind, told by its suffix.

    Raises:
        InputError: the file is not there, or is no such table.
        MissingExtra: it is Parquet, and nothing that reads it is installed.
    """
    suffix = plain_suffix(path)
    if suffix in (".csv", ".tsv"):
        yield from _cells(path, "\t" if suffix == ".tsv" else ",", problems)
    elif suffix == ".parquet":
        yield from ((f"{display(path)}:{number}", row) for number, row in enumerate(parquet_rows(path), 1))
    elif suffix == ".json":
        yield from _listed(path)
    else:
        yield from json_lines(path, problems)


def _listed(path: Path) -> Iterator[Row]:
    """The rows of a JSON document that is a list of objects."""
    shown = display(path)
    whole = document(content(path), shown)
    if not isinstance(whole, list) or not all(isinstance(each, dict) for each in whole):
        raise InputError(Problem(shown, "is JSON, but not a list of objects", "write one object a case, or name the tool with --format"))
    yield from ((f"{shown}[{number}]", row) for number, row in enumerate(whole))


def _cells(path: Path, between: str, problems: Problems) -> Iterator[Row]:
    shown = display(path)
    try:
        text = content(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(Problem(shown, f"is not UTF-8 (byte {error.start})", "save it as UTF-8")) from error
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True)
    header: list[str] | None = None
    begin = 1
    try:
        for cells in reader:
            where, begin = f"{shown}:{begin}", reader.line_num + 1
            if header is None:
                header = _header(cells, where)
            elif len(cells) == len(header):
                yield where, dict(zip(header, cells, strict=True))
            elif cells:
                problems.add(
                    where, f"has {len(cells)} columns, and the header {len(header)}", "was the line cut off, or a comma not quoted?"
                )
    except csv.Error as error:
        raise InputError(Problem(f"{shown}:{begin}", f"is not a whole CSV line: {error}", "was the file cut off?")) from error


def _header(cells: list[str], where: str) -> list[str]:
    twice = [name for name in cells if cells.count(name) > 1]
    if twice:
        raise InputError(Problem(where, f"two columns are called {twice[0]!r}", "rename one"))
    return cells
