"""Whether a text says something (``contains``), and whether the values of one text stand in others (``Evidence``)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ragguard.metrics.answers.tokens import KEPT, Token, tokens

VALUES = frozenset({"number", "quantity", "date", "clock", "version", "name"})


def contains(text: str, wanted: str) -> bool:
    """Tell whether the tokens of ``wanted`` stand in a text, one after the other; articles and punctuation do not count.

    A wanted number without a unit is found with any; a day without a year in any; a path in a URL that has it. What has no token at all
    is not contained.
    """
    needle, hay = tokens(wanted), tokens(text)
    return bool(needle) and any(_stands(needle, hay, at) for at in range(len(hay) - len(needle) + 1))


def _stands(needle: Sequence[Token], hay: Sequence[Token], at: int) -> bool:
    return all(_same(token, hay[at + place]) for place, token in enumerate(needle))


def _same(wanted: Token, found: Token) -> bool:
    if wanted.key == found.key:
        return True
    if wanted.kind == "number":
        return wanted.number == found.number or (found.kind == "version" and "." in wanted.text and wanted.text == found.text)
    if wanted.kind == "version":
        return found.kind == "number" and "." in found.text and wanted.text == found.text
    if wanted.kind == "name":
        return "://" in found.key and "/" in wanted.key and _path(found.key) == wanted.key.lstrip("/")
    return wanted.kind == found.kind == "date" and wanted.text.startswith("--") and found.text.endswith(wanted.text[1:])


def _path(url: str) -> str:
    """What stands behind the host."""
    return url.partition("://")[2].partition("/")[2]


def values(text: str) -> tuple[Token, ...]:
    """Return what a text states that can be looked up: numbers in digits, with their units, dates, times, versions and identifiers."""
    return tuple(token for token in tokens(text) if token.kind in VALUES and token.digits)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What documents state: ``whole`` values as they are; the ``numbers`` of all quantities, whatever their unit; the ``bare`` ones,
    which have none; ``texts`` of versions and of numbers that may be versions; and ``days`` without their year.
    """

    whole: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    bare: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    days: frozenset[str] = frozenset()

    def supports(self, value: Token) -> bool:
        """Tell whether a value stands in the documents: the same, or one of the two without a unit (or a year) and otherwise the same."""
        if value.key in self.whole:
            return True
        if value.kind == "date":
            return value.text[-5:] in self.days if value.text.startswith("--") else f"date:-{value.text[4:]}" in self.whole
        if value.kind == "version":
            return value.text in self.texts
        if value.kind == "number":
            return value.number in self.numbers or value.text in self.texts
        return value.kind == "quantity" and value.number in self.bare


def unsupported(text: str, sources: Iterable[str]) -> tuple[Token, ...]:
    """Return the values of a text that no source states, each once, in order."""
    found = [evidence(source) for source in sources]
    return tuple(value for value in dict.fromkeys(values(text)) if not any(each.supports(value) for each in found))


@lru_cache(maxsize=KEPT)
def evidence(text: str) -> Evidence:
    """Return what a document states; number words count here."""
    found = [token for token in tokens.__wrapped__(text) if token.kind in VALUES]
    return Evidence(
        whole=frozenset(token.key for token in found),
        numbers=frozenset(token.number for token in found if token.number),
        bare=frozenset(token.number for token in found if token.kind == "number"),
        texts=frozenset(token.text for token in found if token.kind in ("version", "number")),
        days=frozenset(token.text[-5:] for token in found if token.kind == "date"),
    )
