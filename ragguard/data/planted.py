"""A collection with documents added to its corpus: what an attack planted stands beside what the file has."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ragguard.data.collection import Collection
from ragguard.data.corpus import Corpus
from ragguard.data.hashing import SetDigest, digest
from ragguard.records.collection import Document


@dataclass(frozen=True)
class PlantedCorpus(Corpus):
    """The documents of ``base``, then those that no file has."""

    base: Corpus = field(kw_only=True, repr=False)
    planted: tuple[Document, ...] = field(kw_only=True, repr=False)

    def __iter__(self) -> Iterator[Document]:
        """Stream the documents. Raises CannotJudge as ``Corpus`` does."""
        yield from self.base
        yield from self.planted

    def get(self, name: str) -> Document:
        """Return one document. Raises as ``Corpus`` does."""
        at = self.numbers[name] - len(self.base)
        return self.planted[at] if at >= 0 else self.base.get(name)


def plant(collection: Collection, documents: Sequence[Document]) -> Collection:
    """Return a collection whose corpus has these documents too; queries and judgements stay.

    Raises:
        ValueError: a document's id is taken.
    """
    base = collection.corpus
    numbers = {**base.numbers, **{document.id: len(base) + at for at, document in enumerate(documents)}}
    if len(numbers) != len(base) + len(documents):
        raise ValueError("a planted document has the id of another")
    corpus = PlantedCorpus(
        rows=base.rows,
        numbers=numbers,
        fingerprint=digest([base.fingerprint, SetDigest(documents).hexdigest()]).hex(),
        families=base.families,
        marks=base.marks.longer(documents),
        warnings=base.warnings,
        base=base,
        planted=tuple(documents),
    )
    return replace(collection, corpus=corpus)
