"""A whole system: a retriever, a reranker of its head, a generator that answers from it; the last two if there are any."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ragguard.execute.meter import Idle, Meter
from ragguard.records.collection import Document
from ragguard.records.evidence import Case, Observation
from ragguard.systems.fingerprints import digest
from ragguard.systems.protocols import Asked, Corpus, Generator, Progress, Retriever, Said, Vault


class Pipeline:
    """Asks its stages in order. What fails on a case in one stage is that case's error; later stages do not see the case."""

    def __init__(self, retriever: Retriever, generator: Generator, contexts: int, meter: Meter | None = None) -> None:
        self._meter = meter or Idle()
        self.retriever, self.generator, self.contexts = retriever, generator, contexts
        self.fingerprint = digest({"retriever": retriever.fingerprint, "generator": generator.fingerprint, "contexts": contexts})
        self._corpus: Corpus | None = None

    def index(self, corpus: Corpus, vault: Vault, progress: Progress) -> None:
        """Index the corpus, and make the generator ready. Raises what they raise."""
        self.retriever.index(corpus, vault, progress)
        self.generator.prepare(vault, progress)
        self._corpus = corpus

    def search(self, cases: Sequence[Case], depth: int) -> list[Observation]:
        """Return one observation per case, in order, with the generator's answer."""
        if self._corpus is None:
            raise RuntimeError("index() comes before search()")
        found = self.retriever.search(cases, depth)
        asked = [
            Asked(case.id, case.text, self._given(observation))
            for case, observation in zip(cases, found, strict=True)
            if not observation.error
        ]
        with self._meter.stage("generate") as used:
            answers = {each.case: said for each, said in zip(asked, self._timed(asked), strict=True)}
            used.done += len(asked)
        contexts = {each.case: tuple(document.id for document in each.contexts) for each in asked}
        return [
            observation
            if observation.error
            else replace(
                observation,
                contexts=contexts[observation.case],
                answer=answers[observation.case].answer,
                error=answers[observation.case].error,
                seconds={**observation.seconds, **_seconds(answers[observation.case])},
                together={**observation.together, "generate": answers[observation.case].together},
            )
            for observation in found
        ]

    def _timed(self, asked: Sequence[Asked]) -> list[Said]:
        """What the generator says; where it does not say how long a question took, that is its share of all of them."""
        began = time.perf_counter()
        said = self.generator.answer(asked)
        share = (time.perf_counter() - began) / len(asked) if asked else 0.0
        return [each if each.seconds else replace(each, seconds=share, together=len(asked)) for each in said]

    def _given(self, observation: Observation) -> tuple[Document, ...]:
        """The documents of the head that the corpus has."""
        corpus = self._corpus
        if corpus is None:
            raise RuntimeError("index() comes before search()")
        return tuple(corpus.document(found.id) for found in observation.ranking[: self.contexts] if found.id in corpus)

    def notes(self) -> Mapping[str, float | int | str]:
        """Return the retriever's notes, and the generator's under its name."""
        return {**self.retriever.notes(), **{f"generator.{key}": value for key, value in self.generator.notes().items()}}


def _seconds(said: Said) -> dict[str, float]:
    return {"generate": said.seconds, **({"first_token": said.first_token} if said.first_token else {})}
