"""Units as people write them: each with what it measures, and how many of that dimension's own unit it is.

A table of our own: documentation uses few units, and what libraries such as pint parse beside them (``a`` is a year, ``m`` a metre, ``min``
a milli-inch) are words of English. Units that are not here are words, and are compared as such.
"""

from collections.abc import Mapping
from fractions import Fraction

_TIME: Mapping[str, Fraction | int] = {
    "ns nanosecond nanoseconds": Fraction(1, 10**9),
    "us µs μs microsecond microseconds": Fraction(1, 10**6),
    "ms msec millisecond milliseconds": Fraction(1, 1000),
    "s sec secs second seconds": 1,
    "min mins minute minutes": 60,
    "h hr hrs hour hours": 3600,
    "d day days": 86_400,
    "week weeks": 604_800,
}
# Months have no length in seconds, so they are a dimension of their own.
_MONTHS: Mapping[str, Fraction | int] = {"month months": 1, "year years yr yrs": 12}

_BYTES: Mapping[str, Fraction | int] = {
    "B byte bytes": 1,
    "kB KB kb kilobyte kilobytes": 10**3,
    "MB mb megabyte megabytes": 10**6,
    "GB gb gigabyte gigabytes": 10**9,
    "TB tb terabyte terabytes": 10**12,
    "KiB kibibyte kibibytes": 2**10,
    "MiB mebibyte mebibytes": 2**20,
    "GiB gibibyte gibibytes": 2**30,
    "TiB tebibyte tebibytes": 2**40,
}
_BITS: Mapping[str, Fraction | int] = {"bit bits": 1, "Kb kbit kbits": 10**3, "Mb Mbit Mbits": 10**6, "Gb Gbit Gbits": 10**9}

_OTHER: Mapping[str, Mapping[str, Fraction | int]] = {
    "length": {"mm": Fraction(1, 1000), "cm": Fraction(1, 100), "metre metres meter meters": 1, "km kilometre kilometres": 1000},
    "mass": {"g gram grams": 1, "kg kilo kilos kilogram kilograms": 1000, "tonne tonnes": 10**6},
    "frequency": {"Hz hertz": 1, "kHz": 10**3, "MHz": 10**6, "GHz": 10**9},
    "share": {"% percent pct": Fraction(1, 100), "bp bps": Fraction(1, 10_000)},
    "temperature": {"°C": 1},
}

_CURRENCIES = {
    "EUR": "€ euro euros",
    "USD": "$ US$ dollar dollars",
    "GBP": "£ pound pounds",
    "CHF": "franc francs",
    "JPY": "¥ yen",
    "SEK": "",
    "NOK": "",
    "DKK": "",
    "PLN": "",
}

_MULTIPLES = {"k": 10**3, "thousand": 10**3, "million": 10**6, "billion": 10**9}

Unit = tuple[str, Fraction]
"""A dimension, and how many of its own unit one of this unit is."""


def _table(dimensions: Mapping[str, Mapping[str, Fraction | int]]) -> dict[str, Unit]:
    rows = [(name, dimension, size) for dimension, units in dimensions.items() for names, size in units.items() for name in names.split()]
    written = {name: (dimension, Fraction(size)) for name, dimension, size in rows}
    # In small letters too, unless that is another unit: mb is written for MB, and Mb is something else.
    return {**{name.lower(): unit for name, unit in written.items()}, **written}


UNITS: Mapping[str, Unit] = _table({"bit": _BITS, "byte": _BYTES, "time": _TIME, "month": _MONTHS, **_OTHER})

CURRENCIES: Mapping[str, Unit] = {name: (code, Fraction(1)) for code, names in _CURRENCIES.items() for name in (code, *names.split())}

MULTIPLES: Mapping[str, Fraction] = {name: Fraction(size) for name, size in _MULTIPLES.items()}

CALENDAR = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
MONTHS: Mapping[str, int] = {
    **{name.title(): number for number, name in enumerate(CALENDAR, 1)},
    **{name[:3].title(): number for number, name in enumerate(CALENDAR, 1)},
    "Sept": 9,
}
"""Months with a capital letter: ``may`` is a verb."""

_SMALL = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety hundred"
NUMBERS: Mapping[str, str] = {
    **{word: str(number) for number, word in enumerate(_SMALL.split())},
    **{word: str(10 * number) for number, word in enumerate(_TENS.split(), 2)},
}


def unit_of(word: str) -> Unit | None:
    """Return what a word measures, currencies included; None where it is no unit."""
    return UNITS.get(word) or UNITS.get(word.lower()) or CURRENCIES.get(word) or CURRENCIES.get(word.lower())
