"""What the arms' embeddings are like on the suites that look for forgetting, and how far they are from the baseline's."""

import hashlib
import heapq
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ragguard.data.collection import Collection
from ragguard.data.pairs import Pairs
from ragguard.errors import CannotJudge
from ragguard.metrics import embeddings
from ragguard.records.evidence import Unscored
from ragguard.records.report import Moved
from ragguard.store import Store, fingerprint
from ragguard.suites import benchmarks
from ragguard.suites.forgetting import KIND
from ragguard.suites.resolve import Suite
from ragguard.systems.hybrid import embedding_part
from ragguard.systems.protocols import Embeds, Progress, Retriever

SAMPLE = 2_000
"""Documents of a collection that are looked at, at most."""

DIGITS = 6
"""Decimals of a figure: beyond that, the make-up of batches decides."""

Rows = NDArray[np.float32]


@dataclass
class Drift:
    """What was found so far: figures by suite, and in ``warnings`` what could not be told."""

    store: Store
    progress: Progress
    figures: dict[str, list[Moved]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    _baseline: dict[str, Rows] = field(default_factory=dict)

    def look(self, arm: str, retriever: Retriever, suites: Sequence[Suite], *, against: str = "") -> None:
        """Look at an arm's embeddings; nothing is found of a system that does not embed.

        ``against`` is the baseline's name; it is "" for the baseline itself, which comes first. What fails here stops nobody, for no
        verdict hangs on it: it becomes a warning.
        """
        system = embedding_part(retriever)
        if system is None:
            return
        for suite in suites:
            if suite.loaded.plan.kind == KIND:
                self._look(arm, system, suite, against)

    def _look(self, arm: str, system: Embeds, suite: Suite, against: str) -> None:
        found = self.figures.setdefault(suite.name, [])
        try:
            for collection in suite.collections:
                found += self._documents(arm, system, collection, against)
            for pairs in suite.pairs:
                rho = self._rank_correlation(system, pairs)
                found.append(Moved("Spearman", pairs.name, arm, rho, len(pairs.pairs), note="" if rho is not None else "all cosines equal"))
            for task in suite.loaded.plan.mteb:
                found.append(self._benchmark(arm, system, task))
        except CannotJudge as error:
            self.warnings.append(f"{arm}: what moved on suite {suite.name} could not be told: {error}")

    def _documents(self, arm: str, system: Embeds, collection: Collection, against: str) -> Iterator[Moved]:
        rows, name = self._embedded(system, collection), collection.folder.name
        yield Moved("effective rank", name, arm, _rounded(embeddings.effective_rank(rows)), len(rows))
        if not against:
            self._baseline[collection.corpus_fingerprint] = rows
            return
        before = self._baseline.get(collection.corpus_fingerprint)
        if before is not None:
            unlike = f"{before.shape[1]} and {rows.shape[1]} dimensions" if before.shape != rows.shape else ""
            yield Moved("mean cosine", name, arm, _rounded(embeddings.mean_cosine(before, rows)), len(rows), against, unlike)
            kept = _rounded(embeddings.neighbours_kept(before, rows))
            few = "" if kept is not None else f"no document has more than {embeddings.NEIGHBOURS} others"
            yield Moved("neighbours kept", name, arm, kept, len(rows), against, few)

    def _embedded(self, system: Embeds, collection: Collection) -> Rows:
        """The embeddings of the sampled documents, sorted by id; from the store where they are there."""
        key = fingerprint("sample", system.fingerprint, collection.corpus_fingerprint, SAMPLE)
        kept = self.store.get("sample", key)
        if kept is not None:
            return np.asarray(np.load(io.BytesIO(kept), allow_pickle=False), dtype=np.float32)
        wanted = sampled(collection.ids)
        texts = [(document.id, system.render(document)) for document in collection.documents() if document.id in wanted]
        self.progress.start("look at what moved", len(texts))
        # In the order of the corpus, so that a whole corpus comes in the blocks that were kept when it was indexed.
        made = system.embed(texts, "document", self.store, self.progress)
        rows = made[sorted(range(len(texts)), key=lambda at: texts[at][0])]
        payload = io.BytesIO()
        np.save(payload, rows, allow_pickle=False)
        self.store.put("sample", key, payload.getvalue())
        return rows

    def _rank_correlation(self, system: Embeds, pairs: Pairs) -> float | None:
        """Both sentences are encoded as queries are: they are alike in kind."""
        sides = [[(f"{pairs.name}:{number}", text) for number, text in enumerate(texts, 1)] for texts in _sides(pairs)]
        self.progress.start("encode sentence pairs", 2 * len(pairs.pairs))
        first, second = (system.embed(side, "query", self.store, self.progress) for side in sides)
        return _rounded(embeddings.rank_correlation(first, second, [pair.score for pair in pairs.pairs]))

    def _benchmark(self, arm: str, system: Embeds, task: str) -> Moved:
        key = fingerprint("mteb", system.encoder.fingerprint, task, benchmarks.version())
        kept = self.store.get("mteb", key)
        if kept is None:
            self.progress.start(f"MTEB {task}", 1)
        score = float(kept) if kept is not None else benchmarks.main_score(task, system.encoder)
        if isinstance(score, Unscored):
            self.warnings.append(f"{arm}: the MTEB task {task} has no score: {score.unscored}")
            return Moved("MTEB", task, arm, None, note=score.unscored)
        self.store.put("mteb", key, repr(score).encode())
        return Moved("MTEB", task, arm, _rounded(score))


def sampled(ids: Sequence[str]) -> frozenset[str]:
    """Return the ids of at most ``SAMPLE`` documents: those whose hashes are least, so that more documents change few of them."""
    return frozenset(heapq.nsmallest(SAMPLE, ids, key=lambda id_: hashlib.sha256(id_.encode("utf-8", "surrogatepass")).digest()))


def _sides(pairs: Pairs) -> tuple[list[str], list[str]]:
    return [pair.first for pair in pairs.pairs], [pair.second for pair in pairs.pairs]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
