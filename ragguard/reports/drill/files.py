"""The folder that a drill leaves: drill.json, drill.md and drill.html."""

import json
from functools import cache
from pathlib import Path
from typing import Any, NewType

from pydantic import ConfigDict, TypeAdapter

from ragguard.records.drill import SCHEMA_VERSION, Drill
from ragguard.reports import document
from ragguard.reports.drill import markdown, page
from ragguard.store import write_atomically

JSON, MARKDOWN, HTML = "drill.json", "drill.md", "drill.html"
_File = NewType("_File", Drill)


@cache
def _adapter() -> TypeAdapter[Drill]:
    return TypeAdapter(_File, config=ConfigDict(extra="forbid", strict=True, allow_inf_nan=False))


def to_json(drill: Drill) -> bytes:
    """Return a drill as canonical JSON: the same bytes whenever the record is the same. Raises as ``document.to_json``."""
    return document.canonical(drill, "drill")


def to_dict(drill: Drill) -> dict[str, Any]:
    """Return the same as data."""
    read: dict[str, Any] = json.loads(to_json(drill))
    return read


def write(drill: Drill, out: Path) -> list[Path]:
    """Write the files into a folder (made if it is not there) and return their paths. Each is there whole or not at all.

    Raises:
        CannotJudge: the folder cannot be written to; the message names the path.
    """
    files = {JSON: to_json(drill), MARKDOWN: markdown.render(drill).encode("utf-8", "replace")}
    files[HTML] = page.render(drill).encode("utf-8", "replace")
    for name, data in files.items():
        write_atomically(out / name, data)
    return [out / name for name in files]


def schema() -> dict[str, Any]:
    """Return the published JSON schema (draft 2020-12) of drill.json."""
    made = _adapter().json_schema()
    made["properties"]["schema_version"] = {"const": SCHEMA_VERSION, "title": "Schema Version"}
    made["required"] = [*made["required"], "schema_version"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | made | {"title": "ragguard drill"}
