"""Fine-tune a bi-encoder, by sentence-transformers' own trainer."""

from collections.abc import Mapping
from pathlib import Path

from ragguard.data.collection import Collection
from ragguard.plan.recipes import BiEncoderRecipe
from ragguard.systems.protocols import Progress
from ragguard.train.checkpoint import Checkpoint
from ragguard.train.fit import fit
from ragguard.train.job import BiEncoderJob, ground
from ragguard.train.making import make


def prepare(
    recipe: BiEncoderRecipe,
    document_text: str,
    query_prompt: str,
    document_prompt: str,
    corpus: Collection,
    golden_queries: Mapping[str, str],
    base_dir: Path,
) -> BiEncoderJob:
    """Check everything that a training needs, without loading the model. Raises as ``job.ground`` does."""
    return BiEncoderJob(recipe, ground(recipe, document_text, corpus, golden_queries, base_dir), query_prompt, document_prompt)


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
        CannotJudge: the training broke, or the model, the memory or the disk failed.
    """
    return run(prepare(recipe, document_text, query_prompt, document_prompt, corpus, golden_queries, base_dir), out, progress)


def run(job: BiEncoderJob, out: Path, progress: Progress) -> Checkpoint:
    """Do a prepared training; see ``train``."""
    return make(job.key, out, lambda result, scratch: fit(job, result, scratch, progress))
