"""The fitting of a bi-encoder to a language model's likelihoods: candidates, loss and trainer put together, and what came of it."""

import time
from pathlib import Path
from typing import Any

from ragguard.systems.encoder import Encoder
from ragguard.systems.protocols import Progress, Vault
from ragguard.train import arguments, divergence, encoders, trainer
from ragguard.train.candidates import Candidates
from ragguard.train.job import ReplugJob
from ragguard.train.rows import divide
from ragguard.train.teacher import Teacher
from ragguard.train.watch import Curves


def fit(job: ReplugJob, result: Path, scratch: Path, vault: Vault, progress: Progress) -> dict[str, Any]:
    """Draw, score, train, save the model in ``result``, and return the provenance; what the trainer leaves goes to ``scratch``.

    Raises:
        InputError: the arguments or the rows do not fit the recipe, or the generator cannot be asked a question of theirs.
        Broken: the loss or the gradient is not finite, or the loss leapt.
        CannotJudge: a model or the memory failed.
    """
    trainer.require()
    from transformers import EarlyStoppingCallback

    began, curves, recipe = time.perf_counter(), Curves(), job.recipe
    split = divide(job.ground.rows, recipe, job.ground.seed)
    encoder = encoders.load(job)
    teacher = Teacher(job.generator, vault, progress)
    candidates = Candidates(job, split.train, encoder, teacher, progress)
    candidates.draw()
    before, stopping = candidates.agreement(), recipe.early_stopping
    trainer.run(
        "SentenceTransformerTrainer",
        curves,
        progress,
        candidates.told,
        lambda: encoders.about(job, split, encoder),
        callbacks=[_refresher(candidates, recipe.refresh, progress), *([EarlyStoppingCallback(stopping.patience)] if stopping else [])],
        model=encoder.model,
        args=_arguments(job, len(split.train), encoder, candidates, scratch),
        train_dataset=trainer.dataset({"row": range(len(split.train))}).with_transform(candidates.table),
        loss=divergence.loss(encoder.model, recipe.temperature_retriever, recipe.temperature_generator),
        evaluator=encoders.evaluator(job, encoder, split) if stopping else None,
    )
    encoder.model.save_pretrained(str(result), create_model_card=False)
    about = {**encoders.about(job, split, encoder), "distilled": _distilled(job, teacher, candidates, before)}
    return {**about, "loss": curves.thinned(), "dev": curves.dev, "seconds": round(time.perf_counter() - began, 3)}


def _arguments(job: ReplugJob, rows: int, encoder: Encoder, candidates: Candidates, scratch: Path) -> Any:
    from sentence_transformers import SentenceTransformerTrainingArguments

    own = arguments.of_biencoder(job.recipe, rows, encoders.prompts(encoder, ["anchor", *candidates.table.columns]))
    return arguments.build(SentenceTransformerTrainingArguments, job.recipe, scratch, job.ground.seed, own)


def _distilled(job: ReplugJob, teacher: Teacher, candidates: Candidates, before: dict[str, float]) -> dict[str, Any]:
    return {
        "generator": job.generator.fingerprint,
        "documents": len(candidates.table.columns),
        "draws": candidates.draws,
        **teacher.about,
        "positives_liked": candidates.positives_liked(),
        "before": before,
        "after": candidates.agreement(),
    }


def _refresher(candidates: Candidates, every: int | None, progress: Progress) -> Any:
    """Return a trainer callback that draws the candidates anew, every so many steps (None: those of an epoch, 0: never)."""
    from transformers import TrainerCallback

    class Refresher(TrainerCallback):  # type: ignore[misc]  # transformers is not followed by mypy
        """Draws unless training is over. The trainer holds the next batch already: it is of the draw before."""

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002 - transformers' signature
            """Draw after so many steps."""
            if every and state.global_step % every == 0:
                self._draw(state)

        def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            """Draw after an epoch."""
            if every is None:
                self._draw(state)

        def _draw(self, state: Any) -> None:
            if state.global_step < state.max_steps:
                candidates.draw()
                progress.start("train", state.max_steps)
                progress.advance(state.global_step)

    return Refresher()
