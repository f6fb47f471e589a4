"""What can be seen of a file at a glance."""

import re
from dataclasses import dataclass
from pathlib import Path

import orjson

from ragguard.data.foreign.parquet import parquet_columns
from ragguard.data.foreign.reading import TABLES, content, plain_suffix
from ragguard.errors import InputError, Problem
from ragguard.plan.source import display

_HEAD = 4096
_KEY = re.compile(rb'"([\w-]+)"\s*:')


@dataclass(frozen=True, slots=True)
class Look:
    """What can be seen of a file without reading all of it: its kind, its first line, the keys near its beginning."""

    path: Path
    suffix: str
    line: bytes = b""
    keys: frozenset[str] = frozenset()

    @property
    def tabular(self) -> bool:
        """Whether it may be a table: of JSON documents only a list is one."""
        return self.suffix in TABLES and (self.suffix != ".json" or self.line.lstrip().startswith(b"["))


def look(path: Path) -> Look:
    """See what can be seen of a file without parsing it whole.

    Raises:
        InputError: it cannot be read.
    """
    if path.is_dir():
        return Look(path, "")
    suffix = plain_suffix(path)
    raw = content(path) if path.suffix == ".gz" else _beginning(path)
    line = next((each for each in raw.splitlines() if each.strip()), b"")
    if suffix in (".csv", ".tsv"):
        between = "\t" if suffix == ".tsv" else ","
        return Look(path, suffix, line, frozenset(cell.strip().strip('"') for cell in line.decode(errors="replace").split(between)))
    if suffix == ".parquet":
        return Look(path, suffix, line, _parquet_columns(path))
    return Look(path, suffix, line, _keys(line, raw, suffix))


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
            # A JSON document may be one line of a gigabyte; of JSON lines the first is wanted whole.
            return head if head.endswith(b"\n") or plain_suffix(path) == ".json" else head + stream.readline()
    except FileNotFoundError:
        raise InputError(Problem(display(path), "there is no such file", "check the path")) from None
    except OSError as error:
        raise InputError(Problem(display(path), f"cannot be read: {error.strerror}", "check the path and its permissions")) from error


def _keys(line: bytes, raw: bytes, suffix: str) -> frozenset[str]:
    """The keys of the object on the first line, or those near the beginning of a document."""
    if suffix != ".json" and line.lstrip().startswith(b"{"):
        try:
            row = orjson.loads(line)
            return frozenset(map(str, row)) if isinstance(row, dict) else frozenset()
        except orjson.JSONDecodeError:
            pass
    return frozenset(key.decode() for key in _KEY.findall(raw)) if raw.lstrip()[:1] in (b"{", b"[") else frozenset()


def _parquet_columns(path: Path) -> frozenset[str]:
    return frozenset(parquet_columns(path))
