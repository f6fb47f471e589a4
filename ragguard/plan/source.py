"""A YAML file that a person wrote: its values, and the line of each."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ragguard.errors import InputError, Problem

_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")

Location = Sequence[str | int]


@dataclass(frozen=True)
class Source:
    """A parsed file. ``raw`` is as written; ``values`` has ``${NAME}`` expanded; ``expanded`` maps the values put in to their names."""

    path: Path
    shown: str
    raw: dict[str, Any]
    values: dict[str, Any]
    expanded: Mapping[str, str]
    problems: tuple[Problem, ...]
    lines: Mapping[tuple[str | int, ...], int] = field(repr=False)

    def where(self, location: Location = ()) -> str:
        """``file:line`` of the deepest part of ``location`` that the file has. Parts that it lacks (union tags) are passed over."""
        known: tuple[str | int, ...] = ()
        for part in location:
            if (*known, part) in self.lines:
                known = (*known, part)
        return f"{self.shown}:{self.lines[known]}" if known in self.lines else self.shown


def display(path: Path) -> str:
    """Return a path as people know it: relative to the working folder where it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def read(path: Path, what: str) -> Source:
    """Parse a YAML mapping.

    Raises:
        InputError: the file is missing, not UTF-8, not YAML, or not a mapping; with line and fix.
    """
    shown = display(path)
    node = _parse(path, shown, what)
    if not isinstance(node, Mapping):
        found = "is empty" if node is None else f"is {'a list' if isinstance(node, list) else 'a single value'}, not keys and values"
        raise InputError(Problem(shown, found, f"a {what} is written as key: value lines"))
    lines: dict[tuple[str | int, ...], int] = {(): 1}
    _number(node, (), lines)
    raw = _plain(node)
    expander = _Expander(shown, lines)
    values = expander.expand(raw, ())
    return Source(path, shown, raw, values, expander.used, tuple(expander.problems), lines)


def has_variable(text: str) -> bool:
    """Tell whether a text still has a ``${NAME}`` in it: one that was not set, which is a problem already."""
    return _VARIABLE.search(text) is not None


def expand(values: dict[str, Any], shown: str) -> tuple[dict[str, Any], Mapping[str, str], list[Problem]]:
    """Put environment variables into values that do not come from a plan.

    Returns the values, what was put in with the variables' names, and a problem for each variable not set.
    """
    expander = _Expander(shown, {})
    return expander.expand(values, ()), expander.used, expander.problems


def _parse(path: Path, shown: str, what: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        fix = "check the path, or make a workspace with: ragguard init" if what == "plan" else "paths start from the file that names them"
        raise InputError(Problem(shown, f"there is no such {what}", fix)) from None
    except UnicodeDecodeError as error:
        raise InputError(Problem(shown, f"is not UTF-8 (byte {error.start})", "save it as UTF-8")) from error
    except OSError as error:
        raise InputError(Problem(shown, f"cannot be read: {error.strerror}", "check the path and its permissions")) from error
    try:
        return YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = " ".join(str(error.problem or error.context or "malformed").split())
        if error.problem and error.context and error.context_mark and error.context_mark.line + 1 != line:
            problem += f" ({' '.join(str(error.context).split())} that begins in line {error.context_mark.line + 1})"
        raise InputError(
            Problem(f"{shown}:{line}", f"is not valid YAML: {problem}", "check indentation, colons and quotes there")
        ) from error
    except YAMLError as error:
        raise InputError(
            Problem(shown, f"is not valid YAML: {' '.join(str(error).split())}", "check for characters that YAML forbids")
        ) from error


def _number(node: Any, location: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int]) -> None:
    """Note the line of every key and item below a ruamel node; a key that is merged in (``<<``) has that of the mapping it came to."""
    if not hasattr(node, "lc"):
        return
    positions: Any = node.lc
    items = node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list) else ()
    for key, child in items:
        here = (*location, key)
        place = (positions.data or {}).get(key)
        lines[here] = lines[location] if place is None else place[0] + 1
        _number(child, here, lines)


def _plain(node: Any) -> Any:
    """Return ruamel's round-trip nodes as plain Python values."""
    if isinstance(node, Mapping):
        return {key: _plain(child) for key, child in node.items()}
    if isinstance(node, list):
        return [_plain(child) for child in node]
    if node is None:
        return None
    return next((kind for kind in (bool, int, float) if isinstance(node, kind)), str)(node)


class _Expander:
    """Puts environment variables into values: ``${NAME}``, or ``${NAME:-default}``. Keys are left alone."""

    def __init__(self, shown: str, lines: Mapping[tuple[str | int, ...], int]) -> None:
        self.shown, self.lines = shown, lines
        self.used: dict[str, str] = {}
        self.problems: list[Problem] = []

    def expand(self, node: Any, location: tuple[str | int, ...]) -> Any:
        if isinstance(node, dict):
            return {key: self.expand(child, (*location, key)) for key, child in node.items()}
        if isinstance(node, list):
            return [self.expand(child, (*location, index)) for index, child in enumerate(node)]
        return _VARIABLE.sub(lambda match: self._value(match, location), node) if isinstance(node, str) else node

    def _value(self, match: re.Match[str], location: tuple[str | int, ...]) -> str:
        name = match["name"]
        default: str | None = match["default"]
        value = os.environ.get(name, default)
        if value is None:
            where = f"{self.shown}:{self.lines.get(location, 1)}"
            self.problems.append(
                Problem(where, f"environment variable {name} is not set", f"export {name}=..., or write ${{{name}:-default}}")
            )
            return match[0]
        if name in os.environ and value:
            self.used[value] = name
        return value
