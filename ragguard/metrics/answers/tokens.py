"""A text as words, numbers with their units, dates, versions and identifiers, each in one normal form, so that they can be compared.

``30 s``, ``30s`` and ``30 seconds`` are one token, and so are ``EUR 1,200`` and ``1200 euros``, ``5%`` and ``5 percent``,
``1 February 2024`` and ``2024-02-01``, ``v2.3`` and ``version 2.3``. Identifiers (``snake_case``, ``camelCase``, ``/paths``,
``--flags``, ``Header-Names``) are one token each, whatever their capitals. Tokens are compared whole: 30 is not in 300, nor v2.3 in
v2.31.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from ragguard.metrics.answers.units import CURRENCIES, MONTHS, MULTIPLES, NUMBERS, unit_of

Kind = Literal["word", "number", "quantity", "date", "clock", "version", "name"]

KEPT = 4096
"""Texts whose tokens are kept: several metrics look at one answer."""

KEPT_WORDS, LONGEST = 65_536, 40
"""Words whose pieces are kept, and how long one is at most."""

_DROPPED = frozenset({"a", "an", "the", "per"})
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?"
_GLUED = re.compile(rf"([€$£¥]|[A-Z]{{3}})?([-+]?(?!0\d)(?:{_NUMBER}))(?:-(?=[A-Za-z]{{2}}))?([A-Za-zµμ°%]+)?$")
_RANGE = re.compile(rf"({_NUMBER})-((?:{_NUMBER})\S*)$")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}$")
_CLOCK = re.compile(r"0?(\d{1,2}:\d{2}(?::\d{2})?)$")
_VERSION = re.compile(r"(?:v(\d+(?:\.\d+)*)|(\d+(?:\.\d+){2,}))([-+]?[A-Za-z]\w*)?$", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?$")
_PARTS = re.compile(r"[^\W\d_]+(?:[-/][^\W\d_]+)+$")
_HEADER = re.compile(r"[A-Z][A-Za-z]*(?:-[A-Z][A-Za-z]*)+$|x-[a-z]+(?:-[a-z]+)*$")
_CAMEL = re.compile(r"[a-z]+[A-Z]|[A-Z][a-z]+[A-Z][a-z]")
_CODE = re.compile(r"0\d|.{40}")  # what is no number though it is digits: 0030, and what is too long to be one
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?$")
_DOTTED = re.compile(r"[a-z][a-z]+(?:\.[a-z][a-z]+)+$")
_OUTER = str.maketrans({"‐": "-", "‑": "-", "–": "-", "—": " - ", "−": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "`": " ", "*": " "})
_THIN = re.compile(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))")


@dataclass(frozen=True, slots=True)
class Token:
    """``key`` is what it is compared by; ``number`` the number as written, where it has one, in its shortest form (``1200``, ``0.9``).

    ``text`` is the version, date or number as it stands, for what a key loses (2.30 is another version than 2.3). ``digits`` says that
    a number is written in digits.
    """

    key: str
    kind: Kind = "word"
    number: str = ""
    text: str = ""
    digits: bool = True


@lru_cache(maxsize=KEPT)
def tokens(text: str) -> tuple[Token, ...]:
    """Return a text's tokens, in order; articles, ``per`` and punctuation are none."""
    clean = unicodedata.normalize("NFKC", _THIN.sub(",", text)).translate(_OUTER)
    pieces = [piece for chunk in clean.split() for piece in _pieces(chunk)]
    return tuple(token for token in _joined(pieces) if token.key not in _DROPPED)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A token with the text that it was read from; what follows may still belong to it, unless punctuation stands between."""

    token: Token
    raw: str
    ends: bool = False


def _pieces(chunk: str) -> tuple[_Piece, ...]:
    """Words come again and again, and are read once; what is too long to be one is not kept."""
    return _known(chunk) if len(chunk) <= LONGEST else tuple(_made(chunk))


@lru_cache(maxsize=KEPT_WORDS)
def _known(chunk: str) -> tuple[_Piece, ...]:
    return tuple(_made(chunk))


def _made(chunk: str) -> Iterator[_Piece]:
    bare = chunk.strip("()[]{}<>\"',;:!?").rstrip(".")
    bare = (bare.lstrip(".") if bare.startswith("..") else bare).strip("()[]{}\"'")
    ends = chunk.rstrip("\"')]}").endswith((".", ",", ";", ":", "!", "?"))
    parts = list(_split(bare))
    for place, part in enumerate(parts, 1):
        yield _Piece(_read(part), part, ends and place == len(parts))


def _split(chunk: str) -> Iterator[str]:
    """What is written in one and is several: ``1.2%`` is not, ``30s``, ``EUR5``, ``5-10`` and ``read-only`` are."""
    if _ISO.match(chunk) or _HEADER.match(chunk):
        yield chunk
    elif found := _RANGE.match(chunk):
        yield found[1]
        yield from _split(found[2])
    elif (glued := _GLUED.match(chunk)) and (not glued[1] or glued[1] in CURRENCIES) and (not glued[3] or _measures(glued[3])):
        yield from (part for part in glued.groups() if part)
    elif _PARTS.match(chunk):
        yield from re.split("[-/]", chunk)
    elif "/" in chunk and re.match(rf"(?:{_NUMBER})/[^\W\d]+$", chunk):
        number, _, word = chunk.partition("/")
        yield from (number, "per", word)
    elif chunk not in ("", "-"):
        yield chunk


def _measures(word: str) -> bool:
    return unit_of(word) is not None or word.lower() in MULTIPLES


def _read(chunk: str) -> Token:
    """The token of a chunk on its own."""
    if _ISO.match(chunk):
        return Token(f"date:{chunk}", "date", text=chunk)
    if found := _CLOCK.match(chunk):
        return Token(f"clock:{found[1]}", "clock")
    if found := _VERSION.match(chunk):
        number = (found[1] or found[2]) + (found[3] or "").lower()
        return Token(f"v{number}", "version", text=number)
    if re.fullmatch(rf"[-+]?(?:{_NUMBER})", chunk) and not _CODE.match(chunk):
        return _number(chunk)
    if _WORD.match(chunk) and not _CAMEL.search(chunk):
        return _word(chunk)
    return Token(chunk.casefold().rstrip("/") or chunk, "name" if is_name(chunk) else "word", text=chunk)


def is_name(chunk: str) -> bool:
    """Tell whether a chunk is an identifier by its form: an underscore, a path, a flag, an inner capital, digits, or ``dotted.words``."""
    if not any(letter.isalnum() for letter in chunk):
        return False
    marked = "_" in chunk or chunk.startswith(("/", "--", "./", ".")) or "://" in chunk or "=" in chunk
    return marked or bool(_CAMEL.search(chunk) or _HEADER.match(chunk) or _DOTTED.match(chunk)) or any(map(str.isdigit, chunk))


def _number(chunk: str) -> Token:
    grouped = re.fullmatch(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", chunk) is not None
    plain = (chunk.replace(",", "") if grouped else chunk.replace(",", ".")).removeprefix("+")
    short = _shortest(plain)
    return Token(f"number:{short}", "number", short, text=plain)


def _shortest(plain: str) -> str:
    """A decimal number without zeros that say nothing."""
    whole, _, rest = plain.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    rest = rest.rstrip("0")
    return f"{sign}{digits.lstrip('0') or '0'}" + (f".{rest}" if rest else "")


def _word(chunk: str) -> Token:
    word = chunk.casefold().removesuffix("'s")
    if word in NUMBERS:
        return Token(f"number:{NUMBERS[word]}", "number", NUMBERS[word], text=NUMBERS[word], digits=False)
    plural = len(word) > 3 and word.endswith("s") and not word.endswith("ss")
    return Token(word[:-1] if plural else word, text=chunk)


def _joined(pieces: Sequence[_Piece]) -> Iterator[Token]:
    """The tokens, with numbers joined to what is beside them: units, currencies, months, and the word ``version``."""
    at = 0
    while at < len(pieces):
        token, used = _from(pieces, at)
        yield token
        at += used


def _from(pieces: Sequence[_Piece], at: int) -> tuple[Token, int]:
    """The token that begins at a place, and how many pieces it takes."""
    here = pieces[at]
    run = [here]
    for piece in pieces[at + 1 : at + 4]:
        if run[-1].ends and not _date_goes_on(run[-1], piece):
            break
        run.append(piece)
    return _date(run) or _money(run) or _measured(run) or _versioned(run) or (here.token, 1)


def _date_goes_on(before: _Piece, after: _Piece) -> bool:
    """``Sept. 5`` and ``May 5, 2024``: punctuation inside a date."""
    return before.raw in MONTHS or (bool(_DAY.match(before.raw)) and len(after.raw) == 4 and after.raw.isdigit())


def _date(run: Sequence[_Piece]) -> tuple[Token, int] | None:
    raw = [piece.raw for piece in run]
    if len(raw) > 1 and (day := _DAY.match(raw[0])) and raw[1] in MONTHS:
        month = MONTHS[raw[1]]
    elif len(raw) > 1 and raw[0] in MONTHS and (day := _DAY.match(raw[1])):
        month = MONTHS[raw[0]]
    else:
        return None
    year = raw[2] if len(raw) > 2 and re.fullmatch(r"(?:19|20)\d\d", raw[2]) else ""
    text = f"{year or '-'}-{month:02d}-{int(day[1]):02d}"
    return Token(f"date:{text}", "date", text=text), 3 if year else 2


def _money(run: Sequence[_Piece]) -> tuple[Token, int] | None:
    if run[0].raw not in CURRENCIES or len(run) < 2 or run[1].token.kind != "number":
        return None
    times, used = _multiple(run, 2)
    return _quantity(run[1].token, run[0].raw, times), used


def _measured(run: Sequence[_Piece]) -> tuple[Token, int] | None:
    if run[0].token.kind != "number":
        return None
    times, used = _multiple(run, 1)
    if used + 1 < len(run) and [piece.raw.lower() for piece in run[used : used + 2]] == ["per", "cent"]:
        return _quantity(run[0].token, "%", times), used + 2
    if used < len(run) and unit_of(run[used].raw) is not None:
        return _quantity(run[0].token, run[used].raw, times), used + 1
    return (_quantity(run[0].token, "", times), used) if used > 1 else None


def _multiple(run: Sequence[_Piece], at: int) -> tuple[Fraction, int]:
    times = MULTIPLES.get(run[at].raw.lower()) if at < len(run) else None
    return (times, at + 1) if times is not None else (Fraction(1), at)


def _quantity(number: Token, unit: str, times: Fraction) -> Token:
    value = Fraction(number.number) * times
    if not unit:
        return replace(number, key=f"number:{value}", number=str(value))
    dimension, size = unit_of(unit) or ("", Fraction(1))
    return Token(f"{dimension}:{value * size}", "quantity", number.number, number.text, number.digits)


def _versioned(run: Sequence[_Piece]) -> tuple[Token, int] | None:
    if run[0].raw.lower() not in ("version", "release") or len(run) < 2 or run[1].token.kind not in ("number", "version"):
        return None
    text = run[1].token.text
    return Token(f"v{text}", "version", text=text), 2
