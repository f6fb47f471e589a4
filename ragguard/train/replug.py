"""Distil a language model's likelihood of the gold answers into a bi-encoder: REPLUG LSR (Shi et al. 2023, arXiv:2301.12652)."""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from ragguard.data.collection import Collection
from ragguard.errors import InputError, Problem
from ragguard.plan.replug import ReplugRecipe
from ragguard.systems import factory
from ragguard.systems.causal import CausalGenerator
from ragguard.systems.protocols import Progress, Vault
from ragguard.train.checkpoint import Checkpoint
from ragguard.train.job import ReplugJob, ground
from ragguard.train.making import make
from ragguard.train.replugfit import fit


def prepare(
    recipe: ReplugRecipe,
    document_text: str,
    query_prompt: str,
    document_prompt: str,
    corpus: Collection,
    golden_queries: Mapping[str, str],
    base_dir: Path,
    *,
    allow_code: bool = False,
) -> ReplugJob:
    """Check everything that a training needs, without loading a model.

    Raises:
        InputError: as ``job.ground``; rows have no gold answer, the corpus has one document, or the generator's files do not fit.
        CannotJudge: the hub cannot be reached.
    """
    found = ground(recipe, document_text, corpus, golden_queries, base_dir, answered=True)
    if corpus.size < 2:
        raise InputError(Problem("", "a corpus of one document has nothing to prefer", "name a collection with more"))
    generator = cast(CausalGenerator, factory.generator(recipe.generator, base=base_dir, allow_code=allow_code))
    return ReplugJob(recipe, found, query_prompt, document_prompt, generator)


def run(job: ReplugJob, out: Path, vault: Vault, progress: Progress) -> Checkpoint:
    """Do a prepared training into a folder under ``out``, named after its key; one that is complete there is taken as it is.

    The same rows, recipe, corpus, generator and seed give the same bytes on the same machine. Random states are put back afterwards.

    Raises:
        InputError: the arguments or the rows do not fit the recipe, or the generator cannot be asked a question of theirs.
        CannotJudge: the training broke, or a model, the memory or the disk failed.
    """
    return make(job.key, out, lambda result, scratch: fit(job, result, scratch, vault, progress))
