"""A whole RAG system behind HTTP, whatever its requests and responses look like."""

import math
import threading
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from ragguard.errors import InputError, Problem
from ragguard.plan.services import RemoteSystem as RemotePlan
from ragguard.records.collection import Document
from ragguard.records.evidence import Answer, Case, Observation, Ranked
from ragguard.systems.asking import ask_all
from ragguard.systems.citations import abstains, sources
from ragguard.systems.fingerprints import digest
from ragguard.systems.http import Client, HttpError
from ragguard.systems.jsonpath import find, parsed
from ragguard.systems.protocols import Corpus, Progress, Vault
from ragguard.systems.ranking import ordered
from ragguard.systems.remote_request import body_of, url_of
from ragguard.systems.templates import names, render, validate_for

DECIDING = ("url", "method", "body", "response", "document_text", "version")


class RemoteSystem:
    """Asks a service, case by case, and reads documents, answer and citations out of its responses.

    It brings its own index, over the same documents. A document that comes twice (as two passages) counts where it came first; a text
    that no document has is a result that the corpus does not know. The fingerprint covers the address and the mapping, not what the
    service does: ``version`` says when that changes.
    """

    def __init__(self, plan: RemotePlan) -> None:
        """Check the mapping. Raises InputError for a path or a body that is none."""
        self._plan, self._client, self._body = plan, Client(plan, plan.url), body_of(plan)
        for path in filter(None, plan.response.model_dump().values()):
            parsed(path)
        names(plan.document_text)
        self.fingerprint = digest({"type": "remote", **plan.model_dump(mode="json", include=set(DECIDING))})
        self._corpus: Corpus | None = None
        self._texts: dict[str, str] = {}
        self._passages = self._repeated = 0
        self._lock = threading.Lock()

    def index(self, corpus: Corpus, vault: Vault, progress: Progress) -> None:  # noqa: ARG002 - the service brings its own index
        """Take the corpus, and where the service names documents by their texts, look these up.

        Raises:
            InputError: two documents read the same, so a text would not tell which was found.
        """
        self._corpus, self._texts = corpus, {}
        if self._plan.response.texts is None:
            return
        validate_for(self._plan.document_text, corpus)
        progress.start("read the documents' texts", corpus.size)
        for document in corpus.documents():
            other = self._texts.setdefault(render(self._plan.document_text, document), document.id)
            if other != document.id:
                what = f"the documents {other!r} and {document.id!r} have the same text, so texts: cannot tell them apart"
                raise InputError(Problem("", what, "map ids: instead, or give document_text more fields"))
            progress.advance(1)

    def search(self, cases: Sequence[Case], depth: int) -> list[Observation]:
        """Return one observation per case, in order; what goes wrong with one case is its error.

        Raises:
            InputError: the service refuses the request or the key.
            CannotJudge: there is no service.
        """
        found = ask_all(lambda case: self._ask(case, depth), cases, self._plan)
        return [
            Observation(case.id, error=str(each)) if isinstance(each, HttpError) else each for case, each in zip(cases, found, strict=True)
        ]

    def _ask(self, case: Case, depth: int) -> Observation:
        began = time.perf_counter()
        response = self._client.json(self._plan.method, url_of(self._plan, case.text, depth), self._body(case.text, depth))
        seconds = {"remote": time.perf_counter() - began}
        try:
            ids = self._ids(response)
            answer = self._answer(response, ids)
            ranking = self._ranking(response, ids, depth)
        except (TypeError, ValueError) as error:
            return Observation(case.id, error=self._client.hide(f"the response does not fit the plan's mapping: {error}"), seconds=seconds)
        contexts = tuple(dict.fromkeys(ids)) if answer is not None else ()
        return Observation(case.id, ranking, seconds=seconds, contexts=contexts, answer=answer)

    def _ids(self, response: Any) -> list[str]:
        """The documents as the service lists them, perhaps some of them again."""
        mapping = self._plan.response
        if mapping.ids is not None:
            return [_id(value) for value in find(mapping.ids, response)]
        texts = [_text(value, "a document's text") for value in find(mapping.texts or "$", response)]
        return [self._texts.get(text) or f"text {sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}" for text in texts]

    def _ranking(self, response: Any, ids: Sequence[str], depth: int) -> tuple[Ranked, ...]:
        """The documents, best first, each once."""
        path = self._plan.response.scores
        scores = [_number(value) for value in find(path, response)] if path else [-float(place) for place in range(len(ids))]
        if len(scores) != len(ids):
            raise ValueError(f"it has {len(scores)} scores for {len(ids)} documents")
        best: dict[str, float] = {}
        for name, score in zip(ids, scores, strict=True):
            best[name] = max(score, best.get(name, score))
        with self._lock:
            self._passages += len(ids)
            self._repeated += len(ids) - len(best)
        return ordered((Ranked(name, score) for name, score in best.items()), depth)

    def _answer(self, response: Any, ids: Sequence[str]) -> Answer | None:
        mapping = self._plan.response
        if mapping.answer is None:
            return None
        found = find(mapping.answer, response)
        text = _text(found[0] if len(found) == 1 else found, "the answer").strip()
        if not text:
            raise ValueError("the answer is empty")
        if mapping.citations is None:
            return Answer(text, sources(text, [self._document(name) for name in ids]), abstains(text))
        named = [_cited(value, ids) for value in find(mapping.citations, response)]
        return Answer(text, tuple(dict.fromkeys(named)), abstains(text))

    def _document(self, name: str) -> Document:
        if self._corpus is None:
            raise RuntimeError("index() comes before search()")
        return self._corpus.document(name) if name in self._corpus else Document(name, "")

    def notes(self) -> Mapping[str, float | int | str]:
        """Say who was asked, and the share of passages whose document had come before."""
        told: dict[str, float | int | str] = {"service": self._client.place}
        return told | ({"passages_of_a_document_again": self._repeated / self._passages} if self._repeated else {})


def _id(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise ValueError(f"{value!r} is no document's id")
    return str(value)


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what} is {type(value).__name__}, not text")
    return value.strip()


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"the score {value!r} is not a finite number")
    return float(value)


def _cited(value: Any, ids: Sequence[str]) -> str:
    """The document that a citation names, or counts from 1 among those that were returned."""
    name = _id(value)
    return ids[int(name) - 1] if name not in ids and name.isdecimal() and 1 <= int(name) <= len(ids) else name
