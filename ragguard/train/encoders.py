"""The bi-encoder that is trained, as trainings of both kinds need it: loaded, prompted, evaluated and described."""

from collections.abc import Sequence
from typing import Any

from ragguard.systems.encoder import Encoder
from ragguard.systems.templates import render
from ragguard.train.job import EncoderJob
from ragguard.train.rows import Split

QUERIES = ("anchor", "sentence1")
"""Columns that hold queries; all others, but for labels, hold documents."""


def load(job: EncoderJob) -> Encoder:
    """Load the model that the training starts from. Raises CannotJudge where that fails."""
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


def prompts(encoder: Encoder, names: Sequence[str]) -> dict[str, str]:
    """What stands before the texts of each column."""
    roles = {name: encoder.prompt("query" if name in QUERIES else "document") for name in names if name not in ("score", "label")}
    return {name: prompt for name, prompt in roles.items() if prompt}


def evaluator(job: EncoderJob, encoder: Encoder, split: Split) -> Any:
    """Return what early stopping goes by: nDCG@10 of the dev split over the whole corpus."""
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


def about(job: EncoderJob, split: Split, encoder: Encoder) -> dict[str, Any]:
    """What the provenance of every bi-encoder says."""
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
