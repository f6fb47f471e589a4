"""What tells who a person is, found by Presidio's patterns and checksums: no model, no network.

Before each search stands a cheap test that says "there is none in this text" for most texts, and never where there is one.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from ragguard.errors import MissingExtra, suggest

Span = tuple[int, int]
Find = Callable[[str], Iterator[Span]]

AROUND_AT = 320
"""Characters on each side of an @ that can belong to an address (RFC 5321 allows 64 and 255)."""

LEAST_DIGITS = 7
"""No telephone number with a prefix for another country has fewer digits."""

BLANK = "\n"

_DIGITS = re.compile(r"\d(?:\D{0,4}\d)*")
_IBAN = re.compile(r"[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,30}")
_CARD = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){11,18}(?![0-9])")


def finder(entity: str, regions: Sequence[str]) -> Find:
    """Return what finds an entity in a text; ``regions`` are those whose telephone numbers are known without their country's code.

    Raises:
        ValueError: Presidio has no such entity that patterns find, or no such region.
        MissingExtra: Presidio is not installed.
    """
    recognizers = _recognizers()
    if entity not in {*recognizers, "PHONE_NUMBER"}:
        raise ValueError(f"there is no entity {entity!r} that patterns find; {suggest(entity, [*recognizers, 'PHONE_NUMBER'])}")
    if entity == "PHONE_NUMBER":
        return _phones(regions)
    search = _search(recognizers[entity], entity)
    if entity == "IBAN_CODE":
        return lambda text: _ibans(text, recognizers[entity].validate_result)
    if entity == "CREDIT_CARD":
        return lambda text: _cards(text, search, recognizers[entity].validate_result)
    if entity == "EMAIL_ADDRESS":
        return lambda text: _addresses(text, search)
    may = _MAY.get(entity)
    return search if may is None else lambda text: search(text) if may(text) else iter(())


def _search(recognizer: Any, entity: str) -> Find:
    def search(text: str) -> Iterator[Span]:
        return ((found.start, found.end) for found in recognizer.analyze(text, [entity]))

    return search


_OPTIONS: Mapping[str, Mapping[str, Any]] = {"IbanRecognizer": {"exact_match": True}}


@cache
def _recognizers() -> Mapping[str, Any]:
    """Presidio's recognizers that stand on patterns, by the entity that they find."""
    try:
        with _without("torch", "transformers"):
            from presidio_analyzer import PatternRecognizer, predefined_recognizers
    except ImportError:
        raise MissingExtra("canary", "taking personal data out of events") from None
    classes = [kind for kind in vars(predefined_recognizers).values() if inspect.isclass(kind) and issubclass(kind, PatternRecognizer)]
    made = [_offline(kind)(**_OPTIONS.get(kind.__name__, {})) for kind in classes if kind is not PatternRecognizer]
    return {each.supported_entities[0]: each for each in made}


@contextmanager
def _without(*modules: str) -> Iterator[None]:
    """Keep modules that are not loaded yet from being imported in the block: Presidio would take seconds for models not used here."""
    hidden: list[str] = [name for name in modules if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def _offline(kind: type) -> type:
    """A recognizer as it is; one that looks public suffixes up (over the network) takes every domain, ``corp.internal`` too."""
    if kind.__name__ not in ("EmailRecognizer", "UrlRecognizer"):
        return kind
    return type(kind.__name__, (kind,), {"validate_result": lambda _self, _text: None})


def _crypto(text: str) -> bool:
    return re.search(r"[a-zA-Z0-9]{26}", text) is not None


def _nine_digits(text: str) -> bool:
    return re.search(r"[0-9](?:[- .]?[0-9]){8}", text) is not None


def _dots_or_colons(text: str) -> bool:
    return text.count(".") >= 3 or "::" in text or text.count(":") >= 7


_MAY: Mapping[str, Callable[[str], bool]] = {"CRYPTO": _crypto, "US_SSN": _nine_digits, "IP_ADDRESS": _dots_or_colons}
"""Whether a text may hold an entity at all."""


def _addresses(text: str, search: Find) -> Iterator[Span]:
    """Look around each @ alone: the pattern takes time with the square of what stands before one."""
    begin = end = 0
    for place in (match.start() for match in re.finditer("@", text)):
        if place - AROUND_AT > end:
            yield from _within(text, begin, end, search)
            begin = place - AROUND_AT
        begin, end = max(begin, 0), min(place + AROUND_AT, len(text))
    yield from _within(text, begin, end, search)


def _within(text: str, begin: int, end: int, search: Find) -> Iterator[Span]:
    if end > begin:
        yield from ((begin + start, begin + stop) for start, stop in search(text[begin:end]))


def _ibans(text: str, valid: Callable[[str], bool | None]) -> Iterator[Span]:
    """Try every length at each place where a country and two check digits stand: small letters and any grouping too."""
    place = 0
    while match := _IBAN.search(text, place):
        place = match.start() + 1
        ends = [index + 1 for index in range(match.start(), match.end()) if text[index].isalnum()]
        for length in range(len(ends), 14, -1):
            compact = "".join(char for char in text[match.start() : ends[length - 1]] if char.isalnum()).upper()
            if valid(compact):
                yield match.start(), ends[length - 1]
                place = ends[length - 1]
                break


def _cards(text: str, search: Find, valid: Callable[[str], bool | None]) -> Iterator[Span]:
    """Presidio's own, and every number of 12 to 19 digits whose checksum is right, of whatever issuer."""
    found = [match.span() for match in _CARD.finditer(text)]
    if re.search(r"\d(?:[ -]?\d){11}", text):
        yield from search(text)
    yield from (span for span in found if valid(text[span[0] : span[1]]))


def _phones(regions: Sequence[str]) -> Find:
    """Numbers of each region, sought only where so many digits stand near each other as its shortest numbers have."""
    _recognizers()
    import phonenumbers
    from presidio_analyzer.predefined_recognizers import PhoneRecognizer

    if unknown := [region for region in regions if region not in phonenumbers.SUPPORTED_REGIONS]:
        raise ValueError(f"there is no region {unknown[0]!r}; {suggest(unknown[0], phonenumbers.SUPPORTED_REGIONS)}")
    found = [(_shortest(region), _search(PhoneRecognizer(supported_regions=(region,)), "PHONE_NUMBER")) for region in regions]
    searches = sorted(found, key=lambda pair: pair[0])

    def find(text: str) -> Iterator[Span]:
        digits = max((sum(map(str.isdecimal, match[0])) for match in _DIGITS.finditer(text)), default=0)
        for number, (least, search) in enumerate(searches):
            # With a plus before it, a number of any country is one in every region.
            if digits >= least or (number == 0 and digits >= 5):
                for start, end in search(text):
                    yield start, end
                    # What is found needs no other region's search.
                    text = f"{text[:start]}{BLANK * (end - start)}{text[end:]}"

    return find


_TYPES = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan", "voicemail")


def _shortest(region: str) -> int:
    """Digits of a region's shortest numbers."""
    import phonenumbers

    known: Any = phonenumbers.PhoneMetadata.metadata_for_region(region)
    lengths: list[int] = [
        length for type_ in _TYPES if (of := getattr(known, type_)) is not None for length in of.possible_length if length > 0
    ]
    return min(LEAST_DIGITS, *lengths)
