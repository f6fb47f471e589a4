"""Takes out of a text what tells who a person is, and writes what it was: ``<EMAIL_ADDRESS>``.

Names of persons are not found: no pattern knows them.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from ragguard.canary.entities import Find, Span, finder
from ragguard.errors import InputError, Problem
from ragguard.plan.canary import RedactPlan

WITHHELD = "<TEXT>"
"""What stands for a text where none is to be stored."""

KEPT = 8_192
"""Texts whose redacted form stays in memory: answers come again and again."""

ROUNDS = 8

_FIRST = ("EMAIL_ADDRESS", "CRYPTO", "IBAN_CODE")

Redact = Callable[[str], str]


def redactor(plan: RedactPlan, where: str = "canary.redact") -> Redact:
    """Return what redacts texts as a plan says; ``where`` is where it says so.

    Raises:
        InputError: there is no such entity or region, or an own pattern is no regular expression.
        MissingExtra: Presidio is not installed.
    """
    if not plan.texts:
        return lambda text: WITHHELD if text else ""
    problems, finders = list[Problem](), list[tuple[str, Find]]()
    for name, make in (*_own(plan), *_known(plan)):
        try:
            finders.append((name, make()))
        except (ValueError, re.error) as wrong:
            what, _, fix = str(wrong).partition("; ")
            problems.append(Problem(where, what, fix))
    if problems:
        raise InputError(problems)
    return lru_cache(maxsize=KEPT)(lambda text: _redacted(text, finders))


def _known(plan: RedactPlan) -> Iterator[tuple[str, Callable[[], Find]]]:
    # What is longest first, so that no part of it is taken for something else; telephone numbers, which take longest, in what is left.
    order = sorted(dict.fromkeys(plan.entities), key=lambda entity: (entity == "PHONE_NUMBER", entity not in _FIRST))
    for entity in order:
        yield entity, lambda entity=entity: finder(entity, plan.regions)  # type: ignore[misc]


def _own(plan: RedactPlan) -> Iterator[tuple[str, Callable[[], Find]]]:
    for name, pattern in plan.patterns.items():
        yield name, lambda name=name, pattern=pattern: _pattern(name, pattern)  # type: ignore[misc]


def _pattern(name: str, pattern: str) -> Find:
    try:
        compiled = re.compile(pattern)
    except re.error as wrong:
        raise ValueError(f"patterns: {name}: {pattern!r} is no regular expression ({wrong}); correct it") from None
    return lambda text: (match.span() for match in compiled.finditer(text) if match[0])


def _redacted(text: str, finders: Sequence[tuple[str, Find]]) -> str:
    """As it stands first; then as it reads: a digit is a digit in every script, and what nobody sees does not part a number."""
    once = _replaced(text, finders)
    plain = once if once.isascii() else readable(once)
    if plain == once:
        return once
    again = _replaced(plain, finders)
    return once if again == plain else again


def _replaced(text: str, finders: Sequence[tuple[str, Find]]) -> str:
    """Replace until nothing is found any more: a number may have stood against another."""
    for _ in range(ROUNDS):
        before = text
        for name, find in finders:
            for start, end in reversed(_apart(sorted(find(text)))):
                text = f"{text[:start]}<{name}>{text[end:]}"
        if text == before:
            break
    return text


def _apart(spans: Sequence[Span]) -> list[Span]:
    """Spans that overlap become one."""
    made: list[Span] = []
    for start, end in spans:
        if made and start < made[-1][1]:
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((start, end))
    return made


def readable(text: str) -> str:
    """Return a text with compatible characters made one (NFKC), digits of all scripts and dashes as ASCII has them, nothing invisible."""
    return "".join(map(_plain, unicodedata.normalize("NFKC", text)))


@lru_cache(maxsize=4_096)
def _plain(char: str) -> str:
    if char.isascii():
        return char
    kind = unicodedata.category(char)
    if kind == "Nd":
        return str(unicodedata.decimal(char))
    return {"Cf": "", "Pd": "-", "Zs": " "}.get(kind, "-" if char == "\u2212" else char)
