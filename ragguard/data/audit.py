"""Leaks: training queries that are golden queries, or nearly."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

import numpy as np
from scipy.sparse import csr_array

SHINGLE = 5
"""Characters to a shingle."""

BLOCK = 512
"""Training texts to a block: against 10,000 golden ones, at most 5 million pairs at a time."""

_GAPS = re.compile(r"[\W_]+")


_Shingled: TypeAlias = list[tuple[str, frozenset[str]]]


class Overlap(NamedTuple):
    """A training text that repeats a golden one; ``similarity`` is in (0, 1], 1 where they are equal but for case and punctuation."""

    train: str
    golden: str
    similarity: float


def normalise(text: str) -> str:
    """Return the text in compatibility form (NFKC), case folded, with every run of punctuation and blanks as one blank."""
    return _GAPS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def overlaps(train: Iterable[str], golden: Iterable[str], threshold: float = 0.8) -> list[Overlap]:
    """Find every pair of a training and a golden text that are equal after normalisation, or nearly, most similar first.

    Similarity is the Jaccard index of the sets of character 5-grams of the normalised texts. All pairs are counted, by products of
    sparse matrices, a block of training texts at a time: memory stays small, and nothing is missed.

    Raises:
        ValueError: ``threshold`` is not in (0, 1].
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"the threshold is {threshold}, not in (0, 1]")
    left, right = _shingled(train), _shingled(golden)
    columns = {shingle: i for i, shingle in enumerate({shingle for _, shingles in right for shingle in shingles})}
    golden_matrix = _incidence(right, columns).T
    found = []
    for start in range(0, len(left) if right else 0, BLOCK):
        block = left[start : start + BLOCK]
        found += list(_near(block, right, _incidence(block, columns) @ golden_matrix, threshold))
    return sorted(found, key=lambda pair: (-pair.similarity, pair.train, pair.golden))


def _near(left: _Shingled, right: _Shingled, shared: csr_array, threshold: float) -> Iterator[Overlap]:
    """Yield the pairs whose Jaccard index reaches the threshold; ``shared`` counts the shingles that each pair shares."""
    counts = shared.tocoo()
    sizes = [np.array([len(shingles) for _, shingles in texts]) for texts in (left, right)]
    similarity = counts.data / (sizes[0][counts.row] + sizes[1][counts.col] - counts.data)
    for i in np.flatnonzero(similarity >= threshold):
        yield Overlap(left[counts.row[i]][0], right[counts.col[i]][0], float(similarity[i]))


def _incidence(texts: _Shingled, columns: Mapping[str, int]) -> csr_array:
    """A row for each text, a column for each shingle: 1 where the text has it. Shingles without a column are left out."""
    rows = [[columns[shingle] for shingle in shingles if shingle in columns] for _, shingles in texts]
    ends = np.cumsum([0, *map(len, rows)])
    flat = np.array([column for row in rows for column in row], dtype=np.int64)
    return csr_array((np.ones(len(flat), dtype=np.int32), flat, ends), shape=(len(texts), len(columns)))


def _shingled(texts: Iterable[str]) -> _Shingled:
    """The shingles of each distinct text; texts without a letter or digit are left out."""
    made = {text: _shingles(normalise(text)) for text in texts}
    return [(text, shingles) for text, shingles in made.items() if shingles]


def _shingles(text: str) -> frozenset[str]:
    return frozenset(text[i : i + SHINGLE] for i in range(max(1, len(text) - SHINGLE + 1))) if text else frozenset()
