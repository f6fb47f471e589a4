"""What pydantic finds wrong with a file, in the words of the person who wrote it."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ragguard.errors import Problem, suggest
from ragguard.plan.source import Source

_M = TypeVar("_M", bound=BaseModel)


def validate(model: type[_M], source: Source, problems: list[Problem]) -> _M | None:
    """Return the values of a file as ``model``; or None, and a problem for each thing wrong, with line, key, and the near key or value."""
    try:
        return model.model_validate(source.values)
    except ValidationError as error:
        problems += [_problem(model, source, details) for details in error.errors()]
        return None


def _problem(model: type[BaseModel], source: Source, details: ErrorDetails) -> Problem:
    location, kind = details["loc"], details["type"]
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        location = (*location, str((details.get("ctx") or {}).get("discriminator", "type")).strip("'"))
    key = ".".join(str(part) for part in location if (part,) in source.lines or any(part in known for known in source.lines))
    message = details["msg"].removeprefix("Value error, ")
    if kind == "extra_forbidden":
        return Problem(
            source.where(location),
            f"unknown key {str(location[-1])!r} in {_parent(location, source)}",
            suggest(str(location[-1]), _keys(model, location)),
        )
    if kind in ("missing", "union_tag_not_found"):
        return Problem(
            source.where(location[:-1]), f"key {str(location[-1])!r} is missing in {_parent(location, source)}", f"add {location[-1]}: ..."
        )
    value = details.get("input")
    shown = f" (it is {value!r})" if isinstance(value, str | int | float | bool) and repr(value) not in message else ""
    return Problem(source.where(location), f"{key}: {message}{shown}" if key else f"{message}{shown}", _expected(details))


def _expected(details: ErrorDetails) -> str:
    context = details.get("ctx") or {}
    expected = context.get("expected") or context.get("expected_tags")
    return (
        suggest(str(context.get("tag", details.get("input"))), [p.strip(" '") for p in str(expected).replace(" or ", ", ").split(",")])
        if expected
        else ""
    )


def _parent(location: tuple[str | int, ...], source: Source) -> str:
    parts = [str(part) for index, part in enumerate(location[:-1]) if any(part in known for known in source.lines)]
    return ".".join(parts) or "the file"


def _keys(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """The keys that a model knows at a location, found through its JSON schema (union tags lead the way)."""
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    candidates: list[Mapping[str, Any]] = [schema]
    for part in location[:-1]:
        candidates = [step for node in candidates for step in _descend(node, part, definitions)] or candidates
    return sorted({key for node in candidates for key in node.get("properties", {})})


def _descend(node: Mapping[str, Any], part: str | int, definitions: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The schema nodes reached by one step of a pydantic location."""
    if isinstance(part, int):
        return _resolve(node.get("items", {}), definitions)
    if part in node.get("properties", {}):
        return _resolve(node["properties"][part], definitions)
    named = [n for n in (node,) if part in {n.get("title"), *_tags(n)}]
    if named:
        return named
    extra = [*node.get("patternProperties", {}).values(), node.get("additionalProperties")]
    return [found for child in extra if isinstance(child, Mapping) for found in _resolve(child, definitions)]


def _tags(node: Mapping[str, Any]) -> set[str]:
    return {str(child["const"]) for child in node.get("properties", {}).values() if "const" in child}


def _resolve(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Follow references and unions down to the nodes that have keys or items."""
    if "$ref" in node:
        return _resolve(definitions[node["$ref"].rsplit("/", 1)[-1]], definitions)
    options = [*node.get("anyOf", []), *node.get("oneOf", []), *node.get("allOf", [])]
    return [found for option in options for found in _resolve(option, definitions)] if options else [node]
