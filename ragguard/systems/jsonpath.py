"""The part of JSONPath (RFC 9535) that mapping a response needs: ``$``, ``.name``, ``['name']``, ``[0]``, ``[-1]``, ``[*]``, ``.*``."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ragguard.errors import InputError, Problem

_STEP = re.compile(r"""\.(?P<name>[A-Za-z_][\w-]*)|\[(?P<q>['"])(?P<quoted>(?:(?!(?P=q)).)+)(?P=q)\]|\[(?P<index>-?\d+)\]|\[\*\]|\.\*""")

Step = str | int | None
"""A key, a position, or None for everything."""


class AbsentError(ValueError):
    """The path leads to nothing: the message says how far it goes."""


@lru_cache(maxsize=256)
def steps(path: str) -> tuple[Step, ...]:
    """Return the steps of a path.

    Raises:
        InputError: it is none, or one that is not known here.
    """
    found: list[Step] = []
    at = 1
    while path.startswith("$") and (match := _STEP.match(path, at)):
        found.append(int(match["index"]) if match["index"] else match["name"] or match["quoted"])
        at = match.end()
    if not path.startswith("$") or at != len(path):
        what = f"{path!r} is not a path that is known here" + (f" (from {path[at:]!r} on)" if path.startswith("$") else "")
        raise InputError(Problem("", what, "a path is like $.sources[*].id: $, .name, ['name'], [0], [-1], [*]"))
    return tuple(found)


def find(path: str, value: Any) -> list[Any]:
    """Return what a path leads to: one value, or as many as its ``[*]`` make, none for an empty list. null counts as absent.

    Raises:
        AbsentError: a key or position is not there.
    """
    return list(_walk(steps(path), value, "$"))


def _walk(left: tuple[Step, ...], value: Any, way: str) -> Iterator[Any]:
    if value is None:
        raise AbsentError(f"{way} is null")
    if not left:
        yield value
        return
    step, rest = left[0], left[1:]
    if step is None:
        if not isinstance(value, list | dict):
            raise AbsentError(f"{way} is no list")
        for key, child in enumerate(value) if isinstance(value, list) else value.items():
            yield from _walk(rest, child, f"{way}[{key!r}]")
    elif isinstance(step, int):
        if not isinstance(value, list) or not -len(value) <= step < len(value):
            raise AbsentError(f"{way} has no item {step}")
        yield from _walk(rest, value[step], f"{way}[{step}]")
    else:
        if not isinstance(value, dict) or step not in value:
            raise AbsentError(f"{way} has no {step!r}")
        yield from _walk(rest, value[step], f"{way}.{step}")
