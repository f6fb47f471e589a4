"""A JSON schema for a judge's reply: read and checked before anything runs, and how a reply becomes a value from 0 to 1."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragguard.errors import InputError, MissingExtra, Problem, suggest
from ragguard.judges.failures import shown
from ragguard.plan.source import display

_FENCED = re.compile(r"```[a-zA-Z]*\s*\n(.*?)```", re.DOTALL)
_THOUGHT = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)
PREFERENCES = ("A", "B", "tie")
"""What a judge of pairs may say, in any case of letters."""


class ReplyError(Exception):
    """A reply that is of no use; the message is the verdict's error."""


@dataclass(frozen=True)
class ReplySchema:
    """The schema, where it stands, and the score's place in it: ``levels`` from worst to best, or the range ``low`` to ``high``."""

    where: str
    content: Mapping[str, Any]
    score: str
    levels: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 1.0

    @property
    def binary(self) -> bool:
        """Whether there are two values, 0 and 1, and no other."""
        return len(self.levels) == 2

    @property
    def strict(self) -> bool:
        """Whether servers can be asked to keep to it strictly: an object of which every property is required, and no other allowed."""
        names = set(self.content.get("properties", {}))
        return self.content.get("additionalProperties") is False and set(self.content.get("required", ())) == names

    def read(self, text: str) -> Mapping[str, Any]:
        """Return the reply as an object that fits the schema. Raises ReplyError with what is wrong."""
        found = _json(text)
        if not isinstance(found, dict):
            raise ReplyError(f"not an object: {shown(text)}")
        if self.score not in found:
            raise ReplyError(f"no score: the reply has no {self.score!r}: {shown(text)}")
        self._refuse_out_of_range(found[self.score])
        from jsonschema import Draft202012Validator

        for error in Draft202012Validator(self.content).iter_errors(found):
            raise ReplyError(f"not as the schema says: {'.'.join(map(str, error.path)) or 'reply'}: {shown(error.message)}")
        return found

    def value(self, found: Mapping[str, Any]) -> float:
        """Return the score of a reply that was read, as a share of its range."""
        score = found[self.score]
        return _place(self.levels, score) / (len(self.levels) - 1) if self.levels else (score - self.low) / (self.high - self.low)

    def _refuse_out_of_range(self, score: Any) -> None:
        if self.levels:
            if _place(self.levels, score) < 0:
                raise ReplyError(f"out of range: {self.score} is {score!r}, none of {', '.join(map(repr, self.levels))}")
        elif isinstance(score, bool) or not isinstance(score, int | float) or not self.low <= score <= self.high:
            raise ReplyError(f"out of range: {self.score} is {score!r}, not from {self.low:g} to {self.high:g}")


def _place(levels: Sequence[Any], score: Any) -> int:
    """Where a score stands among the levels, -1 where it does not: true is not 1."""
    return next((i for i, level in enumerate(levels) if level == score and isinstance(level, bool) == isinstance(score, bool)), -1)


def load(path: Path, score: str, *, pairwise: bool) -> ReplySchema:
    """Read a schema's file.

    Raises:
        InputError: it is no JSON schema, has no such property, or the property no range.
        MissingExtra: there is no library to hold replies against it.
    """
    where = display(path)
    content = _content(path, where)
    properties = content.get("properties")
    if not isinstance(properties, dict) or score not in properties:
        known = properties if isinstance(properties, dict) else ()
        raise InputError(Problem(where, f"has no property {score!r}, which holds the score", suggest(score, known)))
    spec = _followed(properties[score], content)
    if pairwise:
        return ReplySchema(where, content, score, _preferences(where, score, spec))
    if spec.get("type") == "boolean":
        return ReplySchema(where, content, score, (False, True))
    if isinstance(spec.get("enum"), list) and len(spec["enum"]) > 1:
        return ReplySchema(where, content, score, tuple(spec["enum"]))
    low, high = _number(spec.get("minimum")), _number(spec.get("maximum"))
    if spec.get("type") in ("number", "integer") and low is not None and high is not None and low < high:
        return ReplySchema(where, content, score, (), low, high)
    what = f"{score!r} has no range, so a score could not be compared"
    raise InputError(Problem(where, what, "make it a boolean, an enum from worst to best, or a number with minimum and maximum"))


def _preferences(where: str, score: str, spec: Mapping[str, Any]) -> tuple[str, ...]:
    levels = spec.get("enum")
    known = {name.lower() for name in PREFERENCES}
    if isinstance(levels, list) and {"a", "b"} <= {str(level).lower() for level in levels} <= known:
        return tuple(levels)
    raise InputError(Problem(where, f"{score!r} is to prefer one of two answers", 'give it "enum": ["A", "B", "tie"]'))


def _content(path: Path, where: str) -> dict[str, Any]:
    try:
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import SchemaError
    except ImportError:
        raise MissingExtra("judge", "a rubric's schema") from None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(found)
    except OSError as error:
        raise InputError(Problem(where, f"the schema cannot be read ({type(error).__name__})", "check the path")) from error
    except (ValueError, SchemaError) as error:
        raise InputError(Problem(where, f"is no JSON schema: {str(error).splitlines()[0]}", "correct it")) from error
    if not isinstance(found, dict):
        raise InputError(Problem(where, "is no schema of an object", 'begin with {"type": "object", "properties": ...'))
    return found


def _followed(spec: Any, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """A property, its one reference within the schema followed, as pydantic writes it for an enum."""
    if isinstance(spec, dict) and isinstance(spec.get("$ref"), str):
        found: Any = content
        for part in spec["$ref"].removeprefix("#/").split("/"):
            found = found.get(part) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}
    return spec if isinstance(spec, dict) else {}


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _json(text: str) -> Any:
    """The JSON of a reply: all of it, or what stands in the one fence of its Markdown; thoughts before it do not count."""
    plain = _THOUGHT.sub("", text).strip()
    fenced = _FENCED.findall(plain)
    for each in (plain, fenced[0].strip()) if len(fenced) == 1 else (plain,):
        try:
            return json.loads(each, parse_constant=_refuse)
        except (ValueError, RecursionError):
            continue
    raise ReplyError(f"not JSON: {shown(text)}")


def _refuse(name: str) -> float:
    raise ValueError(name)
