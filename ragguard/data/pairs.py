"""Sentence pairs with a human score: CSV or TSV with a header, or JSON lines."""

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragguard.data.formats.fields import Fields
from ragguard.data.formats.lines import decode, lines
from ragguard.data.formats.tables import json_lines
from ragguard.data.hashing import digest
from ragguard.data.problems import Problems
from ragguard.errors import InputError, Problem
from ragguard.plan.source import display

EXPECTED = "sentence pairs: CSV, TSV or JSON lines with sentence1, sentence2 and score"
COLUMNS = ("sentence1", "sentence2", "score")
LEAST = 3
"""Two pairs are always in perfect order, or in its reverse."""

# Tab-separated sentences stand as they are, quotation marks and all: so do the files that people share.
_DIALECTS: dict[str, dict[str, Any]] = {".csv": {"delimiter": ","}, ".tsv": {"delimiter": "\t", "quoting": csv.QUOTE_NONE}}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sentences, and how alike people find them: on any scale of which more is more alike."""

    first: str
    second: str
    score: float


@dataclass(frozen=True)
class Pairs:
    """The pairs of a file, in its order."""

    name: str
    pairs: tuple[Pair, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of what the pairs say."""
        return digest(self.pairs).hex()


def read_pairs(path: Path) -> Pairs:
    """Read a file of pairs; columns of other names are passed over.

    Raises:
        InputError: with every problem of the file: a missing column, an empty sentence, a score that is no finite number, fewer than
            three pairs, or one score for all of them.
    """
    problems = Problems()
    pairs = [_pair(fields) for fields in _rows(path, problems)]
    if not len(problems) and len(pairs) < LEAST:
        problems.add(display(path), f"has {len(pairs)} pairs", f"a rank correlation takes at least {LEAST}")
    elif not len(problems) and len({pair.score for pair in pairs}) == 1:
        problems.add(display(path), f"all {len(pairs)} pairs have the score {pairs[0].score:g}", "there is nothing to rank: vary it")
    problems.raise_if_any()
    return Pairs(path.name, tuple(pairs))


def _pair(fields: Fields) -> Pair:
    """Read a pair; one of which a problem was noted must not be used."""
    missing = [name for name in COLUMNS if name not in fields.row]
    for name in missing:
        fields.wrong(*_missing(name, fields.row))
    first, second = (_sentence(fields, name) if name not in missing else "" for name in COLUMNS[:2])
    return Pair(first, second, _score(fields) if "score" not in missing else 0.0)


def _missing(name: str, there: Iterable[str]) -> tuple[str, str]:
    return f"has no {name}", f"a pair has {', '.join(COLUMNS)} (this has: {', '.join(map(str, there)) or 'nothing'})"


def _sentence(fields: Fields, name: str) -> str:
    before, text = len(fields.problems), fields.text(name)
    if not text.strip() and len(fields.problems) == before:
        fields.wrong(f"{name} is empty", "write a sentence, or drop the pair")
    return text


def _score(fields: Fields) -> float:
    given = fields.row["score"]
    try:
        score = float(given) if isinstance(given, str | int | float) and not isinstance(given, bool) else math.nan
    except (ValueError, OverflowError):
        score = math.nan
    if not math.isfinite(score):
        fields.wrong(f"score is {given!r}, not a finite number", "write how alike the two are: more is more alike")
    return score


def _rows(path: Path, problems: Problems) -> Iterator[Fields]:
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    if suffix == ".jsonl":
        return json_lines(path, EXPECTED, problems)
    if suffix in _DIALECTS:
        return _table(path, problems, _DIALECTS[suffix])
    raise InputError(Problem(display(path), f"ends in {suffix or 'nothing'}", "name it .csv, .tsv or .jsonl, after what it holds"))


def _table(path: Path, problems: Problems, dialect: dict[str, Any]) -> Iterator[Fields]:
    shown, fed = display(path), list[int]()
    rows = csv.reader(_fed(path, problems, fed), strict=True, **dialect)
    header: list[str] = []
    try:
        for cells in rows:
            row, fed[:] = Fields({}, shown, fed[0], problems), []
            if not header:
                header = [name.strip() for name in cells]
                lacking = [name for name in COLUMNS if name not in header]
                for name in lacking:
                    row.wrong(*_missing(name, header))
                if lacking:
                    return
            elif len(cells) != len(header):
                row.wrong(f"has {len(cells)} columns, not {len(header)}", f"write, as the first line says: {', '.join(header)}")
            else:
                yield Fields(dict(zip(header, cells, strict=True)), shown, row.line, problems)
    except csv.Error as error:
        problems.add(f"{shown}:{fed[0]}", f"is not CSV: {error}", "close the quotes, and write a quote within quotes twice")


def _fed(path: Path, problems: Problems, fed: list[int]) -> Iterator[str]:
    """The lines of a table, each one's number noted in ``fed``: a record may take several."""
    for line in lines(path, EXPECTED):
        text = decode(line, f"{display(path)}:{line.number}", problems)
        if text is not None:
            fed.append(line.number)
            yield text + "\n"
