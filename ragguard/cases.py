"""Writes what the suites of a plan ask, for systems that are asked elsewhere and come back as recorded runs."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from ragguard import preflight
from ragguard.data.planted import PlantedCorpus
from ragguard.records.collection import Document
from ragguard.store import write_atomically
from ragguard.suites.golden import Part
from ragguard.suites.resolve import Suite


def write(plan: Path, out: Path, *, allow_code: bool = False) -> list[Path]:
    """Write a folder a suite: ``queries.jsonl`` (``_id``, ``text``) and, for each attack, ``ATTACK/queries.jsonl`` with the documents
    that must be in the index when those are asked, ``ATTACK/planted.jsonl``. Return the files.

    Raises:
        InputError: the plan, a suite or the data is wrong.
    """
    written = []
    for suite in preflight.load(plan, allow_code=allow_code).suites:
        for part in suite.parts:
            folder = out / suite.name / _place(suite, part)
            written.append(_lines(folder / "queries.jsonl", ({"_id": case.id, "text": case.text} for case in part.cases)))
            if isinstance(part.collection.corpus, PlantedCorpus):
                written.append(_lines(folder / "planted.jsonl", map(_row, part.collection.corpus.planted)))
    return written


def _place(suite: Suite, part: Part) -> str:
    if part.collection is suite.collection:
        return ""
    return part.cases[0].attack or part.collection.folder.name


def _row(document: Document) -> dict[str, str]:
    fields = {**asdict(document), **document.extra}
    return {"_id": fields.pop("id"), **{name: value for name, value in fields.items() if value and name not in ("extra", "planted")}}


def _lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    write_atomically(path, b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path
