"""What a mutant is: a small function with a name, which spoils one thing that a system does, as much as a strength says."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ragguard.data.collection import Collection
from ragguard.records.collection import Document
from ragguard.records.drill import Kind
from ragguard.records.evidence import Observation, Ranked

if TYPE_CHECKING:
    from ragguard.drill.site import Site

Ranking = tuple[Ranked, ...]

Place = Literal["ranking", "missing", "retriever", "scores", "generator", "observation"]
"""What the function of a mutant takes and gives:

- ``ranking``: (ranking, case, scene) -> ranking, of what the retriever found, before any reranker;
- ``missing``: (scene) -> the ids of the documents that are not in the index;
- ``retriever``: (site, strength) -> a retriever, which is asked in place of the baseline's;
- ``scores``: (a reranker's scores of one query's documents, query, scene) -> scores;
- ``generator``: (site, strength) -> a generator, which is asked in place of the baseline's;
- ``observation``: (observation, case, scene) -> observation, of all that the system did in the end.

After the first four, whatever stands behind in the system is asked again, where it is given something else than before.
"""


@dataclass(frozen=True)
class World:
    """One corpus, as mutants see it."""

    collection: Collection

    def document(self, name: str) -> Document:
        """Return a document. Raises KeyError for an unknown id."""
        return self.collection.document(name)

    @cached_property
    def answering(self) -> frozenset[str]:
        """The ids of the documents that are relevant to some query."""
        return frozenset(name for grades in self.collection.qrels.values() for name, grade in grades.items() if grade > 0)

    @cached_property
    def families(self) -> Mapping[str, tuple[Document, ...]]:
        """The documents of each family that has several versions, oldest first, without their texts."""
        found: dict[str, list[Document]] = {}
        for each in self.collection.documents():
            if each.family and not each.planted:
                light = Document(each.id, "", version=each.version, status=each.status, effective_from=each.effective_from)
                found.setdefault(each.family, []).append(light)
        several = {name: each for name, each in found.items() if len({document.version for document in each}) > 1}
        return {name: tuple(sorted(each, key=_age)) for name, each in sorted(several.items())}

    @cached_property
    def products(self) -> Mapping[str, tuple[str, ...]]:
        """The ids of the documents of each product."""
        found: dict[str, list[str]] = {}
        for name, mark in self.collection.marks(self.collection.ids).items():
            if mark.product and not mark.planted:
                found.setdefault(mark.product, []).append(name)
        return {name: tuple(each) for name, each in sorted(found.items())}


def _age(document: Document) -> tuple[bool, str, str]:
    """What is in force stands behind what is not; then by the day it came, then by its id."""
    return document.status == "current", document.effective_from, document.id


@dataclass(frozen=True)
class Scene:
    """Where a function works: a corpus, how strong the mutant is, and what the baseline did on all cases of that corpus.

    What is drawn hangs on the mutant's name and on what it is drawn for, not on order or strength: what is hit at one strength is hit
    at every greater one.
    """

    name: str
    strength: float
    world: World
    before: Sequence[Observation] = ()
    kept: dict[str, Any] = field(default_factory=dict)

    def hit(self, *item: str) -> bool:
        """Whether a thing is among the share (``strength``) of those that are spoiled."""
        return int.from_bytes(_drawn(self.name, *item)[:8], "big") / 2**64 < self.strength

    def rng(self, *item: str) -> np.random.Generator:
        """A generator of random numbers for a thing."""
        return np.random.Generator(np.random.PCG64(int.from_bytes(_drawn(self.name, "rng", *item)[:16], "big")))

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """What a function needs for all cases, made when the first of them wants it."""
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]


def _drawn(*parts: str) -> bytes:
    return hashlib.sha256("\n".join(("drill", *parts)).encode("utf-8", "surrogatepass")).digest()


def always(site: "Site") -> str:
    """Fit every system."""
    del site
    return ""


def nothing(site: "Site") -> Iterator[str]:
    """Know of nothing that is missing."""
    del site
    return iter(())


@dataclass(frozen=True)
class Mutant:
    """A way to spoil a system.

    ``unit`` says what a strength is; ``strengths`` are those that are tried, the weakest first, and ``stated`` the one from which on it
    is to be caught. A ``harmless`` change must never be blocked. ``fits`` says why it cannot be planted into a system ("": it can),
    ``lacks`` what the golden set lacks to notice it, and ``seen_by`` are the bases of metrics that look for it. ``version`` is part of
    its identity: of code of the user's own, the hash of its file.
    """

    name: str
    kind: Kind
    place: Place
    make: Callable[..., Any]
    about: str
    unit: str = "share of the queries"
    strengths: tuple[float, ...] = (0.05, 0.1, 0.25, 0.5)
    stated: float = 0.25
    harmless: bool = False
    fits: Callable[["Site"], str] = always
    lacks: Callable[["Site"], Iterator[str]] = nothing
    seen_by: tuple[str, ...] = ()
    version: str = ""
