"""Lines of text files, with number and byte offset; gzip is read through; every way they can be unreadable is an InputError."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import orjson

from ragguard.data.problems import Problems
from ragguard.errors import InputError, Problem
from ragguard.plan.source import display

BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """One line that is not blank: its number from 1, the offset of its first byte, and its bytes without byte order mark."""

    number: int
    offset: int
    raw: bytes


def lines(path: Path, expected: str) -> Iterator[Line]:
    """Read the lines of a file (``.gz``: unpacked; offsets are then of the unpacked bytes).

    Args:
        path: the file.
        expected: what should be there, for the message when it is not.

    Raises:
        InputError: the file is missing, is not readable, or is a damaged gzip file.
    """
    with opened(path, expected) as (stream, _):
        offset = 0
        for number, raw in enumerate(stream, start=1):
            if not raw.isspace():
                yield Line(number, offset, raw.removeprefix(BOM) if number == 1 else raw)
            offset += len(raw)


@contextmanager
def opened(path: Path, expected: str) -> Iterator[tuple[IO[bytes], str]]:
    """Open a file (``.gz``: unpacked) for the block; yields it, and what people know it as.

    Raises:
        InputError: as ``lines``, in the block too.
    """
    shown = display(path)
    try:
        with _open(path) as stream:
            yield stream, shown
    except FileNotFoundError:
        raise InputError(Problem(shown, "there is no such file", f"expected {expected}")) from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(Problem(shown, f"is not a whole gzip file ({error})", "pack it again")) from error
    except OSError as error:
        raise InputError(Problem(shown, f"cannot be read: {error.strerror}", f"expected {expected}")) from error


def _open(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def decode(line: Line, where: str, problems: Problems) -> str | None:
    """Return a line's text without its line end; None, and a problem, if it is not UTF-8."""
    try:
        return line.raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        byte = line.raw[error.start]
        problems.add(where, f"is not UTF-8 (byte 0x{byte:02x} at offset {line.offset + error.start:,})", "save the file as UTF-8")
        return None


def parse_object(line: Line, where: str, problems: Problems) -> dict[str, Any] | None:
    """Return the JSON object on a line; None, and a problem, if there is none."""
    try:
        row = orjson.loads(line.raw)
    except orjson.JSONDecodeError as error:
        text = decode(line, where, problems)
        if text is not None:
            problems.add(
                where,
                f"is not JSON: {error.msg.partition(': line ')[0]} (column {min(error.pos, len(text)) + 1})",
                "write one JSON object a line; NaN and Infinity are not JSON",
            )
        return None
    if not isinstance(row, dict):
        problems.add(where, "is JSON, but not an object", 'write one {"key": value, ...} a line')
        return None
    return row
