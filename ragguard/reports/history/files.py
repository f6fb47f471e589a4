"""The JSON of a history, of two nights, and of what a night came to."""

import json
from functools import cache
from typing import Any, NewType

from pydantic import ConfigDict, TypeAdapter

from ragguard.records.history import SCHEMA_VERSION, Changes, History
from ragguard.reports import document

_File = NewType("_File", History)


@cache
def _adapter() -> TypeAdapter[History]:
    return TypeAdapter(_File, config=ConfigDict(extra="forbid", strict=True, allow_inf_nan=False))


def to_dict(record: History | Changes) -> dict[str, Any]:
    """Return a record as data that JSON can carry."""
    read: dict[str, Any] = json.loads(document.canonical(record, "history"))
    return read


def schema() -> dict[str, Any]:
    """Return the published JSON schema (draft 2020-12) of ``ragguard history --json``."""
    made = _adapter().json_schema()
    made["properties"]["schema_version"] = {"const": SCHEMA_VERSION, "title": "Schema Version"}
    made["required"] = [*made["required"], "schema_version"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | made | {"title": "ragguard history"}
