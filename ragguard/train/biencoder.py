"""Fine-tune a bi-encoder, by sentence-transformers' own trainer."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from ragguard.data.collection import Collection
from ragguard.data.quadruplets import load_quadruplets
from ragguard.errors import CannotJudge, InputError, MissingExtra, Problem
from ragguard.plan.retrievers import BiEncoderRecipe
from ragguard.plan.source import display
from ragguard.systems.encoder import quiet
from ragguard.systems.fingerprints import digest, folder_digest
from ragguard.systems.protocols import Progress
from ragguard.systems.templates import validate_for
from ragguard.systems.weights import resolve
from ragguard.train import checkpoint
from ragguard.train.checkpoint import Checkpoint
from ragguard.train.fit import fit, reproducible
from ragguard.train.job import DEFAULT_SEED, Job
from ragguard.train.rows import refuse_golden

KEY_SHOWN = 24
"""Digits of its key that a checkpoint's folder is called by."""


def prepare(
    recipe: BiEncoderRecipe,
    document_text: str,
    query_prompt: str,
    document_prompt: str,
    corpus: Collection,
    golden_queries: Mapping[str, str],
    base_dir: Path,
) -> Job:
    """Check everything that a training needs, without loading the model. ``golden_queries`` maps id to text.

    Raises:
        InputError: rows, base model or template are missing or wrong, or a row's query stands in the golden set.
        CannotJudge: the hub cannot be reached.
    """
    validate_for(document_text, corpus)
    path = base_dir / Path(recipe.data).expanduser()
    if not path.is_file():
        raise InputError(Problem(display(path), "there is no such training file", "check train.data: it is relative to the plan"))
    rows = tuple(load_quadruplets(path, corpus))
    refuse_golden(rows, golden_queries, display(path))
    base = _base(recipe, base_dir)
    seed = DEFAULT_SEED if recipe.seed is None else recipe.seed
    data_hash = digest([asdict(row) for row in rows])
    return Job(recipe, seed, document_text, query_prompt, document_prompt, corpus, rows, base, folder_digest(base), data_hash)


def _base(recipe: BiEncoderRecipe, base_dir: Path) -> Path:
    try:
        return resolve(recipe.base, revision=recipe.revision, base=base_dir, allow_pickle=recipe.allow_pickle)
    except MissingExtra as missing:
        # The extra that brings models does not bring the trainer: naming it would send people to pip twice.
        raise MissingExtra("train", "training") from missing


def train(
    recipe: BiEncoderRecipe,
    document_text: str,
    query_prompt: str,
    document_prompt: str,
    corpus: Collection,
    golden_queries: Mapping[str, str],
    base_dir: Path,
    out: Path,
    progress: Progress,
) -> Checkpoint:
    """Train a bi-encoder into a folder under ``out``, named after the training's key; one that is complete there is taken as it is.

    The same rows, recipe and seed give the same bytes on the same machine. Random states are put back afterwards.

    Raises:
        InputError: as ``prepare``; or the arguments or rows do not fit the recipe.
        CannotJudge: the loss is not finite, or the model, the memory or the disk failed.
    """
    job = prepare(recipe, document_text, query_prompt, document_prompt, corpus, golden_queries, base_dir)
    return run(job, out, progress)


def run(job: Job, out: Path, progress: Progress) -> Checkpoint:
    """Do a prepared training; see ``train``."""
    folder = out / job.key[:KEY_SHOWN]
    kept = checkpoint.load(folder)
    if kept is not None and kept.provenance.get("key") == job.key:
        return kept
    with checkpoint.workplace(folder) as (result, scratch), reproducible(), quiet():
        checkpoint.seal(result, fit(job, result, scratch, progress))
    made = checkpoint.load(folder)
    if made is None:
        raise CannotJudge(f"{folder}: the checkpoint changed while it was written; train again")
    return made
