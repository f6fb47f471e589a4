"""The folder that a calibration leaves: calibration.json and calibration.html."""

import json
from functools import cache
from pathlib import Path
from typing import Any, NewType

from pydantic import ConfigDict, TypeAdapter

from ragguard.records.calibration import SCHEMA_VERSION, Calibration
from ragguard.reports import document
from ragguard.reports.judge import page
from ragguard.store import write_atomically

JSON, HTML = "calibration.json", "calibration.html"
_File = NewType("_File", Calibration)


@cache
def _adapter() -> TypeAdapter[Calibration]:
    return TypeAdapter(_File, config=ConfigDict(extra="forbid", strict=True, allow_inf_nan=False))


def to_json(calibration: Calibration) -> bytes:
    """Return a calibration as canonical JSON: the same bytes whenever the record is the same. Raises as ``document.to_json``."""
    return document.canonical(calibration, "calibration")


def to_dict(calibration: Calibration) -> dict[str, Any]:
    """Return the same as data."""
    read: dict[str, Any] = json.loads(to_json(calibration))
    return read


def write(calibration: Calibration, out: Path) -> list[Path]:
    """Write both files into a folder (made if it is not there) and return their paths. Each is there whole or not at all.

    Raises:
        CannotJudge: the folder cannot be written to; the message names the path.
    """
    files = {JSON: to_json(calibration), HTML: page.render(calibration).encode("utf-8", "replace")}
    for name, data in files.items():
        write_atomically(out / name, data)
    return [out / name for name in files]


def schema() -> dict[str, Any]:
    """Return the published JSON schema (draft 2020-12) of calibration.json."""
    made = _adapter().json_schema()
    made["properties"]["schema_version"] = {"const": SCHEMA_VERSION, "title": "Schema Version"}
    made["required"] = [*made["required"], "schema_version"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | made | {"title": "ragguard calibration"}
