"""The fitting of a cross-encoder: negatives mined, model, loss and trainer put together, and what came of it."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ragguard.errors import InputError, Problem
from ragguard.plan.stages import CrossEncoderRecipe
from ragguard.systems.crossencoder import load
from ragguard.systems.protocols import Progress, Retriever, Vault
from ragguard.systems.templates import render
from ragguard.train import arguments, trainer
from ragguard.train.job import CrossEncoderJob
from ragguard.train.mining import Group, group, mine
from ragguard.train.rows import cap
from ragguard.train.watch import Curves

LISTWISE = ("lambda", "listnet")


def fit(
    job: CrossEncoderJob, retriever: Retriever, key: str, result: Path, scratch: Path, vault: Vault, progress: Progress
) -> dict[str, Any]:
    """Mine, train, save the model in ``result``, and return the provenance; what the trainer leaves on its way goes to ``scratch``.

    Raises:
        InputError: the arguments or the rows do not fit the recipe.
        Broken: the loss or the gradient is not finite, or the loss leapt.
        CannotJudge: the retriever, the model or the memory failed.
    """
    trainer.require()
    from sentence_transformers.cross_encoder import CrossEncoderTrainingArguments

    began, curves, recipe = time.perf_counter(), Curves(), job.recipe
    options = arguments.build(CrossEncoderTrainingArguments, recipe, scratch, job.ground.seed, {})
    groups = _groups(job, retriever, vault, progress)
    table = columns(groups, recipe, job.ground.document_text)
    model = _model(job)
    about = {**job.ground.about(recipe, key), **_counts(groups, job, retriever), "device": str(model.device)}
    about["pairs_truncated"] = _truncated(model, groups, job.ground.document_text)
    trainer.run(
        "CrossEncoderTrainer",
        curves,
        progress,
        told(groups, recipe),
        lambda: about,
        model=model,
        args=options,
        train_dataset=trainer.dataset(table),
        loss=_loss(recipe, model),
    )
    model.save_pretrained(str(result), create_model_card=False)
    return {**about, "loss": curves.thinned(), "seconds": round(time.perf_counter() - began, 3)}


def _groups(job: CrossEncoderJob, retriever: Retriever, vault: Vault, progress: Progress) -> list[Group]:
    recipe, ground = job.recipe, job.ground
    rows = cap(ground.rows, recipe.max_rows, np.random.default_rng(ground.seed))
    found = mine(retriever, ground.corpus, rows, recipe.mine_depth, vault, progress) if recipe.negatives else {}
    groups = group(rows, ground.rows, found, recipe.negatives, ground.corpus)
    if not any(each.negatives for each in groups):
        what = "no row has a negative, and the retriever finds none either"
        raise InputError(Problem(recipe.data, what, "raise mine_depth, or give rows hard or easy negatives"))
    return groups


def _model(job: CrossEncoderJob) -> Any:
    import torch

    recipe = job.recipe
    # A head that the base does not have is drawn here. Scores stay as they are learned: a sigmoid would round large ones to a tie at 1.
    torch.manual_seed(job.ground.seed)
    return load(
        job.ground.base,
        max_seq_length=recipe.max_seq_length,
        device=recipe.device,
        trust_remote_code=recipe.trust_remote_code,
        allow_pickle=recipe.allow_pickle,
        num_labels=1,
        activation_fn=torch.nn.Identity(),
    )


def _loss(recipe: CrossEncoderRecipe, model: Any) -> Any:
    from sentence_transformers.cross_encoder import losses

    known = {
        "binary-cross-entropy": losses.BinaryCrossEntropyLoss,
        "lambda": losses.LambdaLoss,
        "listnet": losses.ListNetLoss,
    }
    return known[recipe.loss](model)


def columns(groups: Sequence[Group], recipe: CrossEncoderRecipe, template: str) -> dict[str, list[Any]]:
    """Return the columns that the recipe's loss wants, documents as the template renders them.

    ``query, document, label`` (1.0 for the positive, 0.0 for a negative), a row each pair; for lambda and listnet ``query, docs,
    labels``, a row each query, the positive first.
    """
    texts = [[render(template, document) for document in (each.positive, *each.negatives)] for each in groups]
    if recipe.loss in LISTWISE:
        return {
            "query": [each.query for each in groups],
            "docs": texts,
            "labels": [[1.0, *(0.0 for _ in each.negatives)] for each in groups],
        }
    pairs = [(each.query, text, float(i == 0)) for each, found in zip(groups, texts, strict=True) for i, text in enumerate(found)]
    return {name: [pair[i] for pair in pairs] for i, name in enumerate(("query", "document", "label"))}


def told(groups: Sequence[Group], recipe: CrossEncoderRecipe) -> list[Mapping[str, Any]]:
    """Say of each row of ``columns`` what it is, by the ids of its documents."""
    found: list[Mapping[str, Any]] = []
    for each in groups:
        about, negatives = {"query": each.query, "intent": each.intent}, [document.id for document in each.negatives]
        if recipe.loss in LISTWISE:
            found.append({**about, "positive": each.positive.id, "negatives": negatives})
        else:
            pairs = [(each.positive.id, 1.0), *((name, 0.0) for name in negatives)]
            found += [{**about, "document": name, "label": label} for name, label in pairs]
    return found


def _counts(groups: Sequence[Group], job: CrossEncoderJob, retriever: Retriever) -> dict[str, Any]:
    mined = {"negatives": sum(each.mined for each in groups), "rows_without": sum(not each.mined for each in groups)}
    about = {
        "rows": {"train": len(groups)},
        "intents": {"train": len({each.intent for each in groups})},
        "pairs": sum(1 + len(each.negatives) for each in groups),
    }
    return {**about, "mined": {**mined, "retriever": retriever.fingerprint}} if job.recipe.negatives else about


def _truncated(model: Any, groups: Sequence[Group], template: str) -> float:
    """The share of the pairs that are longer than the model reads."""
    limit = model.max_seq_length
    pairs = [(each.query, render(template, document)) for each in groups for document in (each.positive, *each.negatives)]
    ids = model.tokenizer([query for query, _ in pairs], [text for _, text in pairs], truncation=False, verbose=False)["input_ids"]
    return sum(len(row) > limit for row in ids) / len(pairs) if limit else 0.0
