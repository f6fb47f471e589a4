"""The generator without a language model: it quotes the sentences that are nearest to the question, with their citation, or abstains."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ragguard.plan.stages import ExtractiveGenerator as ExtractivePlan
from ragguard.records.collection import Document
from ragguard.records.evidence import Answer
from ragguard.systems.citations import ABSTENTION
from ragguard.systems.embeddings import embed
from ragguard.systems.encoder import Encoder, Role
from ragguard.systems.fingerprints import digest
from ragguard.systems.protocols import Asked, Progress, Said, Vault

_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9`\"'(\[])|\n+")


class ExtractiveGenerator:
    """Picks the ``sentences`` most similar to the question (cosine, by an encoder) among those of its contexts.

    The answer is the picked sentences in the order of the contexts, each followed by its number (``... [2]``). Where the best is less
    similar than ``threshold``, it says that the documents do not say. Deterministic; it cannot combine, compute or rephrase.
    """

    def __init__(self, plan: ExtractivePlan, folder: Path) -> None:
        self._plan = plan
        self._encoder = Encoder(folder, device=plan.device, batch_size=plan.batch_size, allow_pickle=plan.allow_pickle)
        about = {"sentences": plan.sentences, "threshold": plan.threshold}
        self.fingerprint = digest({"type": "extractive", "encoder": self._encoder.fingerprint, **about})
        self._vault: Vault | None = None
        self._documents: dict[str, tuple[tuple[str, ...], NDArray[np.float32]]] = {}

    def prepare(self, vault: Vault, progress: Progress) -> None:  # noqa: ARG002 - documents are encoded when they are met
        """Remember where embeddings are kept."""
        self._vault, self._documents = vault, {}

    def answer(self, asked: Sequence[Asked]) -> list[Said]:
        """Return one answer per question, in order.

        Raises:
            CannotJudge: the encoder or the memory failed.
        """
        self._read({document.id: document for each in asked for document in each.contexts})
        questions = self._embed([(each.case, each.question) for each in asked], "query")
        return [Said(self._pick(each, vector)) for each, vector in zip(asked, questions, strict=True)]

    def _read(self, documents: Mapping[str, Document]) -> None:
        """Split and encode the documents that were not met before, all of them together."""
        new = {name: split(document) for name, document in documents.items() if name not in self._documents}
        texts = [(f"{name}:{number}", sentence) for name, found in sorted(new.items()) for number, sentence in enumerate(found)]
        vectors, at = self._embed(texts, "document"), 0
        for name, found in sorted(new.items()):
            self._documents[name] = (found, vectors[at : at + len(found)])
            at += len(found)

    def _embed(self, texts: Sequence[tuple[str, str]], role: Role) -> NDArray[np.float32]:
        if self._vault is None:
            raise RuntimeError("prepare() comes before answer()")
        blocks = [
            block.vectors for block in embed(self._encoder, texts, "query" if role == "query" else "document", self._vault, _Silent())
        ]
        return np.concatenate(blocks) if blocks else np.empty((0, 0), dtype=np.float32)

    def _pick(self, asked: Asked, question: NDArray[np.float32]) -> Answer:
        found = []
        for number, document in enumerate(asked.contexts, 1):
            sentences, vectors = self._documents[document.id]
            similar = vectors @ question if len(sentences) else np.empty(0)
            found += [(round(float(score), 6), -number, -place, sentences[place]) for place, score in enumerate(similar)]
        best = sorted(found, reverse=True)[: self._plan.sentences]
        if not best or best[0][0] < self._plan.threshold:
            return Answer(ABSTENTION, abstained=True)
        kept = sorted((each for each in best if each[0] >= self._plan.threshold), key=lambda each: (-each[1], -each[2]))
        citations = dict.fromkeys(asked.contexts[-number - 1].id for _, number, _, _ in kept)
        return Answer(" ".join(f"{sentence} [{-number}]" for _, number, _, sentence in kept), tuple(citations))

    def notes(self) -> Mapping[str, float | int | str]:
        """Say below which similarity it abstains."""
        return {"type": "extractive", "threshold": self._plan.threshold}


def split(document: Document) -> tuple[str, ...]:
    """Return a document's sentences, in order; a title is none."""
    return tuple(part.strip() for part in _END.split(document.text) if part.strip())


class _Silent:
    def start(self, label: str, total: int) -> None:
        """Say nothing."""

    def advance(self, n: int) -> None:
        """Say nothing."""
