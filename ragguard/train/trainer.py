"""What trainings of both kinds share: sentence-transformers' trainers as they are used here, and how one runs."""

import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from ragguard.errors import CannotJudge, MissingExtra
from ragguard.systems.protocols import Progress
from ragguard.train.watch import Broken, Curves, Trail, watcher

Kind = Literal["SentenceTransformerTrainer", "CrossEncoderTrainer"]


def require() -> None:
    """Make sure that the libraries are installed. Raises MissingExtra."""
    if any(importlib.util.find_spec(name) is None for name in ("accelerate", "datasets", "sentence_transformers")):
        raise MissingExtra("train", "training")


def dataset(table: Mapping[str, Sequence[Any]]) -> Any:
    """Return columns as a dataset."""
    from datasets import Dataset

    return Dataset.from_dict(dict(table))


def run(
    kind: Kind,
    curves: Curves,
    progress: Progress,
    told: Sequence[Mapping[str, Any]],
    about: Callable[[], dict[str, Any]],
    callbacks: Sequence[Any] = (),
    **options: Any,
) -> None:
    """Train with the library's trainer of that name, made with ``options``, and fill the curves.

    ``told`` says of each row of the dataset what it is, and ``about`` what the training is, should it break.

    Raises:
        Broken: the loss or the gradient is not finite, or the loss leapt; the rows that did it are in its story.
        CannotJudge: the model or the memory failed.
    """
    trail = Trail()
    watching = [watcher(curves, progress, trail), *callbacks]
    conduct(_traced(kind, trail)(callbacks=watching, **options), curves, told, about)


def conduct(trainer: Any, curves: Curves, told: Sequence[Mapping[str, Any]], about: Callable[[], dict[str, Any]]) -> None:
    """Run a trainer that is watched, and fill the curves. Raises as ``run``."""
    import transformers

    trainer.remove_callback(transformers.PrinterCallback)
    try:
        trainer.train()
    except Broken as broken:
        batches = {name: [dict(told[i]) for i in rows] for name, rows in broken.rows.items()}
        broken.story = {**about(), "loss": curves.thinned(), "broken": {"step": broken.step, "what": broken.what, **batches}}
        raise
    except (RuntimeError, MemoryError) as error:
        raise CannotJudge(f"training failed ({type(error).__name__}: {error}); try a smaller batch_size") from error


def _traced(kind: Kind, trail: Trail) -> Any:
    import sentence_transformers

    class Trainer(getattr(sentence_transformers, kind)):  # type: ignore[misc]  # the library is not followed by mypy
        """The trainer without its model card, which encodes examples at random and draws a bar; nobody reads it here.

        It leaves a trail: which rows are in which batch.
        """

        def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
            """Add none."""

        def get_batch_sampler(self, *args: Any, **options: Any) -> Any:
            """Note what the sampler draws."""
            return trail.note(super().get_batch_sampler(*args, **options))

        def training_step(self, *args: Any, **options: Any) -> Any:
            """Say that the next batch is trained on."""
            trail.take()
            return super().training_step(*args, **options)

    return Trainer


@contextmanager
def on_threads(number: int | None) -> Iterator[None]:
    """Let torch use so many threads of the processor within the block; None: as many as it does anyway."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(number or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def reproducible() -> Iterator[None]:
    """Ask for deterministic kernels where there is a choice, and put random states and settings back as they were."""
    import random

    import numpy as np
    import torch

    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    deterministic, warn_only = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
        if cuda:
            torch.cuda.set_rng_state_all(cuda)
