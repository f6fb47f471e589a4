"""A bi-encoder by sentence-transformers: loaded when first used, quiet, and known by its fingerprint before that."""

import importlib.util
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ragguard.errors import CannotJudge, InputError, MissingExtra, Problem
from ragguard.systems.fingerprints import digest, folder_digest

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Role = Literal["query", "document"]
LIBRARY = "sentence-transformers"


@dataclass(frozen=True)
class Encoder:
    """A model folder and how it is used.

    An empty prompt means the model's own prompt for that role, where it carries one. ``device`` and ``batch_size`` are not part of
    the fingerprint: they change results by rounding alone.
    """

    folder: Path
    query_prompt: str = ""
    document_prompt: str = ""
    truncate_dim: int | None = None
    max_seq_length: int | None = None
    normalize: bool = True
    dtype: str = "float32"
    backend: Literal["torch", "onnx", "openvino"] = "torch"
    device: str | None = None
    batch_size: int = 32
    trust_remote_code: bool = False
    allow_pickle: bool = False

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over the model's files and everything that changes its embeddings."""
        return digest(
            {
                "library": LIBRARY,
                "weights": folder_digest(self.folder),
                "prompts": [self.query_prompt, self.document_prompt],
                "truncate_dim": self.truncate_dim,
                "max_seq_length": self.max_seq_length,
                "normalize": self.normalize,
                "dtype": self.dtype,
                "backend": self.backend,
            }
        )

    @cached_property
    def model(self) -> "SentenceTransformer":
        """The loaded model."""
        return load(self)

    def lengths(self, texts: Sequence[str], role: Role) -> list[int]:
        """Return the number of tokens of each text with its prompt and the special tokens, before any cut."""
        prompt = self.prompt(role) or ""
        tokenizer = self.model.tokenizer
        with quiet():
            return [len(ids) for ids in tokenizer([prompt + text for text in texts], truncation=False, verbose=False)["input_ids"]]

    def prompt(self, role: Role) -> str | None:
        """Return the prompt that stands before texts of this role: the configured one, else the model's own, else None."""
        return (self.query_prompt if role == "query" else self.document_prompt) or (self.model.prompts.get(role) or None)

    def encode(self, texts: Sequence[str], role: Role, order: Sequence[int], advance: Callable[[int], None]) -> NDArray[np.float32]:
        """Return the embeddings of the texts, shape (n, dimension), float32, encoded batch by batch in the given order.

        Raises:
            CannotJudge: the model or the memory failed.
        """
        rows: NDArray[np.float32] | None = None
        for start in range(0, len(texts), self.batch_size):
            batch = order[start : start + self.batch_size]
            vectors = self._encode_batch([texts[i] for i in batch], role)
            rows = np.empty((len(texts), vectors.shape[1]), dtype=np.float32) if rows is None else rows
            rows[batch] = vectors
            advance(len(batch))
        return np.empty((0, 0), dtype=np.float32) if rows is None else rows

    def _encode_batch(self, texts: list[str], role: Role) -> NDArray[np.float32]:
        encode = self.model.encode_query if role == "query" else self.model.encode_document
        try:
            with quiet():
                vectors = encode(
                    texts,
                    prompt=self.prompt(role),
                    batch_size=self.batch_size,
                    normalize_embeddings=self.normalize,
                    truncate_dim=self.truncate_dim,
                    show_progress_bar=False,
                )
        except (RuntimeError, MemoryError) as error:
            raise CannotJudge(f"{self.folder}: encoding failed ({type(error).__name__}: {error}); try a smaller batch_size") from error
        return np.asarray(vectors, dtype=np.float32)


def load(encoder: Encoder) -> "SentenceTransformer":
    """Load the model of an encoder, without the network.

    Raises:
        InputError: something that it needs is not installed.
        CannotJudge: the files cannot be loaded.
    """
    library = _library(encoder.backend)
    options: dict[str, object] = {} if encoder.allow_pickle else {"use_safetensors": True}
    options |= {"dtype": encoder.dtype}
    try:
        with quiet():
            model = library(
                str(encoder.folder),
                device=encoder.device,
                trust_remote_code=encoder.trust_remote_code,
                local_files_only=True,
                model_kwargs=options if encoder.backend == "torch" else {},
                backend=encoder.backend,
                truncate_dim=encoder.truncate_dim,
            )
    except Exception as error:  # whatever a model's own files raise, the model cannot be judged
        raise CannotJudge(f"{encoder.folder}: the model cannot be loaded ({type(error).__name__}: {error})") from error
    if encoder.max_seq_length is not None:
        model.max_seq_length = encoder.max_seq_length
    return model


def _library(backend: str) -> "type[SentenceTransformer]":
    if backend != "torch" and importlib.util.find_spec("optimum") is None:
        fix = f"run: pip install 'sentence-transformers[{backend}]'"
        raise InputError(Problem("", f"backend: {backend} needs the package optimum, which is not installed", fix))
    try:
        from sentence_transformers import SentenceTransformer
    except ModuleNotFoundError as error:
        raise MissingExtra("models", "a dense retriever") from error
    library: type[SentenceTransformer] = SentenceTransformer
    return library


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the model libraries' progress bars and advice off the terminal, and put their settings back afterwards."""
    from transformers.utils import logging as transformers_logging

    loggers = [logging.getLogger(name) for name in ("transformers", "sentence_transformers")]
    levels = [logger.level for logger in loggers]
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if bars:
            transformers_logging.enable_progress_bar()
