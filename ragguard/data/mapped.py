"""How a collection is laid out where it is not in BEIR's way: which tables it has, in which format, under which column names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ragguard.data.formats import records
from ragguard.errors import InputError, Problem, suggest
from ragguard.plan.source import Source, read

TableFormat = Literal["jsonl", "beir", "trec", "datasets"]


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table of a collection.

    ``path`` is a file or folder, from the collection's folder (``{split}`` stands for the split); ``dataset`` a dataset's id on the
    hub, ``name`` its configuration, ``split`` its split. ``columns`` maps our names to theirs. ``beir`` and ``trec`` are forms of
    qrels; a corpus or queries in BEIR layout are ``jsonl``, and ``beir`` means that too. ``datasets`` reads whatever the library
    of that name reads: a saved folder, a csv, parquet or JSON lines file, or the hub.
    """

    path: str = ""
    dataset: str = ""
    name: str = ""
    split: str = ""
    format: TableFormat = "beir"
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The three tables of a collection; the default is BEIR's layout."""

    corpus: Table = Table(path="corpus.jsonl")
    queries: Table = Table(path="queries.jsonl")
    qrels: Table = Table(path="qrels/{split}.tsv")


_OURS = {
    "corpus": (records.DOCUMENT_FIELDS, ("beir", "jsonl", "datasets")),
    "queries": (records.QUERY_FIELDS, ("beir", "jsonl", "datasets")),
    "qrels": (records.JUDGEMENT_FIELDS, ("beir", "trec", "jsonl", "datasets")),
}


def read_layout(path: Path) -> Layout:
    """Read a ``collection.yaml``: corpus, queries and qrels, each a table.

    Raises:
        InputError: with every unknown key, format or column, by line.
    """
    source = read(path, "collection description")
    problems = [*source.problems, *_problems(source)]
    if problems:
        raise InputError(problems)
    return Layout(**{part: Table(**values) for part, values in source.values.items()})


def check(layout: Layout) -> None:
    """Check a layout that was made in code.

    Raises:
        InputError: a table names both or neither of path and dataset, or a format or column that there is not.
    """
    problems = [
        Problem(part, what, fix)
        for part in _OURS
        for _, what, fix in _table_problems(part, {key: value for key, value in vars(getattr(layout, part)).items() if value})
    ]
    if problems:
        raise InputError(problems)


def _problems(source: Source) -> Iterator[Problem]:
    for part, values in source.values.items():
        if part not in _OURS:
            yield Problem(source.where((part,)), f"unknown key {part!r}", suggest(str(part), _OURS))
        elif not isinstance(values, dict):
            yield Problem(source.where((part,)), f"{part} is not a table", "write path: or dataset: below it")
        else:
            for location, what, fix in _table_problems(part, values):
                yield Problem(source.where((part, *location)), what, fix)


def _table_problems(part: str, values: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    fields, formats = _OURS[part]
    for key, value in values.items():
        if key not in Table.__dataclass_fields__:
            yield (key,), f"unknown key {key!r} in {part}", suggest(str(key), Table.__dataclass_fields__)
        elif not isinstance(value, Mapping if key == "columns" else str):
            yield (key,), f"{part}.{key} is {value!r}", "write ours: theirs pairs" if key == "columns" else "write it as text"
    if bool(values.get("path")) == bool(values.get("dataset")):
        yield (), f"{part} needs one of path and dataset", "write path: for what is on disk, dataset: for the hub"
    form = values.get("format", "beir")
    if form not in formats:
        yield ("format",), f"{part}.format is {form!r}", suggest(str(form), formats)
    if values.get("dataset") and form != "datasets":
        yield (), f"{part} names a dataset of the hub", "write format: datasets"
    columns = values.get("columns", {})
    if columns and part == "qrels" and form in ("beir", "trec"):
        yield ("columns",), f"{form} qrels have fixed columns", "leave columns out, or write format: jsonl or datasets"
    for ours in columns if isinstance(columns, Mapping) else ():
        if ours not in fields:
            yield ("columns", ours), f"{part} has no column {ours!r}", suggest(str(ours), fields)
