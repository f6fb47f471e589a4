"""A reranker by sentence-transformers' CrossEncoder: loaded when first used, quiet, and known by its fingerprint before that."""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ragguard.errors import CannotJudge, MissingExtra
from ragguard.plan.stages import CrossEncoderReranker as CrossEncoderPlan
from ragguard.records.collection import Document
from ragguard.systems.encoder import quiet
from ragguard.systems.fingerprints import digest, folder_digest
from ragguard.systems.protocols import Corpus
from ragguard.systems.templates import names, render, validate_for

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder


class CrossEncoderReranker:
    """A model folder and how it is used. Scores are the model's own, after its activation function.

    A model with several labels is scored by its last one, which is "entailment" or "relevant" by custom. ``device`` and ``batch_size``
    are not part of the fingerprint: they change scores by rounding alone.
    """

    def __init__(self, plan: CrossEncoderPlan, folder: Path) -> None:
        names(plan.document_text)
        self._plan, self._folder = plan, folder
        self.fingerprint = digest(
            {
                "type": "cross-encoder",
                "weights": folder_digest(folder),
                "max_seq_length": plan.max_seq_length,
                "dtype": plan.dtype,
                "document_text": plan.document_text,
            }
        )
        self._pairs = self._cut = 0

    def prepare(self, corpus: Corpus) -> None:
        """Check the template against the corpus. Raises InputError where it does not fit."""
        validate_for(self._plan.document_text, corpus)

    def score(self, pairs: Sequence[tuple[str, Document]]) -> list[float]:
        """Return one score per pair, in order, computed batch by batch of pairs of like length.

        Raises:
            CannotJudge: the model or the memory failed, or a score is not finite.
        """
        if not pairs:
            return []
        texts = [(query, render(self._plan.document_text, document)) for query, document in pairs]
        try:
            with quiet():
                found = self.model.predict(texts, batch_size=self._plan.batch_size, show_progress_bar=False, convert_to_numpy=True)
        except (RuntimeError, MemoryError) as error:
            raise CannotJudge(f"{self._folder}: reranking failed ({type(error).__name__}: {error}); try a smaller batch_size") from error
        scores = [float(row[-1]) for row in np.asarray(found, dtype=np.float64).reshape(len(texts), -1)]
        strange = next((pair for pair, score in zip(texts, scores, strict=True) if not math.isfinite(score)), None)
        if strange is not None:
            raise CannotJudge(f"{self._folder}: the score of {strange[0]!r} is not finite: the model is broken, or its dtype too narrow")
        self._count(texts)
        return scores

    def _count(self, texts: Sequence[tuple[str, str]]) -> None:
        limit = self.model.max_seq_length
        with quiet():
            ids = self.model.tokenizer([query for query, _ in texts], [text for _, text in texts], truncation=False, verbose=False)
        self._pairs += len(texts)
        self._cut += sum(len(row) > limit for row in ids["input_ids"]) if limit else 0

    @cached_property
    def model(self) -> "CrossEncoder":
        """The loaded model. Raises as ``load``."""
        plan = self._plan
        return load(
            self._folder,
            dtype=plan.dtype,
            max_seq_length=plan.max_seq_length,
            device=plan.device,
            trust_remote_code=plan.trust_remote_code,
            allow_pickle=plan.allow_pickle,
        )

    def notes(self) -> Mapping[str, float | int | str]:
        """Say what share of the pairs was longer than the model reads."""
        return {"pairs_truncated": self._cut / self._pairs} if self._pairs else {}


def load(
    folder: Path,
    *,
    dtype: str = "float32",
    max_seq_length: int | None = None,
    device: str | None = None,
    trust_remote_code: bool = False,
    allow_pickle: bool = False,
    **more: object,
) -> "CrossEncoder":
    """Load a cross-encoder, without the network; ``more`` goes to sentence-transformers' CrossEncoder as it is.

    Raises:
        MissingExtra: sentence-transformers is not installed.
        CannotJudge: the files cannot be loaded.
    """
    try:
        from sentence_transformers import CrossEncoder
    except ModuleNotFoundError as error:
        raise MissingExtra("models", "a cross-encoder") from error
    options: dict[str, object] = {"dtype": dtype} | ({} if allow_pickle else {"use_safetensors": True})
    common = {"device": device, "trust_remote_code": trust_remote_code, "local_files_only": True, "model_kwargs": options}
    try:
        with quiet():
            model = CrossEncoder(str(folder), **common, **more)
    except Exception as error:  # whatever a model's own files raise, the model cannot be judged
        raise CannotJudge(f"{folder}: the model cannot be loaded ({type(error).__name__}: {error})") from error
    if max_seq_length is not None:
        model.max_seq_length = max_seq_length
    return model
