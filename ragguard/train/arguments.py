"""The arguments of sentence-transformers' trainer: ours, and those of the recipe that pass through."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from ragguard.errors import InputError, Problem, suggest
from ragguard.plan.lora import LoraRecipe
from ragguard.plan.recipes import BiEncoderRecipe, Recipe, RetrieverRecipe

OURS = {
    "num_train_epochs": "say epochs:",
    "per_device_train_batch_size": "say batch_size:",
    "learning_rate": "say learning_rate: beside arguments:",
    "seed": "say seed:",
    "data_seed": "say seed:",
    "use_cpu": "say device: cpu",
    "batch_sampler": "the loss decides it",
    "prompts": "say query_prompt: and document_prompt: of the retriever; a reranker has document_text:",
    "metric_for_best_model": "early stopping decides it",
    **dict.fromkeys(("eval_strategy", "eval_steps", "save_strategy", "save_steps", "load_best_model_at_end"), "say early_stopping:"),
    **dict.fromkeys(
        ("output_dir", "report_to", "push_to_hub", "disable_tqdm", "logging_steps", "logging_strategy", "logging_nan_inf_filter"), ""
    ),
}
"""Arguments that cannot pass through, and what to say instead."""


def build(kind: Any, recipe: Recipe, folder: Path, seed: int, more: Mapping[str, Any]) -> Any:
    """Return the trainer's arguments for a recipe: a ``kind`` (SentenceTransformerTrainingArguments, or CrossEncoderTrainingArguments).

    ``more`` is what this kind of training sets, beside what every training does.

    Raises:
        InputError: an argument that the trainer does not have, that is ragguard's to set, or that it refuses.
    """
    check(recipe, {field.name for field in fields(kind)})
    given: dict[str, Any] = {
        "output_dir": str(folder),
        "num_train_epochs": recipe.epochs,
        "per_device_train_batch_size": recipe.batch_size,
        "learning_rate": recipe.learning_rate,
        "seed": seed,
        "use_cpu": recipe.device == "cpu",
        "report_to": "none",
        "disable_tqdm": True,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_strategy": "no",
        "dataloader_pin_memory": False,
    }
    try:
        return kind(**{**given, **more, **recipe.arguments})
    except (TypeError, ValueError, ImportError) as error:
        raise InputError(Problem("", f"arguments: the trainer refuses them: {error}", f"see {kind.__name__}")) from error


def of_biencoder(recipe: RetrieverRecipe, rows: int, prompts: dict[str, str]) -> dict[str, Any]:
    """What a bi-encoder's training sets: ``rows`` of training, and the prompts of its columns."""
    in_batch = isinstance(recipe, BiEncoderRecipe) and "multiple-negatives" in recipe.loss
    sampler = "no_duplicates" if in_batch else "batch_sampler"
    return {"batch_sampler": sampler, "prompts": prompts or None, **_stopping(recipe, rows, DEV_METRIC, greater=True)}


def of_generator(recipe: LoraRecipe, rows: int) -> dict[str, Any]:
    """What a generator's training sets: ``rows`` of training, and a cosine schedule, which the recipe's arguments may change."""
    ours = {"lr_scheduler_type": "cosine", "remove_unused_columns": False, "label_names": ["labels"]}
    return {**ours, "per_device_eval_batch_size": recipe.batch_size, **_stopping(recipe, rows, DEV_LOSS, greater=False)}


def check(recipe: Recipe, known: set[str]) -> None:
    """Check the names of a recipe's arguments.

    Raises:
        InputError: with every unknown or reserved name.
    """
    problems = [
        Problem("", f"arguments: the trainer has no {name!r}", suggest(name, known)) for name in recipe.arguments if name not in known
    ]
    problems += [
        Problem("", f"arguments: {name} is ragguard's to set", OURS[name] or "remove it") for name in recipe.arguments if name in OURS
    ]
    if problems:
        raise InputError(problems)


def _stopping(recipe: RetrieverRecipe | LoraRecipe, rows: int, metric: str, *, greater: bool) -> dict[str, Any]:
    if recipe.early_stopping is None:
        return {}
    per_epoch = -(-rows // (recipe.batch_size * int(recipe.arguments.get("gradient_accumulation_steps", 1))))
    total = max(1, int(per_epoch * recipe.epochs))
    steps = min(total, max(1, per_epoch // recipe.early_stopping.evaluations_per_epoch))
    return {
        "eval_strategy": "steps",
        "eval_steps": steps,
        "save_strategy": "steps",
        "save_steps": steps,
        "save_only_model": True,
        "save_total_limit": 1,
        "load_best_model_at_end": True,
        "metric_for_best_model": f"eval_{metric}",
        "greater_is_better": greater,
    }


DEV_METRIC = "dev_cosine_ndcg@10"
"""What InformationRetrievalEvaluator calls nDCG@10 under the name dev."""

DEV_LOSS = "loss"
"""What transformers' trainer calls its loss on the dev split."""
