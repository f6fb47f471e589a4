"""A score as tools write it: a number, a truth value, or a word."""

import math
import re
from collections.abc import Mapping
from typing import Any, Literal

Kind = Literal["number", "flag", "word"]

WORDS: Mapping[str, float] = {
    **dict.fromkeys(("pass", "passed", "true", "yes", "correct", "right", "success"), 1.0),
    **dict.fromkeys(("fail", "failed", "false", "no", "incorrect", "wrong", "failure"), 0.0),
}
"""Words for 1 and 0, in lower case."""

MISSING = frozenset({"", "nan", "na", "n/a", "null", "none", "-"})
"""Words, in lower case, with which tables say that there is no score."""

FLAGS = frozenset({"true", "false"})

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


def read(value: Any, words: Mapping[str, float] = WORDS) -> tuple[float, Kind] | None:
    """Return a score and how it was written; None where there is none (null, NaN, an empty cell).

    Raises:
        ValueError: it is none of these, or not finite.
    """
    if isinstance(value, bool):
        return float(value), "flag"
    if isinstance(value, int | float):
        if math.isnan(value):
            return None
        if math.isinf(value):
            raise ValueError(f"{value} is not a finite number")
        return float(value), "number"
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"a {type(value).__name__} is not a score")  # noqa: TRY004 - as any other value that is none
    return _word(value.strip(), words)


def _word(text: str, words: Mapping[str, float]) -> tuple[float, Kind] | None:
    lower = text.lower()
    known = words.get(text, words.get(lower))
    if known is not None:
        return known, "flag" if lower in FLAGS else "word"
    if lower in MISSING:
        return None
    if _NUMBER.fullmatch(text) and math.isfinite(float(text)):
        return float(text), "number"
    raise ValueError(f"{text[:60]!r} is neither a number nor a word such as pass, fail, true, false")


def absent(value: Any) -> bool:
    """Tell whether a value says that there is no score: null, NaN, an empty cell."""
    if isinstance(value, str):
        return value.strip().lower() in MISSING
    return value is None or (isinstance(value, float) and math.isnan(value))


def scorelike(value: Any) -> bool:
    """Tell whether a value can be read as a score that is there."""
    try:
        return read(value) is not None
    except ValueError:
        return False
