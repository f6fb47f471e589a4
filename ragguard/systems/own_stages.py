"""A reranker or a generator that the user wrote: a callable ``package.module:name``."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ragguard.errors import CannotJudge, InputError, Problem
from ragguard.plan.stages import PythonGenerator as GeneratorPlan
from ragguard.plan.stages import PythonReranker as RerankerPlan
from ragguard.records.collection import Document
from ragguard.records.evidence import Answer
from ragguard.systems import code
from ragguard.systems.citations import abstains, sources
from ragguard.systems.fingerprints import digest, file_digest
from ragguard.systems.protocols import Asked, Corpus, Progress, Said, Vault
from ragguard.systems.templates import names, render, validate_for


def _fingerprint(plan: RerankerPlan | GeneratorPlan, base: Path) -> str:
    """Covers the module's own file, the arguments and the plan's ``version``, not what the module imports or asks."""
    source = code.source_of(plan.callable, base)
    about = plan.model_dump(mode="json", exclude={"depth", "keep", "contexts"})
    return digest({**about, "source": file_digest(source) if source else ""})


def _function(plan: RerankerPlan | GeneratorPlan) -> Callable[..., Any]:
    found = code.load(plan.callable, plan.arguments)
    if not callable(found):
        what = f"callable: {plan.callable} is of type {type(found).__name__}, which cannot be called"
        raise InputError(Problem("", what, "name a function, an object with __call__, or a factory with arguments:"))
    function: Callable[..., Any] = found
    return function


class PythonReranker:
    """Calls ``name(query, texts)``, which returns one score a text; higher is better."""

    def __init__(self, plan: RerankerPlan, base: Path) -> None:
        names(plan.document_text)
        self._plan = plan
        self.fingerprint = _fingerprint(plan, base)
        self._score: Callable[[str, list[str]], Sequence[float]] | None = None

    def prepare(self, corpus: Corpus) -> None:
        """Import the object, and check the template against the corpus. Raises InputError or CannotJudge as ``code.load`` does."""
        validate_for(self._plan.document_text, corpus)
        self._score = _function(self._plan)

    def score(self, pairs: Sequence[tuple[str, Document]]) -> list[float]:
        """Return one score per pair, in order; the object is called once for each run of pairs with one query.

        Raises:
            CannotJudge: the object raised, or did not return one finite score a text.
        """
        scores: list[float] = []
        while len(scores) < len(pairs):
            query = pairs[len(scores)][0]
            texts = []
            for asked, document in pairs[len(scores) :]:
                if asked != query:
                    break
                texts.append(render(self._plan.document_text, document))
            scores += self._ask(query, texts)
        return scores

    def _ask(self, query: str, texts: list[str]) -> list[float]:
        if self._score is None:
            raise RuntimeError("prepare() comes before score()")
        try:
            scores = [float(score) for score in self._score(query, texts)]
        except Exception as error:  # the user's code may raise anything
            raise CannotJudge(f"{self._plan.callable} raised {type(error).__name__} on {query!r}: {error}") from error
        if len(scores) != len(texts) or not all(map(math.isfinite, scores)):
            raise CannotJudge(f"{self._plan.callable} returned {len(scores)} scores for {len(texts)} texts on {query!r}, or one not finite")
        return scores

    def notes(self) -> Mapping[str, float | int | str]:
        """Say what was asked."""
        return {"callable": self._plan.callable}


class PythonGenerator:
    """Calls ``name(question, texts)``, which returns the answer's text; citations are read from it."""

    def __init__(self, plan: GeneratorPlan, base: Path) -> None:
        names(plan.document_text)
        self._plan = plan
        self.fingerprint = _fingerprint(plan, base)
        self._answer: Callable[[str, list[str]], object] | None = None

    def prepare(self, vault: Vault, progress: Progress) -> None:  # noqa: ARG002 - nothing is kept
        """Import the object. Raises InputError or CannotJudge as ``code.load`` does."""
        self._answer = _function(self._plan)

    def answer(self, asked: Sequence[Asked]) -> list[Said]:
        """Return one result per question, in order; what the object raises on a question is that result's error."""
        return [self._ask(each) for each in asked]

    def _ask(self, asked: Asked) -> Said:
        if self._answer is None:
            raise RuntimeError("prepare() comes before answer()")
        began = time.perf_counter()
        try:
            text = self._answer(asked.question, [render(self._plan.document_text, document) for document in asked.contexts])
        except Exception as error:  # noqa: BLE001 - the user's code may raise anything; it is said on the case
            return Said(error=f"{type(error).__name__}: {error}", seconds=time.perf_counter() - began)
        if not isinstance(text, str):
            return Said(error=f"the answer is {type(text).__name__}, not text", seconds=time.perf_counter() - began)
        answer = Answer(text, sources(text, asked.contexts), abstained=abstains(text))
        return Said(answer, seconds=time.perf_counter() - began)

    def notes(self) -> Mapping[str, float | int | str]:
        """Say what was asked."""
        return {"callable": self._plan.callable}
