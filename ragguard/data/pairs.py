"""Sentence pairs with a human score: CSV or TSV with a header, or JSON lines."""

import math
from dataclasses import dataclass
from pathlib import Path

from ragguard.data.formats.delimited import Wanted, rows
from ragguard.data.formats.fields import Fields
from ragguard.data.hashing import digest
from ragguard.data.problems import Problems
from ragguard.plan.source import display

COLUMNS = ("sentence1", "sentence2", "score")
WANTED = Wanted("sentence pairs: CSV, TSV or JSON lines with sentence1, sentence2 and score", COLUMNS, "pair")
LEAST = 3
"""Two pairs are always in perfect order, or in its reverse."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sentences, and how alike people find them: on any scale of which more is more alike."""

    first: str
    second: str
    score: float


@dataclass(frozen=True)
class Pairs:
    """The pairs of a file, in its order."""

    name: str
    pairs: tuple[Pair, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of what the pairs say."""
        return digest(self.pairs).hex()


def read_pairs(path: Path) -> Pairs:
    """Read a file of pairs; columns of other names are passed over.

    Raises:
        InputError: with every problem of the file: a missing column, an empty sentence, a score that is no finite number, fewer than
            three pairs, or one score for all of them.
    """
    problems = Problems()
    pairs = [_pair(fields) for fields in rows(path, WANTED, problems)]
    if not len(problems) and len(pairs) < LEAST:
        problems.add(display(path), f"has {len(pairs)} pairs", f"a rank correlation takes at least {LEAST}")
    elif not len(problems) and len({pair.score for pair in pairs}) == 1:
        problems.add(display(path), f"all {len(pairs)} pairs have the score {pairs[0].score:g}", "there is nothing to rank: vary it")
    problems.raise_if_any()
    return Pairs(path.name, tuple(pairs))


def _pair(fields: Fields) -> Pair:
    """Read a pair; one of which a problem was noted must not be used."""
    missing = [name for name in COLUMNS if name not in fields.row]
    for name in missing:
        fields.wrong(*WANTED.missing(name, fields.row))
    first, second = (_sentence(fields, name) if name not in missing else "" for name in COLUMNS[:2])
    return Pair(first, second, _score(fields) if "score" not in missing else 0.0)


def _sentence(fields: Fields, name: str) -> str:
    before, text = len(fields.problems), fields.text(name)
    if not text.strip() and len(fields.problems) == before:
        fields.wrong(f"{name} is empty", "write a sentence, or drop the pair")
    return text


def _score(fields: Fields) -> float:
    given = fields.row["score"]
    try:
        score = float(given) if isinstance(given, str | int | float) and not isinstance(given, bool) else math.nan
    except (ValueError, OverflowError):
        score = math.nan
    if not math.isfinite(score):
        fields.wrong(f"score is {given!r}, not a finite number", "write how alike the two are: more is more alike")
    return score
