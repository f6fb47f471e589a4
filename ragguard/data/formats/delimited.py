"""Rows of CSV, TSV or JSON-lines files, by the file's name."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragguard.data.formats.fields import Fields
from ragguard.data.formats.lines import decode, lines
from ragguard.data.formats.tables import json_lines
from ragguard.data.problems import Problems
from ragguard.errors import InputError, Problem
from ragguard.plan.source import display

# What is tab-separated stands as it is, quotation marks and all: so do the files that people share.
_DIALECTS: dict[str, dict[str, Any]] = {".csv": {"delimiter": ","}, ".tsv": {"delimiter": "\t", "quoting": csv.QUOTE_NONE}}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file should hold: in words (``expected``), the columns that it cannot do without, and what a row is called."""

    expected: str
    columns: tuple[str, ...]
    row: str

    def missing(self, name: str, there: Iterable[str]) -> tuple[str, str]:
        """Return what is wrong, and the fix, where a column is not there."""
        return f"has no {name}", f"a {self.row} has {', '.join(self.columns)} (this has: {', '.join(map(str, there)) or 'nothing'})"


def rows(path: Path, wanted: Wanted, problems: Problems) -> Iterator[Fields]:
    """Read the rows of a file (``.gz`` too); what is wrong with rows, or with a table's header, goes to ``problems``.

    Raises:
        InputError: the file's name says nothing of its format, or it cannot be read.
    """
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    if suffix == ".jsonl":
        return json_lines(path, wanted.expected, problems)
    if suffix in _DIALECTS:
        return _table(path, wanted, problems, _DIALECTS[suffix])
    raise InputError(Problem(display(path), f"ends in {suffix or 'nothing'}", "name it .csv, .tsv or .jsonl, after what it holds"))


def _table(path: Path, wanted: Wanted, problems: Problems, dialect: dict[str, Any]) -> Iterator[Fields]:
    shown, fed = display(path), list[int]()
    found = csv.reader(_fed(path, wanted, problems, fed), strict=True, **dialect)
    header: list[str] = []
    try:
        for cells in found:
            row, fed[:] = Fields({}, shown, fed[0], problems), []
            if not header:
                header = [name.strip() for name in cells]
                lacking = [name for name in wanted.columns if name not in header]
                for name in lacking:
                    row.wrong(*wanted.missing(name, header))
                if lacking:
                    return
            elif len(cells) != len(header):
                row.wrong(f"has {len(cells)} columns, not {len(header)}", f"write, as the first line says: {', '.join(header)}")
            else:
                yield Fields(dict(zip(header, cells, strict=True)), shown, row.line, problems)
    except csv.Error as error:
        problems.add(f"{shown}:{fed[0]}", f"is not CSV: {error}", "close the quotes, and write a quote within quotes twice")


def _fed(path: Path, wanted: Wanted, problems: Problems, fed: list[int]) -> Iterator[str]:
    """The lines of a table, each one's number noted in ``fed``: a record may take several."""
    for line in lines(path, wanted.expected):
        text = decode(line, f"{display(path)}:{line.number}", problems)
        if text is not None:
            fed.append(line.number)
            yield text + "\n"
