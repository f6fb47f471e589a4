"""Lexical retrieval: BM25 by bm25s."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragguard.plan.retrievers import LexicalRetriever as LexicalPlan
from ragguard.records.evidence import Case, Observation, Ranked
from ragguard.systems.fingerprints import digest
from ragguard.systems.protocols import Corpus, Progress, Vault
from ragguard.systems.ranking import best, tie_ranks
from ragguard.systems.templates import names, render, validate_for


class LexicalRetriever:
    """BM25 over words of two letters and more, in lower case. A document that shares no word with the query is not retrieved."""

    def __init__(self, plan: LexicalPlan) -> None:
        names(plan.document_text)
        self._plan = plan
        self.fingerprint = digest({"library": "bm25s", **plan.model_dump()})
        self._ids: list[str] = []
        self._ranks = np.empty(0, dtype=np.int64)
        self._bm25: Any = None

    def index(self, corpus: Corpus, vault: Vault, progress: Progress) -> None:  # noqa: ARG002 - quick to make again
        """Index the corpus.

        Raises:
            InputError: the template names a field that no document has.
        """
        import bm25s

        template = self._plan.document_text
        validate_for(template, corpus)
        progress.start("index words", corpus.size)
        documents = [(document.id, render(template, document)) for document in corpus.documents()]
        self._ids = [id_ for id_, _ in documents]
        self._ranks = tie_ranks(self._ids)
        tokens = bm25s.tokenize([text for _, text in documents], stopwords=self._stopwords, show_progress=False)
        self._bm25 = None
        if any(tokens.ids):
            self._bm25 = bm25s.BM25(k1=self._plan.k1, b=self._plan.b, delta=self._plan.delta, method=self._plan.method)
            self._bm25.index(tokens, show_progress=False)
        progress.advance(len(documents))

    @property
    def _stopwords(self) -> str | list[str]:
        return "english" if self._plan.stopwords == "english" else []

    def search(self, cases: Sequence[Case], depth: int) -> list[Observation]:
        """Return one observation per case, in order."""
        return [self._search(case, depth) for case in cases]

    def _search(self, case: Case, depth: int) -> Observation:
        import bm25s

        began = time.perf_counter()
        (tokens,) = bm25s.tokenize([case.text], stopwords=self._stopwords, return_ids=False, show_progress=False)
        words = self._bm25.get_tokens_ids([token for token in tokens if token]) if self._bm25 is not None else []
        ranking: tuple[Ranked, ...] = ()
        if words:
            scores = self._bm25.get_scores_from_ids(words)
            matched = self._matched(words)
            matched = matched[scores[matched] != 0]
            top = matched[best(scores[matched], self._ranks[matched], depth)]
            ranking = tuple(Ranked(self._ids[at], float(scores[at])) for at in top)
        return Observation(case.id, ranking, seconds={"retrieve": time.perf_counter() - began})

    def _matched(self, words: list[int]) -> NDArray[np.int64]:
        # BM25L and BM25+ give a score to documents that have none of the words, so scores do not tell who has one.
        starts, indices = self._bm25.scores["indptr"], self._bm25.scores["indices"]
        return np.unique(np.concatenate([indices[starts[word] : starts[word + 1]] for word in words]))

    def notes(self) -> Mapping[str, float | int | str]:
        """Say how large the index is."""
        return {"documents": len(self._ids), "words": len(self._bm25.vocab_dict) if self._bm25 is not None else 0, "index": "exact"}
