"""What pages show beside words: tables, and pictures with the same numbers as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Table:
    """A table: ``words`` are the columns that hold words; a cell is a text, or a pair of a text and a smaller one below it."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence["str | tuple[str, str] | Markup"]]
    words: tuple[int, ...] = (0,)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture with its caption, and the same numbers as a table."""

    drawn: "Markup"
    caption: str
    table: Table | None = None
