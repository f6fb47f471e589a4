"""Opens what a person names: ``PATH``, or ``PATH:ARM`` where a file or folder holds several systems."""

from pathlib import Path

from ragguard.data.foreign.formats import FORMATS, Format, recognise
from ragguard.data.foreign.wanted import Wanted
from ragguard.errors import InputError, Problem
from ragguard.plan.source import display
from ragguard.records.foreign import Table

KNOWN = ", ".join(each.name for each in FORMATS)


def split(name: str) -> tuple[Path, str] | None:
    """Return the path and the arm that a name means; None where no such file or folder is there. Arms may hold colons, as paths may."""
    if Path(name).exists():
        return Path(name), ""
    for place in (index for index, character in enumerate(name) if character == ":"):
        if place and Path(name[:place]).exists():
            return Path(name[:place]), name[place + 1 :]
    return None


def table(path: Path, kind: Format, wanted: Wanted) -> Table:
    """Read the scores in a file.

    Raises:
        InputError: it holds rankings, which have no scores, or is not what it was taken for.
    """
    if kind.read is None:
        what = f"holds rankings ({kind.name}), which are not scored"
        raise InputError(Problem(display(path), what, "give what is relevant: --qrels FILE, or --collection FOLDER"))
    return kind.read(path, wanted)


def of(path: Path, name: str = "") -> Format:
    """Return a file's format, the one named or the one that it looks like.

    Raises:
        InputError: it looks like none.
    """
    found = recognise(path, name)
    if found is None:
        raise InputError(Problem(display(path), "looks like no results that are known here", f"name the tool with --format: {KNOWN}"))
    return found
