"""MANIFEST: what the files of a folder must be, byte for byte, and what made them.

The file is JSON: ``{"files": {"corpus.jsonl": {"sha256": ..., "bytes": ..., "made_by": ...}}}``.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from ragguard.data.hashing import file_digest
from ragguard.errors import InputError, Problem
from ragguard.plan.source import display

NAME = "MANIFEST"


@dataclass(frozen=True, slots=True)
class Entry:
    """What one file must be: SHA-256 (64 hexadecimal digits), size in bytes, and the command that made it ("" if unknown)."""

    sha256: str
    bytes: int
    made_by: str = ""


def read(folder: Path) -> dict[str, Entry]:
    """Read a folder's manifest, by file name.

    Raises:
        InputError: there is none, or it is malformed.
    """
    path = folder / NAME
    shown = display(path)
    try:
        files = orjson.loads(path.read_bytes())["files"]
        return {str(name): Entry(**values) for name, values in files.items()}
    except FileNotFoundError:
        raise InputError(Problem(shown, "there is no manifest", "build the collection again")) from None
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        what = 'is not a manifest: {"files": {name: {"sha256": ..., "bytes": ..., "made_by": ...}}}'
        raise InputError(Problem(shown, what, "build the collection again")) from error


def write(folder: Path, made_by: Mapping[str, str]) -> None:
    """Write the manifest of a folder for the files named, each with what made it. Names may hold subfolders (``qrels/test.tsv``)."""
    files = {name: asdict(_entry(folder / name, by)) for name, by in made_by.items()}
    text = orjson.dumps({"files": files}, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
    (folder / NAME).write_bytes(text)


def verify(folder: Path) -> list[Problem]:
    """Compare a folder with its manifest: one problem for each file that is missing or differs; none means all is as it was built.

    Raises:
        InputError: the manifest is missing or malformed.
    """
    return [problem for name, entry in sorted(read(folder).items()) if (problem := _compare(folder / name, entry)) is not None]


def _entry(path: Path, made_by: str) -> Entry:
    return Entry(file_digest(path), path.stat().st_size, made_by)


def _compare(path: Path, entry: Entry) -> Problem | None:
    fix = f"make it again: {entry.made_by}" if entry.made_by else "restore it"
    if not path.is_file():
        return Problem(display(path), "is in the manifest, but not here", fix)
    size = path.stat().st_size
    if size != entry.bytes:
        return Problem(display(path), f"has {size:,} bytes, the manifest says {entry.bytes:,}", fix)
    if file_digest(path) != entry.sha256:
        return Problem(display(path), "has another content than the manifest says", fix)
    return None
