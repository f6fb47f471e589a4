"""One row of a table, read field by field, with its place; what is wrong with it is noted, never guessed away."""

import datetime
from collections.abc import Mapping
from typing import Any

import orjson

from ragguard.data.problems import Problems
from ragguard.errors import suggest


class Fields:
    """A row and where it stands (``file:line``); ``None`` and absent are the same."""

    __slots__ = ("file", "line", "problems", "row")

    def __init__(self, row: Mapping[str, Any], file: str, line: int, problems: Problems) -> None:
        self.row, self.file, self.line, self.problems = row, file, line, problems

    @property
    def where(self) -> str:
        """``file:line``."""
        return f"{self.file}:{self.line}"

    def wrong(self, what: str, fix: str = "") -> None:
        """Note a problem of this row."""
        self.problems.add(self.where, what, fix)

    def identifier(self, key: str) -> str | None:
        """Return an id: text, or a whole number, which becomes text. None, and a problem, for anything else."""
        value = self.row.get(key)
        if type(value) is int:
            return str(value)
        if isinstance(value, str) and value:
            return value
        if key not in self.row:
            self.wrong(f"has no {key}", f"give each row an {key} (it has: {', '.join(map(str, self.row)) or 'nothing'})")
        else:
            self.wrong(f"{key} is {_shown(value)}", "an id is text that is not empty")
        return None

    def text(self, key: str) -> str:
        """Return text ("" where there is none); whole numbers and dates become text."""
        value = self.row.get(key)
        if isinstance(value, str):
            return value
        if value is None:
            return ""
        if type(value) is int:
            return str(value)
        if isinstance(value, datetime.date):
            return value.isoformat()[:10]
        self.wrong(f"{key} is {_shown(value)}, not text", "put it in quotes" if isinstance(value, float) else "write it as text")
        return ""

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts (whole numbers become text)."""
        value = self.row.get(key)
        if value is None:
            return ()
        if isinstance(value, list | tuple) and all(isinstance(item, str) or type(item) is int for item in value):
            return tuple(map(str, value))
        self.wrong(f"{key} is {_shown(value)}, not a list of texts", f'write it as "{key}": ["...", "..."]')
        return ()

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        value = self.row.get(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.wrong(f"{key} is {_shown(value)}", "write true or false")
        return default

    def choice(self, key: str, known: tuple[str, ...]) -> str:
        """Return one of the known words, or "" where nothing is given."""
        value = self.text(key)
        if value and value not in known:
            self.wrong(f"{key} is {value!r}", suggest(value, known))
            return ""
        return value

    def day(self, key: str) -> str:
        """Return a day as YYYY-MM-DD, or "" where nothing is given."""
        value = self.text(key)
        if not value or _is_day(value):
            return value
        self.wrong(f"{key} is {value!r}, not a day", "write it as YYYY-MM-DD")
        return ""

    def nested(self, key: str) -> "Fields | None":
        """Return the object under a key, as fields of its own."""
        value = self.row.get(key)
        if value is None:
            return None
        if isinstance(value, Mapping):
            return Fields(value, self.file, self.line, self.problems)
        self.wrong(f"{key} is {_shown(value)}, not an object", f'write it as "{key}": {{...}}')
        return None

    def others(self, known: frozenset[str]) -> dict[str, str]:
        """Return the fields that are not known, as text: strings as they are, anything else as JSON; empty ones are left out."""
        found = {str(key): value for key, value in self.row.items() if key not in known and value not in (None, "", [], {})}
        return {key: value if isinstance(value, str) else _json(value) for key, value in found.items()}


def _is_day(value: str) -> bool:
    # Python reads other ISO forms too, but those do not sort as text.
    try:
        return datetime.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str).decode()


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, str | bool | int | float):
        return repr(value) if value != "" else "empty"
    return {"list": "a list", "dict": "an object"}.get(type(value).__name__, type(value).__name__)
