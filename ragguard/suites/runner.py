"""Cases in, observations out. A kind of suite is a line in ``KINDS``."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from pydantic import TypeAdapter

from ragguard.data.collection import Collection
from ragguard.execute.local import batches, resume
from ragguard.plan.load import LoadedSuite
from ragguard.records.evidence import Case, Observation
from ragguard.store import Store, fingerprint
from ragguard.suites import golden
from ragguard.suites.golden import Cases
from ragguard.systems.protocols import Progress, Retriever

KINDS: Mapping[str, Callable[[LoadedSuite, Collection], Cases]] = {"golden": golden.build}

BATCH = 64
"""Cases that are run, and kept, together."""

_OBSERVATIONS = TypeAdapter(list[Observation])
_NOTES = TypeAdapter(dict[str, float | int | str])


def build(suite: LoadedSuite, collection: Collection) -> Cases:
    """Make the cases of a suite of any kind."""
    return KINDS[suite.plan.kind](suite, collection)


class Asker:
    """Asks one system the cases of any suite, and keeps what it answered.

    A corpus is indexed when the first case of it must be asked, and once only; so a baseline that did not change costs nothing.
    """

    def __init__(self, retriever: Retriever, store: Store, progress: Progress) -> None:
        self.retriever, self.store, self.progress = retriever, store, progress
        self._indexed = ""

    def observe(self, cases: Sequence[Case], collection: Collection, depth: int) -> Iterator[tuple[str, Sequence[Case], list[Observation]]]:
        """Yield, batch by batch, the key under which it is kept, the cases, and what the system did."""

        def ask(batch: Sequence[Case]) -> bytes:
            self._index(collection)
            return _OBSERVATIONS.dump_json(self.retriever.search(batch, depth))

        def key(batch: Sequence[Case]) -> str:
            asked = [[case.id, case.text] for case in batch]
            return fingerprint("observations", self.retriever.fingerprint, collection.corpus_fingerprint, depth, asked)

        self.progress.start("asking", len(cases))
        for batch, payload in resume(list(batches(cases, BATCH)), keeper=self.store, kind="observations", key=key, do=ask):
            yield key(batch), batch, _OBSERVATIONS.validate_json(payload)
            self.progress.advance(len(batch))

    def notes(self, collection: Collection) -> Mapping[str, float | int | str]:
        """Return what the system says of itself on a corpus (share of documents truncated, index): kept, for runs that index nothing."""
        key = fingerprint("notes", self.retriever.fingerprint, collection.corpus_fingerprint)
        kept = self.store.get("notes", key)
        if kept is None:
            self._index(collection)
            kept = _NOTES.dump_json(dict(self.retriever.notes()))
            self.store.put("notes", key, kept)
        return _NOTES.validate_json(kept)

    def _index(self, collection: Collection) -> None:
        if self._indexed != collection.corpus_fingerprint:
            self.retriever.index(collection, self.store, self.progress)
            self._indexed = collection.corpus_fingerprint
