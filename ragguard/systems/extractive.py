"""The generator without a language model: it quotes the sentences that are nearest to the question, with their citation, or abstains."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

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
from ragguard.systems.sentences import sentences
from ragguard.systems.silent import Silent


class _Found(NamedTuple):
    """A sentence: how similar to the question, in which context (from 1), where in it, and the context's id."""

    similarity: float
    number: int
    place: int
    sentence: str
    document: str


class ExtractiveGenerator:
    """Picks the ``sentences`` most similar to the question (cosine, by an encoder) among those of its contexts.

    A sentence is encoded after the title of its document, which says what "it" and "the limit" are; the title is not quoted.
    The answer is the picked sentences in the order of the contexts, each followed by its number (``... [2]``). Where the best is less
    similar than ``threshold``, it says that the documents do not say. Deterministic; it cannot combine, compute or rephrase.
    """

    def __init__(self, plan: ExtractivePlan, folder: Path) -> None:
        self._plan = plan
        self._encoder = Encoder(folder, device=plan.device, batch_size=plan.batch_size, allow_pickle=plan.allow_pickle)
        about = {"sentences": plan.sentences, "threshold": plan.threshold, "titles": True}
        self.fingerprint = digest({"type": "extractive", "encoder": self._encoder.fingerprint, **about})
        self._vault: Vault | None = None
        self._documents: dict[str, tuple[tuple[str, ...], NDArray[np.float32]]] = {}
        self._questions: dict[str, NDArray[np.float32]] = {}

    def prepare(self, vault: Vault, progress: Progress) -> None:  # noqa: ARG002 - documents are encoded when they are met
        """Remember where embeddings are kept."""
        self._vault, self._documents, self._questions = vault, {}, {}

    def answer(self, asked: Sequence[Asked]) -> list[Said]:
        """Return one answer per question, in order.

        Raises:
            CannotJudge: the encoder or the memory failed.
        """
        return [Said(self._say(found)) for found in self._weigh(asked)]

    def nearest(self, asked: Sequence[Asked]) -> list[float]:
        """Return for each question the similarity (cosine, -1 to 1) of its best sentence; -1 where there is none.

        Raises:
            CannotJudge: the encoder or the memory failed.
        """
        return [found[0].similarity if found else -1.0 for found in self._weigh(asked)]

    def _weigh(self, asked: Sequence[Asked]) -> list[list[_Found]]:
        """All sentences of each question's contexts, best first."""
        self._read({document.id: document for each in asked for document in each.contexts})
        new = {each.question: each.case for each in asked if each.question not in self._questions}
        self._questions |= dict(zip(new, self._embed([(case, text) for text, case in new.items()], "query"), strict=True))
        return [self._ranked(each, self._questions[each.question]) for each in asked]

    def _read(self, documents: Mapping[str, Document]) -> None:
        """Split and encode the documents that were not met before, all of them together."""
        new = {name: sentences(document.text) for name, document in documents.items() if name not in self._documents}
        texts = [
            (f"{name}:{number}", f"{documents[name].title}: {sentence}" if documents[name].title else sentence)
            for name, found in sorted(new.items())
            for number, sentence in enumerate(found)
        ]
        vectors, at = self._embed(texts, "document"), 0
        for name, found in sorted(new.items()):
            self._documents[name] = (found, vectors[at : at + len(found)])
            at += len(found)

    def _embed(self, texts: Sequence[tuple[str, str]], role: Role) -> NDArray[np.float32]:
        if self._vault is None:
            raise RuntimeError("prepare() comes before answer()")
        blocks = [block.vectors for block in embed(self._encoder, texts, "query" if role == "query" else "document", self._vault, Silent())]
        return np.concatenate(blocks) if blocks else np.empty((0, 0), dtype=np.float32)

    def _ranked(self, asked: Asked, question: NDArray[np.float32]) -> list[_Found]:
        found = []
        for number, document in enumerate(asked.contexts, 1):
            texts, vectors = self._documents[document.id]
            similar = vectors @ question if len(texts) else np.empty(0)
            found += [_Found(round(float(s), 6), number, place, texts[place], document.id) for place, s in enumerate(similar)]
        return sorted(found, key=lambda each: (-each.similarity, each.number, each.place))

    def _say(self, found: Sequence[_Found]) -> Answer:
        kept = [each for each in found[: self._plan.sentences] if each.similarity >= self._plan.threshold]
        if not kept:
            return Answer(ABSTENTION, abstained=True)
        kept.sort(key=lambda each: (each.number, each.place))
        text = " ".join(f"{each.sentence} [{each.number}]" for each in kept)
        return Answer(text, tuple(dict.fromkeys(each.document for each in kept)))

    def notes(self) -> Mapping[str, float | int | str]:
        """Say below which similarity it abstains."""
        return {"type": "extractive", "threshold": self._plan.threshold}
