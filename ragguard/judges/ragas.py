"""The metrics of ragas, asked of any OpenAI-compatible model. Ragas and openai are loaded when the first answer is judged."""

import importlib
import importlib.util
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property, partial
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ragguard.errors import InputError, MissingExtra, Problem, suggest
from ragguard.judges.breaker import Breaker
from ragguard.judges.protocols import Context
from ragguard.plan.judges import RagasJudge
from ragguard.records.judgement import Asked, Verdict
from ragguard.records.metric import Metric
from ragguard.records.ragas_table import RAGAS
from ragguard.systems.chat import Chat
from ragguard.systems.encoder import Encoder
from ragguard.systems.fingerprints import digest, file_digest
from ragguard.systems.weights import resolve

PREFIX = "ragas:"

DECIDING = ("model", "temperature", "seed", "max_new_tokens", "body", "version", "language")
"""Keys of the plan that change verdicts."""

NEEDED = ("ragas", "instructor", "openai")

Embed: TypeAlias = Callable[[Sequence[str]], NDArray[Any]]
"""Texts to their embeddings, shape (n, dimension)."""


class RagasJudgeRunner:
    """Judges by ragas' metrics, answer by answer, ``concurrency`` at a time in an event loop of its own."""

    def __init__(self, name: str, plan: RagasJudge, context: Context, embed: Embed | None = None) -> None:
        """Look up the key and the encoder; nothing is asked, and nothing loaded. ``embed`` stands in for the encoder.

        Raises:
            MissingExtra: ragas is not installed.
            InputError: the environment has no such key, or there is no such encoder.
        """
        if any(importlib.util.find_spec(each) is None for each in NEEDED):
            raise MissingExtra("judge", f"the judge {name}, of type ragas,")
        self.name, self._plan, self._chat, self._breaker = name, plan, Chat(plan), Breaker()
        self._encoder = encoder_of(plan, context) if embed is None else None
        self._embed = embed if self._encoder is None else partial(embedded, self._encoder)
        self._adapted: dict[str, dict[str, Any]] = {}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over model, sampling, body, ragas' prompts and arithmetic (its source), instructor's version, and embeddings."""
        return digest(
            {
                "type": "ragas",
                "source": _source(),
                "instructor": metadata.version("instructor"),
                "embeddings": self._encoder.fingerprint if self._encoder is not None else "",
                **self._plan.model_dump(mode="json", include=set(DECIDING)),
            }
        )

    def judge(self, metric: Metric, asked: Sequence[Asked], turn: int) -> list[Verdict]:
        """Return one verdict for each answer, in their order; a given ``seed`` is raised by ``turn``, or every turn would say the same.

        Raises:
            InputError: there is no such metric, it needs an encoder and there is none, or ragas cannot be loaded.
        """
        if lacking := self.lacks(metric):
            raise InputError(lacking)
        rounds = load()
        with _quiet(), ThreadPoolExecutor(1) as pool:
            about = rounds.Round(self._plan, self._chat, self._breaker, metric, turn, self._adapted, self._embed, pool)
            found: list[Verdict] = about.judge(asked)
            return found

    def lacks(self, metric: Metric) -> Problem | None:
        """Say why this judge cannot give a metric; None: it can."""
        name = metric.base.removeprefix(PREFIX)
        if name not in RAGAS:
            return Problem("", f"ragas has no metric {name!r} of answers", suggest(name, RAGAS))
        if RAGAS[name].embeddings and self._embed is None:
            what = f"{metric} needs an encoder, and the baseline's retriever has none that is there before the run"
            return Problem("", what, "name one as embeddings: of the judge")
        return None

    def notes(self) -> Mapping[str, float | int | str]:
        """Say what was asked, and what was spent."""
        return {"model": self._plan.model, "ragas": metadata.version("ragas"), "tokens_spent": self._chat.budget.spent}


def embedded(encoder: Encoder, texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the embeddings of questions and answers, which ragas sets beside each other. Raises CannotJudge."""
    return encoder.encode(texts, "query", range(len(texts)), lambda _: None)


def encoder_of(plan: RagasJudge, context: Context) -> Encoder | None:
    """Return what makes embeddings: what the plan names, else the encoder of the baseline's retriever, if that is not to be trained.

    Raises:
        InputError: there is no such model.
    """
    if plan.embeddings is not None:
        return Encoder(resolve(plan.embeddings, revision=None, base=context.folder))
    theirs = context.encoder
    if theirs is None or theirs.model is None:
        return None
    pickle = theirs.allow_pickle
    folder = resolve(theirs.model, revision=theirs.revision, base=context.folder, backend=theirs.backend, allow_pickle=pickle)
    return Encoder(
        folder,
        query_prompt=theirs.query_prompt,
        truncate_dim=theirs.truncate_dim,
        max_seq_length=theirs.max_seq_length,
        normalize=theirs.normalize,
        dtype=theirs.dtype,
        backend=theirs.backend,
        device=theirs.device,
        batch_size=theirs.batch_size,
        trust_remote_code=theirs.trust_remote_code and context.allow_code,
        allow_pickle=pickle,
    )


def load() -> ModuleType:
    """Load ragas, its reports of usage off, and return what judges with it.

    Raises:
        InputError: it cannot be loaded; with langchain-community 0.4, for instance, ragas 0.4.3 cannot.
    """
    os.environ["RAGAS_DO_NOT_TRACK"] = "true"  # read once, when it is loaded
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module("ragguard.judges.ragas_round")
    except ImportError as error:
        raise InputError(Problem("", f"ragas cannot be loaded ({error})", "run: pip install 'ragguard[judge]'")) from error


def _source() -> str:
    """SHA-256 (hex) of the files that hold ragas' prompts and what it makes of replies; ragas itself is not loaded."""
    spec = importlib.util.find_spec("ragas")
    if spec is None or spec.origin is None:
        raise MissingExtra("judge", "a judge of type ragas")
    root = Path(spec.origin).parent
    files = [path for part in ("metrics", "prompt") for path in sorted((root / part).rglob("*.py"))]
    return digest({path.relative_to(root).as_posix(): file_digest(path) for path in files})


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep instructor's and ragas' complaints off the terminal: what went wrong is in the verdicts."""
    loggers = [logging.getLogger(name) for name in ("instructor", "ragas")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
