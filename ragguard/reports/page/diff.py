"""What changed between two answers, word by word."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal

Op = int | str
"""A step from one text to another: n > 0 words that stay, n < 0 words that go, or text that comes."""

Kind = Literal["", "gone", "come"]
Piece = tuple[str, Kind]

LONG = 1500
"""Words of both texts together from which on they are not compared: it would take too long, and tell nothing."""

_WORD = re.compile(r"[^ \t\n\r]+[ \t\n\r]*|[ \t\n\r]+")  # as in report.js, whose \s is another one


def words(text: str) -> list[str]:
    """The words of a text with the white space behind them; together they are the text."""
    return _WORD.findall(text)


def ops(before: Sequence[str], after: Sequence[str]) -> list[Op]:
    """Return the steps that make ``after`` of ``before``."""
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    made: list[Op] = [start] if start else []
    if len(old) + len(new) > LONG:
        made += [*([-len(old)] if old else []), *(["".join(new)] if new else [])]
    else:
        made += _steps(old, new)
    return [*made, end] if end else made


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    return next((i for i, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other)))


def _steps(old: Sequence[str], new: Sequence[str]) -> Iterator[Op]:
    for kind, begin, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield end - begin
        else:
            if end > begin:
                yield begin - end
            if last > first:
                yield "".join(new[first:last])


def pieces(before: Sequence[str], steps: Sequence[Op]) -> tuple[list[Piece], list[Piece]]:
    """Return both texts in pieces: the first with what goes marked, the second with what comes."""
    old: list[Piece] = []
    new: list[Piece] = []
    at = 0
    for step in steps:
        if isinstance(step, str):
            new.append((step, "come"))
            continue
        text = "".join(before[at : at + abs(step)])
        at += abs(step)
        old.append((text, "" if step > 0 else "gone"))
        if step > 0:
            new.append((text, ""))
    return old, new
