"""The metrics of ragas, asked of any OpenAI-compatible model. Ragas and openai are loaded when the first answer is judged."""

import importlib
import importlib.util
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from numpy.typing import NDArray

from ragguard.errors import InputError, MissingExtra, Problem, suggest
from ragguard.judges.patience import Patience
from ragguard.plan.judges import RagasJudge as RagasPlan
from ragguard.records.judgement import Asked, Verdict
from ragguard.records.metric import Metric
from ragguard.records.ragas_table import RAGAS
from ragguard.systems.budget import Budget
from ragguard.systems.fingerprints import digest, file_digest
from ragguard.systems.http import Client

PREFIX = "ragas:"

Embed: TypeAlias = Callable[[Sequence[str]], NDArray[Any]]
"""Texts to their embeddings, shape (n, dimension)."""

DECIDING = ("model", "temperature", "seed", "max_new_tokens", "body", "version", "language")
"""Keys of the plan that change verdicts."""

NEEDED = ("ragas", "instructor", "openai")


def build(name: str, plan: RagasPlan, embed: Embed | None = None, embedder: str = "") -> "RagasJudge":
    """Return the judge ``name`` of a plan. ``embed`` makes the embeddings that some metrics need; ``embedder`` is its fingerprint.

    Raises:
        MissingExtra: ragas is not installed.
        InputError: the environment has no such variable as holds the key.
    """
    if any(importlib.util.find_spec(each) is None for each in NEEDED):
        raise MissingExtra("judge", f"the judge {name}, of type ragas,")
    key = os.environ.get(plan.api_key_env, "") if plan.api_key_env else ""
    if plan.api_key_env and not key:
        what = f"judge {name}: environment variable {plan.api_key_env} is not set"
        raise InputError(Problem("", what, f"export {plan.api_key_env}=..."))
    return RagasJudge(plan, key, embed, embedder)


class RagasJudge:
    """Judges by ragas' metrics, answer by answer, ``concurrency`` at a time in an event loop of its own."""

    def __init__(self, plan: RagasPlan, key: str, embed: Embed | None, embedder: str) -> None:
        self._plan, self._embed, self._embedder = plan, embed, embedder
        self._client = Client(plan, plan.base_url, key)
        self._budget, self._patience = Budget(plan.max_tokens_total), Patience()
        self._adapted: dict[str, Mapping[str, Any]] = {}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over model, sampling, body, ragas' prompts and arithmetic (its source), instructor's version, and embeddings."""
        return digest(
            {
                "type": "ragas",
                "source": _source(),
                "instructor": metadata.version("instructor"),
                "embeddings": self._embedder or self._plan.embeddings or "",
                **self._plan.model_dump(mode="json", include=set(DECIDING)),
            }
        )

    def judge(self, metric: Metric, asked: Sequence[Asked], turn: int) -> list[Verdict]:
        """Return one verdict for each answer, in their order; a given ``seed`` is raised by ``turn``, or every turn would say the same.

        Raises:
            InputError: there is no such metric, it needs an encoder and there is none, or ragas cannot be loaded.
        """
        name = metric.base.removeprefix(PREFIX)
        if name not in RAGAS:
            raise InputError(Problem("", f"ragas has no metric {name!r} of answers", suggest(name, RAGAS)))
        if RAGAS[name].embeddings and self._embed is None:
            raise InputError(Problem("", f"{metric} needs an encoder, and there is none", "name one as embeddings: of the judge"))
        rounds = load()
        self._patience.again()
        with _quiet(), ThreadPoolExecutor(1) as pool:
            about = rounds.Round(self._plan, self._client, self._budget, self._patience, metric, turn, self._adapted, self._embed, pool)
            found: list[Verdict] = about.judge(asked)
            return found

    def notes(self) -> Mapping[str, float | int | str]:
        """Say what was asked, and what was spent."""
        return {"model": self._plan.model, "ragas": metadata.version("ragas"), "tokens_spent": self._budget.spent}


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
