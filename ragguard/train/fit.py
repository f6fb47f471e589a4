"""The fitting of a bi-encoder: model, loss, dev split and trainer put together, and what came of it."""

import time
from pathlib import Path
from typing import Any

from ragguard.errors import InputError, Problem
from ragguard.plan.recipes import BiEncoderRecipe
from ragguard.systems.protocols import Progress
from ragguard.train import arguments, encoders, trainer
from ragguard.train.job import BiEncoderJob
from ragguard.train.rows import columns, divide, told
from ragguard.train.watch import Curves


def fit(job: BiEncoderJob, result: Path, scratch: Path, progress: Progress) -> dict[str, Any]:
    """Train, save the model in ``result``, and return the provenance; what the trainer leaves on its way goes to ``scratch``.

    Raises:
        InputError: the arguments or the rows do not fit the recipe.
        Broken: the loss or the gradient is not finite, or the loss leapt.
        CannotJudge: the model or the memory failed.
    """
    trainer.require()
    from sentence_transformers import SentenceTransformerTrainingArguments
    from transformers import EarlyStoppingCallback

    began, curves, recipe = time.perf_counter(), Curves(), job.recipe
    split = divide(job.ground.rows, recipe, job.ground.seed)
    dataset = trainer.dataset(columns(split.train, recipe, job.ground.document_text))
    encoder = encoders.load(job)
    own = arguments.of_biencoder(recipe, len(dataset), encoders.prompts(encoder, dataset.column_names))
    stopping = recipe.early_stopping
    trainer.run(
        "SentenceTransformerTrainer",
        curves,
        progress,
        told(split.train, recipe),
        lambda: encoders.about(job, split, encoder),
        callbacks=[EarlyStoppingCallback(stopping.patience)] if stopping else [],
        model=encoder.model,
        args=arguments.build(SentenceTransformerTrainingArguments, recipe, scratch, job.ground.seed, own),
        train_dataset=dataset,
        loss=_loss(recipe, encoder.model),
        evaluator=encoders.evaluator(job, encoder, split) if stopping else None,
    )
    encoder.model.save_pretrained(str(result), create_model_card=False)
    about = encoders.about(job, split, encoder)
    return {**about, "loss": curves.thinned(), "dev": curves.dev, "seconds": round(time.perf_counter() - began, 3)}


def _loss(recipe: BiEncoderRecipe, model: Any) -> Any:
    from sentence_transformers.sentence_transformer import losses

    known = {
        "multiple-negatives": losses.MultipleNegativesRankingLoss,
        "cached-multiple-negatives": losses.CachedMultipleNegativesRankingLoss,
        "triplet": losses.TripletLoss,
        "cosent": losses.CoSENTLoss,
    }
    loss = known[recipe.loss](model)
    if not recipe.matryoshka:
        return loss
    largest = model.get_embedding_dimension()
    if max(recipe.matryoshka) > largest or min(recipe.matryoshka) < 1:
        raise InputError(
            Problem("", f"matryoshka: {recipe.matryoshka} is not within the model's {largest} dimensions", "leave out what is too large")
        )
    return losses.MatryoshkaLoss(model, loss, matryoshka_dims=sorted(set(recipe.matryoshka), reverse=True))
