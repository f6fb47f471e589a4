"""Tasks of the MTEB benchmark (Muennighoff et al. 2023, arXiv:2210.07316), run by the ``mteb`` package on an arm's encoder."""

import importlib.util
import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import metadata
from typing import Any

from ragguard.errors import InputError, MissingExtra, Problem, suggest
from ragguard.plan.load import LoadedSuite
from ragguard.records.evidence import Unscored
from ragguard.systems.encoder import Encoder, quiet

PACKAGE = "mteb"


def verify(suite: LoadedSuite) -> None:
    """Check that the package knows the tasks that a suite names, without loading their data.

    Raises:
        InputError: the package is not installed, or has no such task.
    """
    tasks = suite.plan.mteb
    if not tasks:
        return
    if importlib.util.find_spec(PACKAGE) is None:
        missing = MissingExtra(PACKAGE, PACKAGE)
        raise InputError([replace(problem, where=suite.source.where(("mteb",))) for problem in missing.problems]) from missing
    with _silenced():
        wrong = [
            Problem(suite.source.where(("mteb", number)), f"mteb {version()} has no task {name!r}", _near(name))
            for number, name in enumerate(tasks)
            if not _known(name)
        ]
    if wrong:
        raise InputError(wrong)


def _known(name: str) -> bool:
    try:
        _package().get_task(name)
    except KeyError:
        return False
    return True


def _near(name: str) -> str:
    """The near name, and not the list of a thousand."""
    known = _package().get_tasks(exclude_superseded=False, exclude_private=False, exclude_beta=False)
    fix = suggest(name, (task.metadata.name for task in known))
    return fix if fix.startswith("did you mean") else "mteb.get_tasks() lists them"


def version() -> str:
    """The installed version of the package."""
    return metadata.version(PACKAGE)


def main_score(name: str, encoder: Encoder) -> float | Unscored:
    """Run one task and return its main score (the mean over its splits and subsets), or why there is none.

    Nothing that a benchmark does can stop a gate: its data may not be here, and what it measures is never judged.

    Raises:
        CannotJudge: the model cannot be loaded.
    """
    model = encoder.model
    with _silenced():
        mteb = _package()
        task = mteb.get_task(name)
        try:
            task.load_data()
        except Exception as error:  # noqa: BLE001 - whatever a hub, a disk or a loader of theirs raises; the report says what
            return Unscored(f"its data could not be had ({_told(error)})")
        try:
            wrapped = mteb.SentenceTransformerEncoderWrapper(model, model_prompts=_prompts(encoder))
            options = {"batch_size": encoder.batch_size, "normalize_embeddings": encoder.normalize, "show_progress_bar": False}
            done = mteb.evaluate(wrapped, task, cache=None, co2_tracker=False, show_progress_bar=False, encode_kwargs=options)
            score = float(done.task_results[0].get_score())
        except Exception as error:  # noqa: BLE001 - the same
            return Unscored(f"it failed ({_told(error)})")
    return score if math.isfinite(score) else Unscored(f"its main score is {score}")


def _prompts(encoder: Encoder) -> dict[str, str] | None:
    """The model's own prompts, with those of the plan in their place; None where the plan has none."""
    planned = {"query": encoder.query_prompt, "document": encoder.document_prompt}
    own = {name: prompt for name, prompt in encoder.model.prompts.items() if prompt}
    return {**own, **{role: prompt for role, prompt in planned.items() if prompt}} if any(planned.values()) else None


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _package() -> Any:
    import mteb

    return mteb


@contextmanager
def _silenced() -> Iterator[None]:
    """Keep the advice and progress bars of the package and of what loads its data off the terminal; put the settings back afterwards."""
    import datasets

    loggers = [logging.getLogger(name) for name in (PACKAGE, "datasets")]
    levels, bars = [logger.level for logger in loggers], datasets.utils.are_progress_bars_disabled()
    datasets.utils.disable_progress_bars()
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with quiet(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if not bars:
            datasets.utils.enable_progress_bars()
