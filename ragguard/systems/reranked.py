"""A retriever whose head is scored again."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ragguard.execute.meter import Idle, Meter
from ragguard.records.collection import Document
from ragguard.records.evidence import Case, Observation, Ranked
from ragguard.systems.fingerprints import digest
from ragguard.systems.protocols import Corpus, Progress, Reranker, Retriever, Vault
from ragguard.systems.ranking import ordered


class Reranked:
    """The first ``depth`` documents of a retriever, in the order of a reranker's scores.

    What lies beyond keeps its order below them, and gets scores below theirs, unless ``keep`` says how many come out.
    """

    def __init__(self, retriever: Retriever, reranker: Reranker, depth: int, keep: int | None, meter: Meter | None = None) -> None:
        self._meter = meter or Idle()
        self.retriever, self.reranker, self.depth, self.keep = retriever, reranker, depth, keep
        self.fingerprint = digest(
            {"type": "reranked", "retriever": retriever.fingerprint, "reranker": reranker.fingerprint, "depth": depth, "keep": keep}
        )
        self._corpus: Corpus | None = None

    def index(self, corpus: Corpus, vault: Vault, progress: Progress) -> None:
        """Index the corpus, and make the reranker ready. Raises what they raise."""
        self.retriever.index(corpus, vault, progress)
        self.reranker.prepare(corpus)
        self._corpus = corpus

    def search(self, cases: Sequence[Case], depth: int) -> list[Observation]:
        """Return one observation per case, in order. All pairs of all cases are scored together; seconds are shared out by pairs.

        Raises:
            CannotJudge: the retriever or the reranker failed as a whole.
        """
        found = self.retriever.search(cases, max(depth, self.depth))
        heads = [self._head(observation) for observation in found]
        pairs = [(case.text, document) for case, head in zip(cases, heads, strict=True) for document in head]
        with self._meter.stage("rerank") as used:
            began = time.perf_counter()
            scores = iter(self.reranker.score(pairs))
            share = (time.perf_counter() - began) / len(pairs) if pairs else 0.0
            used.done += len(found)
        made = [
            observation if observation.error else self._again(observation, head, [next(scores) for _ in head], share, depth)
            for observation, head in zip(found, heads, strict=True)
        ]
        together = sum(map(bool, heads))
        return [each if each.error else replace(each, together={**each.together, "rerank": together}) for each in made]

    def _head(self, observation: Observation) -> list[Document]:
        """The documents to be scored again; one that the corpus does not have cannot be, and stays where it is: below."""
        corpus = self._corpus
        if corpus is None:
            raise RuntimeError("index() comes before search()")
        return [] if observation.error else [corpus.document(each.id) for each in observation.ranking[: self.depth] if each.id in corpus]

    def _again(self, observation: Observation, head: Sequence[Document], scores: Sequence[float], share: float, depth: int) -> Observation:
        first = ordered((Ranked(document.id, score) for document, score in zip(head, scores, strict=True)), len(head))
        names, floor = {document.id for document in head}, min(scores, default=0.0)
        rest = [each.id for each in observation.ranking if each.id not in names]
        below = tuple(Ranked(name, floor - 1.0 - place) for place, name in enumerate(rest))
        ranking = (*first, *below)[: depth if self.keep is None else min(depth, self.keep)]
        return replace(observation, ranking=ranking, seconds={**observation.seconds, "rerank": share * len(head)})

    def notes(self) -> Mapping[str, float | int | str]:
        """Return the retriever's notes, and the reranker's under its name."""
        about = {"depth": self.depth, **self.reranker.notes()}
        return {**self.retriever.notes(), **{f"reranker.{key}": value for key, value in about.items()}}
