"""Cases in, observations out. A kind of suite is a line in ``KINDS``."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256

from pydantic import TypeAdapter

from ragguard.data.collection import Collection
from ragguard.execute.local import batches, resume
from ragguard.execute.meter import Idle, Meter
from ragguard.plan.load import LoadedSuite
from ragguard.records.evidence import Case, Observation
from ragguard.store import Store, fingerprint
from ragguard.suites import adversarial, forgetting, formats, golden, unlabelled, version_confusion
from ragguard.suites.asked_before import OBSERVATIONS, AskedBefore
from ragguard.suites.golden import Cases
from ragguard.suites.harness.tasks import Tasks
from ragguard.systems.protocols import Progress, Retriever
from ragguard.systems.remote import RemoteSystem

KINDS: Mapping[str, Callable[..., Cases]] = {
    "adversarial": adversarial.build,
    forgetting.KIND: forgetting.build,
    "golden": golden.build,
    "version-confusion": version_confusion.build,
}

ASKING = "ask the queries"

INDEX = "index"
"""The stage that indexes a corpus; models are loaded in it too."""

WITHIN = frozenset({"first_token"})
"""Keys of an observation's seconds that lie within another."""

BATCH = 64
"""Cases that are run, and kept, together."""

NOT_IN_CORPUS = "results_not_in_corpus"
"""The note that counts ranked results whose document the corpus does not have; absent where there is none."""

_NOTES = TypeAdapter(dict[str, float | int | str])


def build(suite: LoadedSuite, collection: Collection, *further: Collection, tasks: Tasks | None = None) -> Cases:
    """Make the cases of a suite of any kind; one of kind forgetting may have ``further`` collections, and tasks of lm-eval."""
    made = KINDS[suite.plan.kind](suite, collection, *further, **({"tasks": tasks} if tasks is not None else {}))
    return formats.give(suite, unlabelled.add(suite, made, collection))


class Asker:
    """Asks one system the cases of any suite, and keeps what it answered.

    A corpus is indexed when the first case of it must be asked, and once only; so a baseline that did not change costs nothing. A case
    that several suites share is asked once. What failed is not taken for an answer: those cases, and no others, are asked again by the
    next run. ``asked_on`` names the day of answers that may be others tomorrow: they are kept for that day alone.
    """

    def __init__(self, retriever: Retriever, store: Store, progress: Progress, meter: Meter | None = None, asked_on: str = "") -> None:
        self.retriever, self.store, self.progress, self.meter, self.asked_on = retriever, store, progress, meter or Idle(), asked_on
        self._indexed, self._strange = "", 0
        self._met, self._built = set[str](), set[str]()
        self.before = AskedBefore(store)
        self._first = "remote" if isinstance(retriever, RemoteSystem) else "retrieve"

    def observe(self, cases: Sequence[Case], collection: Collection, depth: int) -> Iterator[tuple[str, Sequence[Case], list[Observation]]]:
        """Yield, batch by batch, the SHA-256 of the answers as they are kept, the cases, and what the system did."""
        self._met.add(collection.corpus_fingerprint)
        work = _Round(self, collection, depth, len(cases))
        self.progress.start(ASKING, work.left)
        for batch, payload in resume(
            list(batches(cases, BATCH)), keeper=self.store, kind="observations", key=work.key, do=work.do, mend=work.mend
        ):
            self.before.add(work.key(batch), collection.corpus_fingerprint, depth, batch)
            observations = OBSERVATIONS.validate_json(payload)
            self._count_kept([each for each in observations if each.case not in work.asked])
            self._strange += sum(found.id not in collection.corpus for observation in observations for found in observation.ranking)
            yield sha256(payload).hexdigest(), batch, observations
            self.progress.advance(len(batch))
            work.left -= len(batch)
        used = self.meter.of(INDEX)
        used.done, used.kept = len(self._built), len(self._met - self._built)

    def ask(self, cases: Sequence[Case], collection: Collection, depth: int, left: int) -> list[Observation]:
        """Have the system do cases now, of which ``left`` are still to come."""
        if self._index(collection):
            self.progress.start(ASKING, left)
        with self.meter.stage(self._first) as used:
            found = self.retriever.search(cases, depth)
            used.done += len(cases)
        return found

    def _count_kept(self, observations: Sequence[Observation]) -> None:
        """Count what came from the store, for every stage that once took its time."""
        for observation in observations:
            for stage in {self._first, *observation.seconds} - WITHIN:
                self.meter.of(stage).kept += 1

    def strange(self) -> Mapping[str, int]:
        """Return how many results, so far, name documents that the corpus does not have; nothing where there is none."""
        return {NOT_IN_CORPUS: self._strange} if self._strange else {}

    def notes(self, collection: Collection) -> Mapping[str, float | int | str]:
        """Return what the system says of itself on a corpus (share of documents truncated, index): kept, for runs that index nothing."""
        key = fingerprint("notes", self.retriever.fingerprint, collection.corpus_fingerprint)
        kept = self.store.get("notes", key)
        if kept is None:
            self._index(collection)
            kept = _NOTES.dump_json(dict(self.retriever.notes()))
            self.store.put("notes", key, kept)
        return _NOTES.validate_json(kept)

    def _index(self, collection: Collection) -> bool:
        """Index a corpus, unless it is the one that stands; tell whether it was done, for then the progress is another stage's."""
        if self._indexed == collection.corpus_fingerprint:
            return False
        with self.meter.stage(INDEX):
            self.retriever.index(collection, self.store, self.progress)
        self._built.add(collection.corpus_fingerprint)
        self._indexed = collection.corpus_fingerprint
        return True


class _Round:
    """The cases of one suite on one corpus: ``left`` of them are still to come, ``asked`` the ids of those that had to be asked."""

    def __init__(self, asker: Asker, collection: Collection, depth: int, left: int) -> None:
        self._asker, self._collection, self._depth = asker, collection, depth
        self.left, self.asked = left, set[str]()

    def key(self, batch: Sequence[Case]) -> str:
        """Under which key the store has what came of a batch."""
        asked = [[case.id, case.text] for case in batch]
        day = [self._asker.asked_on] if self._asker.asked_on else []
        return fingerprint("observations", self._asker.retriever.fingerprint, self._collection.corpus_fingerprint, self._depth, asked, *day)

    def do(self, batch: Sequence[Case]) -> bytes:
        """Ask a batch, but for what was asked before."""
        return OBSERVATIONS.dump_json(self._ask(batch))

    def mend(self, batch: Sequence[Case], kept: bytes) -> bytes:
        """Ask those of a batch again that failed."""
        known = OBSERVATIONS.validate_json(kept)
        failed = [case for case, observation in zip(batch, known, strict=True) if observation.error]
        again = {observation.case: observation for observation in self._ask(failed)}
        return OBSERVATIONS.dump_json([again.get(observation.case, observation) for observation in known]) if again else kept

    def _ask(self, batch: Sequence[Case]) -> list[Observation]:
        before = [self._asker.before.find(self._collection.corpus_fingerprint, self._depth, case) for case in batch]
        fresh = [case for case, found in zip(batch, before, strict=True) if found is None]
        self.asked |= {case.id for case in fresh}
        made = iter(self._asker.ask(fresh, self._collection, self._depth, self.left) if fresh else ())
        return [found or next(made) for found in before]
