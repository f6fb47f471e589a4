"""Values out of a response, by JSONPath (RFC 9535) as jsonpath-ng reads it. What a path names must be there."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ragguard.errors import InputError, Problem

if TYPE_CHECKING:
    from jsonpath_ng import DatumInContext, JSONPath


class AbsentError(ValueError):
    """The path leads to nothing: the message says how far it goes."""


@lru_cache(maxsize=256)
def parsed(path: str) -> "JSONPath":
    """Return a path, ready to be followed.

    Raises:
        InputError: it is none.
    """
    from jsonpath_ng.ext.parser import parse

    fix = "a path is like $.sources[*].id"
    if not path.startswith("$"):  # the library takes it for relative
        raise InputError(Problem("", f"{path!r} is not a path, which begins with $", fix))
    try:
        return parse(path)
    except Exception as error:  # its parsers have no common one
        raise InputError(Problem("", f"{path!r} is not a path: {error}", fix)) from error


def find(path: str, value: Any) -> list[Any]:
    """Return what a path leads to, in order; none for an empty list. null counts as absent.

    Unlike the library, which leaves out what an item of ``[*]`` lacks: scores would then be those of other documents.

    Raises:
        AbsentError: a key or position is not there, or what is to be gone through is no list.
    """
    from jsonpath_ng import DatumInContext

    found = _follow(parsed(path), DatumInContext.wrap(value))
    for each in found:
        _check(each)
    return [each.value for each in found]


def _follow(step: "JSONPath", datum: "DatumInContext") -> list["DatumInContext"]:
    from jsonpath_ng import Child, Fields, Index, Slice
    from jsonpath_ng.ext.filter import Filter
    from jsonpath_ng.jsonpath import Wildcard

    if isinstance(step, Child):
        return [found for way in _follow(step.left, datum) for found in _follow(step.right, way)]
    _check(datum)
    if isinstance(step, Wildcard | Slice | Filter) and not isinstance(datum.value, list | dict):
        raise AbsentError(f"{_place(datum)} is no list")
    found = list(step.find(datum))
    named = step.fields if isinstance(step, Fields) else step.indices if isinstance(step, Index) else ()
    if len(found) < len(named):
        raise AbsentError(f"{_place(datum)} has no {', '.join(map(repr, named))}")
    return found


def _check(datum: "DatumInContext") -> None:
    if datum.value is None:
        raise AbsentError(f"{_place(datum)} is null")


def _place(datum: "DatumInContext") -> str:
    path = str(datum.full_path)
    return "$" if datum.context is None else f"$.{path.replace('.[', '[')}"
