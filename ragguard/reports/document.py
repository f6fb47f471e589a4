"""report.json: the record, key by key, as bytes that are the same whenever the record is."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, NewType

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import from_json as parse

from ragguard.errors import CannotJudge, InputError, Problem
from ragguard.plan.source import display
from ragguard.records.calibration import Disagreement, Figure, JudgedAnswer
from ragguard.records.drill import Shot
from ragguard.records.efficiency import Answering, Latency, Stage
from ragguard.records.error_rates import Share, Simulated
from ragguard.records.metric import Metric
from ragguard.records.report import SCHEMA_VERSION, Arm, CaseRun, JudgeRun, Mean, Moved, Report, ShownDocument, TaskRun
from ragguard.records.verdict import Verdict

_ROWS = (
    Answering,
    Arm,
    CaseRun,
    Disagreement,
    Figure,
    JudgedAnswer,
    JudgeRun,
    Latency,
    Mean,
    Moved,
    Share,
    Shot,
    ShownDocument,
    Simulated,
    Stage,
    TaskRun,
    Verdict,
)  # one line each, so that a diff of two reports shows rows
_MOST_PROBLEMS = 20
_File = NewType("_File", Report)  # a name of its own, for pydantic takes no configuration beside a bare dataclass


@cache
def _adapter() -> TypeAdapter[Report]:
    return TypeAdapter(_File, config=ConfigDict(extra="forbid", strict=True, allow_inf_nan=False))


def to_json(report: Report) -> bytes:
    """Return a report as canonical JSON: keys in the record's order, mappings sorted by key, a row a line, UTF-8, a newline at the end.

    Floats are written as the shortest text that reads back to the same number. Lone surrogates, which UTF-8 cannot carry, become U+FFFD.

    Raises:
        CannotJudge: a number is not finite, or a value is of a kind that JSON does not have; the message names its place.
    """
    return canonical(report, "report")


def canonical(record: Any, name: str) -> bytes:
    """Return any record as canonical JSON, as ``to_json`` does; ``name`` is what it is called in the message of an error."""
    return (_text(record, name, "") + "\n").encode()


def _text(value: Any, where: str, indent: str) -> str:
    """Lay out a value: containers over several lines, rows and leaves on one."""
    if isinstance(value, _ROWS) or not (isinstance(value, Mapping | tuple | list) or _is_record(value)) or not value:
        return json.dumps(_plain(value, where), ensure_ascii=False, allow_nan=False)
    inner = indent + " "
    if isinstance(value, tuple | list):
        parts = [inner + _text(item, f"{where}[{i}]", inner) for i, item in enumerate(value)]
        return "[\n" + ",\n".join(parts) + f"\n{indent}]"
    parts = [f"{inner}{quoted(key)}: {_text(item, f'{where}.{key}', inner)}" for key, item in _items(value, where)]
    return "{\n" + ",\n".join(parts) + f"\n{indent}}}"


def _plain(value: Any, where: str) -> Any:
    """The same value in JSON's own kinds."""
    if isinstance(value, str):
        return _writable(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise CannotJudge(f"{where} is {value}, which is not a finite number; this is a fault of ragguard: please report it")
        return value
    if isinstance(value, Metric):
        return str(value)
    if isinstance(value, tuple | list):
        return [_plain(item, f"{where}[{i}]") for i, item in enumerate(value)]
    return {_writable(key): _plain(item, f"{where}.{key}") for key, item in _items(value, where)}


def _items(value: Any, where: str) -> list[tuple[str, Any]]:
    if _is_record(value):
        return [(field.name, getattr(value, field.name)) for field in fields(value)]
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise CannotJudge(f"{where} is a {type(value).__name__}, which JSON cannot carry; this is a fault of ragguard: please report it")
    return sorted(value.items())


def _is_record(value: Any) -> bool:
    return is_dataclass(value) and not isinstance(value, Metric)


def quoted(text: str) -> str:
    """A text as it stands in the file."""
    return json.dumps(_writable(text), ensure_ascii=False)


def _writable(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if not text.isascii() else text


def from_json(path: Path) -> Report:
    """Read a report that ``to_json`` wrote. Nothing is guessed: unknown keys, missing keys and wrong types are refused.

    Raises:
        InputError: the file is not there, is not JSON, is of another ``schema_version``, or is not a report; every problem, with its place.
    """
    try:
        data = path.read_bytes()
        head = parse(data, allow_inf_nan=False)
    except FileNotFoundError:
        fix = "make one with: ragguard gate, or name the folder of one with --report"
        raise InputError(Problem(display(path), "there is no such report", fix)) from None
    except OSError as error:
        raise InputError(Problem(display(path), f"cannot be read ({error.strerror})", "give the path of a report.json")) from error
    except ValueError as error:
        raise InputError(Problem(display(path), f"is not JSON ({error})", "write it again with: ragguard gate")) from error
    version = head.get("schema_version") if isinstance(head, dict) else None
    if version is None:
        fix = "give a report.json that ragguard wrote; of another tool's results, name the tool with --format"
        raise InputError(Problem(display(path), "is no report: it has no schema_version", fix))
    if version != SCHEMA_VERSION:
        what = f"has schema_version {version!r}; this ragguard reads {SCHEMA_VERSION}"
        raise InputError(Problem(display(path), what, "write the report again with this version of ragguard"))
    try:
        return _adapter().validate_json(data)
    except ValidationError as error:
        raise InputError(_problems(path, error)) from error


def _problems(path: Path, error: ValidationError) -> list[Problem]:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    problems = [Problem(display(path), f"{'.'.join(map(str, each['loc'])) or 'report'}: {each['msg']}") for each in found[:_MOST_PROBLEMS]]
    rest = len(found) - len(problems)
    return [*problems, Problem(display(path), f"and {rest} more problems like these")] if rest else problems


def schema() -> dict[str, Any]:
    """Return the published JSON schema (draft 2020-12) of report.json."""
    made = _adapter().json_schema()
    made["properties"]["schema_version"] = {"const": SCHEMA_VERSION, "title": "Schema Version"}
    made["required"] = [*made["required"], "schema_version"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | made | {"title": "ragguard report"}
