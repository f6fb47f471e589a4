"""The fitting itself: model, loss, dev split and trainer put together, and what came of it."""

import importlib.util
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ragguard.errors import CannotJudge, InputError, MissingExtra, Problem
from ragguard.plan.retrievers import BiEncoderRecipe
from ragguard.systems.encoder import Encoder
from ragguard.systems.protocols import Progress
from ragguard.systems.templates import render
from ragguard.train import arguments, checkpoint
from ragguard.train.job import Job
from ragguard.train.rows import Split, columns, divide
from ragguard.train.watch import Curves, watcher


def fit(job: Job, result: Path, scratch: Path, progress: Progress) -> dict[str, Any]:
    """Train, save the model in ``result``, and return the provenance; what the trainer leaves on its way goes to ``scratch``.

    Raises:
        InputError: the arguments or the rows do not fit the recipe.
        CannotJudge: the loss is not finite, or the model or the memory failed.
    """
    trainer_class, callbacks = _trainer()
    began, curves, split = time.perf_counter(), Curves(), divide(job.rows, job.recipe, job.seed)
    dataset = _dataset(columns(split.train, job.recipe, job.document_text))
    encoder = _encoder(job)
    prompts = _prompts(encoder, dataset.column_names)
    options = arguments.build(job.recipe, scratch, rows=len(dataset), seed=job.seed, prompts=prompts)
    stopping = job.recipe.early_stopping
    trainer = trainer_class(
        model=encoder.model,
        args=options,
        train_dataset=dataset,
        loss=_loss(job.recipe, encoder.model),
        evaluator=_evaluator(job, encoder, split) if stopping else None,
        callbacks=[watcher(curves, progress), *([callbacks.EarlyStoppingCallback(stopping.patience)] if stopping else [])],
    )
    trainer.remove_callback(callbacks.PrinterCallback)
    try:
        trainer.train()
    except (RuntimeError, MemoryError) as error:
        raise CannotJudge(f"training failed ({type(error).__name__}: {error}); try a smaller batch_size") from error
    encoder.model.save_pretrained(str(result), create_model_card=False)
    about = _about(job, split, encoder)
    return {**about, "loss": curves.thinned(), "dev": curves.dev, "seconds": round(time.perf_counter() - began, 3)}


def _encoder(job: Job) -> Encoder:
    recipe = job.recipe
    encoder = Encoder(
        job.base,
        query_prompt=job.query_prompt,
        document_prompt=job.document_prompt,
        max_seq_length=recipe.max_seq_length,
        device=recipe.device,
        trust_remote_code=recipe.trust_remote_code,
        allow_pickle=recipe.allow_pickle,
    )
    encoder.model.model_card_data.local_files_only = True
    return encoder


def _prompts(encoder: Encoder, names: list[str]) -> dict[str, str]:
    roles = {name: encoder.prompt("query" if name in ("anchor", "sentence1") else "document") for name in names if name != "score"}
    return {name: prompt for name, prompt in roles.items() if prompt}


def _dataset(table: dict[str, list[str] | list[float]]) -> Any:
    from datasets import Dataset

    return Dataset.from_dict(table)


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


def _evaluator(job: Job, encoder: Encoder, split: Split) -> Any:
    from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator
    from sentence_transformers.util import cos_sim

    documents = {document.id: render(job.document_text, document) for document in job.corpus.documents()}
    relevant: dict[str, set[str]] = {}
    for row in split.dev:
        documents.setdefault(row.positive.id, render(job.document_text, row.positive))
        relevant.setdefault(row.query, set()).add(row.positive.id)
    return InformationRetrievalEvaluator(
        queries={query: query for query in relevant},
        corpus=documents,
        relevant_docs=relevant,
        ndcg_at_k=[10],
        name="dev",
        batch_size=encoder.batch_size,
        write_csv=False,
        score_functions={"cosine": cos_sim},
        query_prompt=encoder.prompt("query"),
        corpus_prompt=encoder.prompt("document"),
    )


def _about(job: Job, split: Split, encoder: Encoder) -> dict[str, Any]:
    limit = encoder.model.max_seq_length
    texts = sorted({render(job.document_text, row.positive) for row in split.train})
    cut = sum(length > limit for length in encoder.lengths(texts, "document")) if limit else 0
    return {
        "key": job.key,
        "base": {"model": job.recipe.base, "fingerprint": job.base_fingerprint},
        "data": {"file": job.recipe.data, "hash": job.data_hash, "rows_in_file": len(job.rows)},
        "rows": {"train": len(split.train), "dev": len(split.dev)},
        "intents": {"train": len({row.intent for row in split.train}), "dev": len({row.intent for row in split.dev})},
        "recipe": job.recipe.model_dump(mode="json"),
        "seed": job.seed,
        "document_text": job.document_text,
        "prompts": {"query": job.query_prompt, "document": job.document_prompt},
        "versions": checkpoint.versions(),
        "documents_truncated": cut / len(texts) if texts else 0.0,
        "device": str(encoder.model.device),
    }


def _trainer() -> tuple[Any, Any]:
    if any(importlib.util.find_spec(name) is None for name in ("accelerate", "datasets", "sentence_transformers")):
        raise MissingExtra("train", "training")
    import transformers
    from sentence_transformers import SentenceTransformerTrainer

    class Trainer(SentenceTransformerTrainer):  # type: ignore[misc]  # the library is not followed by mypy
        """The trainer without its model card, which encodes examples at random and draws a bar; nobody reads it here."""

        def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
            """Add none."""

    return Trainer, transformers


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
