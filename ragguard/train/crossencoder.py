"""Fine-tune a cross-encoder, by sentence-transformers' own trainer, on what the candidate's retriever takes for answers."""

from collections.abc import Mapping
from pathlib import Path

from ragguard.data.collection import Collection
from ragguard.errors import InputError, Problem
from ragguard.plan.stages import CrossEncoderRecipe
from ragguard.systems.protocols import Progress, Retriever, Vault
from ragguard.train.checkpoint import Checkpoint
from ragguard.train.crossfit import fit
from ragguard.train.job import CrossEncoderJob, ground
from ragguard.train.making import make


def prepare(
    recipe: CrossEncoderRecipe, document_text: str, corpus: Collection, golden_queries: Mapping[str, str], base_dir: Path
) -> CrossEncoderJob:
    """Check everything that a training needs, without loading a model. ``golden_queries`` maps id to text.

    Raises:
        InputError: as ``job.ground``; or rows have no negative, and none is to be mined.
        CannotJudge: the hub cannot be reached.
    """
    found = ground(recipe, document_text, corpus, golden_queries, base_dir)
    bare = sum(row.hard_negative is None and row.easy_negative is None for row in found.rows)
    if bare and not recipe.negatives:
        what = f"{bare} of {len(found.rows)} rows have no negative, and negatives: 0 mines none"
        raise InputError(Problem(recipe.data, what, "say negatives: 4, or give every row a hard or an easy negative"))
    return CrossEncoderJob(recipe, found)


def run(job: CrossEncoderJob, retriever: Retriever, out: Path, vault: Vault, progress: Progress) -> Checkpoint:
    """Do a prepared training into a folder under ``out``, named after its key; one that is complete there is taken as it is.

    ``retriever`` is what the candidate ranks with, trained already; it is indexed and asked where negatives are mined. The same rows,
    recipe, retriever and seed give the same bytes on the same machine. Random states are put back afterwards.

    Raises:
        InputError: the arguments or the rows do not fit the recipe.
        CannotJudge: the training broke, or the retriever, the model, the memory or the disk failed.
    """
    key = job.key(retriever.fingerprint)
    return make(key, out, lambda result, scratch: fit(job, retriever, key, result, scratch, vault, progress))
