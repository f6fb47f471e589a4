"""Opens the tables of a layout, whatever their format."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ragguard.data.corpus import EXPECTED as EXPECTED_CORPUS
from ragguard.data.corpus import JsonLinesRows, Rows, TableRows
from ragguard.data.formats import hub
from ragguard.data.formats.fields import Fields
from ragguard.data.formats.judgements import EXPECTED as EXPECTED_QRELS
from ragguard.data.formats.lines import lines
from ragguard.data.formats.tables import beir_qrels, json_lines, trec_qrels
from ragguard.data.mapped import Table
from ragguard.data.problems import Problems
from ragguard.errors import InputError, Problem, suggest
from ragguard.plan.source import display

EXPECTED = {"corpus": EXPECTED_CORPUS, "queries": "queries: JSON lines with _id and text", "qrels": EXPECTED_QRELS}


def corpus_rows(table: Table, folder: Path, split: str) -> Rows:
    """Open a corpus.

    Raises:
        InputError: it is compressed (documents are read from the middle of the file), or ``datasets`` cannot read it.
    """
    if table.format == "datasets":
        return TableRows(_open(table, folder, split), _name(table), table.columns)
    path = _path(table, folder, split)
    if path.suffix == ".gz":
        raise InputError(Problem(display(path), "a corpus cannot be read from gzip", "unpack it"))
    return JsonLinesRows(path, table.columns)


def rows(part: str, table: Table, folder: Path, split: str, problems: Problems) -> Iterable[Fields]:
    """Open ``queries`` or ``qrels``; what is wrong with rows goes to ``problems``, what is wrong with the file is raised."""
    if table.format == "datasets":
        return _table_rows(table, folder, split, problems)
    path, expected = _path(table, folder, split), EXPECTED[part]
    if part == "qrels" and table.format == "trec":
        return trec_qrels(path, expected, problems)
    if part == "qrels" and table.format == "beir":
        return beir_qrels(path, expected + _splits(path), problems)
    return json_lines(path, expected, problems, table.columns)


def judged_elsewhere(table: Table, folder: Path, split: str) -> frozenset[str]:
    """Ids of the queries that other splits judge; only files named after their split have such siblings."""
    if "{split}" not in table.path or table.format not in ("beir", "trec"):
        return frozenset()
    own = _path(table, folder, split)
    others = [path for path in own.parent.glob(f"*{own.suffix}") if path != own]
    return frozenset(line.raw.split(None, 1)[0].decode("utf-8", "replace") for path in others for line in lines(path, EXPECTED_QRELS))


def _table_rows(table: Table, folder: Path, split: str, problems: Problems) -> Iterator[Fields]:
    return TableRows(_open(table, folder, split), _name(table), table.columns).scan(problems)


def _open(table: Table, folder: Path, split: str) -> Any:
    wanted = table.split.replace("{split}", split)
    opened = hub.open_hub(table.dataset, table.name, wanted) if table.dataset else hub.open_local(_path(table, folder, split), wanted)
    there = list(opened.column_names)
    wrong = [Problem(_name(table), f"has no column {name!r}", suggest(name, there)) for name in table.columns.values() if name not in there]
    if wrong:
        raise InputError(wrong)
    return opened


def _path(table: Table, folder: Path, split: str) -> Path:
    return folder / table.path.replace("{split}", split)


def _name(table: Table) -> str:
    return table.path or table.dataset


def _splits(path: Path) -> str:
    there = sorted(other.stem for other in path.parent.glob(f"*{path.suffix}")) if not path.is_file() else []
    return f"; the splits here are: {', '.join(there)}" if there else ""
