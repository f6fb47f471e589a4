"""The fitting of a bi-encoder: model, loss, dev split and trainer put together, and what came of it."""

import time
from pathlib import Path
from typing import Any

from ragguard.errors import InputError, Problem
from ragguard.plan.recipes import BiEncoderRecipe
from ragguard.systems.encoder import Encoder
from ragguard.systems.protocols import Progress
from ragguard.systems.templates import render
from ragguard.train import arguments, trainer
from ragguard.train.job import BiEncoderJob
from ragguard.train.rows import Split, columns, divide, told
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
    encoder = _encoder(job)
    own = arguments.of_biencoder(recipe, len(dataset), _prompts(encoder, dataset.column_names))
    stopping = recipe.early_stopping
    trainer.run(
        "SentenceTransformerTrainer",
        curves,
        progress,
        told(split.train, recipe),
        lambda: _about(job, split, encoder),
        callbacks=[EarlyStoppingCallback(stopping.patience)] if stopping else [],
        model=encoder.model,
        args=arguments.build(SentenceTransformerTrainingArguments, recipe, scratch, job.ground.seed, own),
        train_dataset=dataset,
        loss=_loss(recipe, encoder.model),
        evaluator=_evaluator(job, encoder, split) if stopping else None,
    )
    encoder.model.save_pretrained(str(result), create_model_card=False)
    about = _about(job, split, encoder)
    return {**about, "loss": curves.thinned(), "dev": curves.dev, "seconds": round(time.perf_counter() - began, 3)}


def _encoder(job: BiEncoderJob) -> Encoder:
    recipe = job.recipe
    encoder = Encoder(
        job.ground.base,
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


def _evaluator(job: BiEncoderJob, encoder: Encoder, split: Split) -> Any:
    from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator
    from sentence_transformers.util import cos_sim

    documents = {document.id: render(job.ground.document_text, document) for document in job.ground.corpus.documents()}
    relevant: dict[str, set[str]] = {}
    for row in split.dev:
        documents.setdefault(row.positive.id, render(job.ground.document_text, row.positive))
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


def _about(job: BiEncoderJob, split: Split, encoder: Encoder) -> dict[str, Any]:
    limit = encoder.model.max_seq_length
    texts = sorted({render(job.ground.document_text, row.positive) for row in split.train})
    cut = sum(length > limit for length in encoder.lengths(texts, "document")) if limit else 0
    return {
        **job.ground.about(job.recipe, job.key),
        "rows": {"train": len(split.train), "dev": len(split.dev)},
        "intents": {"train": len({row.intent for row in split.train}), "dev": len({row.intent for row in split.dev})},
        "prompts": {"query": job.query_prompt, "document": job.document_prompt},
        "documents_truncated": cut / len(texts) if texts else 0.0,
        "device": str(encoder.model.device),
    }
