"""Train an adapter of a causal language model, by peft and transformers' own trainer."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from ragguard.data.collection import Collection
from ragguard.data.quadruplets import load_quadruplets
from ragguard.data.rehearsal import load_rehearsal
from ragguard.errors import InputError, Problem
from ragguard.plan.generators import CausalGenerator
from ragguard.plan.lora import LoraRecipe
from ragguard.plan.source import display
from ragguard.records.collection import Quadruplet
from ragguard.systems.citations import ABSTENTIONS, abstains
from ragguard.systems.factory import tokenizer_of
from ragguard.systems.prompts import Prompt
from ragguard.systems.protocols import Progress, Retriever, Vault
from ragguard.train import lora
from ragguard.train.checkpoint import Checkpoint
from ragguard.train.examples import abstention
from ragguard.train.generatorfit import fit
from ragguard.train.generatorjob import GeneratorJob
from ragguard.train.job import ground
from ragguard.train.making import make
from ragguard.train.material import divide
from ragguard.train.rows import refuse_texts

_T = TypeVar("_T")


def prepare(
    recipe: LoraRecipe, plan: CausalGenerator, corpus: Collection, golden_queries: Mapping[str, str], base_dir: Path
) -> GeneratorJob:
    """Check everything that a training needs, without loading a model. ``golden_queries`` maps id to text: what no training may see.

    Raises:
        InputError: as ``job.ground``; or prompt, tokenizer, LoRA's options, dev rows or rows of rehearsal are missing or wrong, or four
            bits are asked for where they cannot be had; or as ``material.divide``.
        CannotJudge: the hub cannot be reached.
    """
    lora.check(recipe)
    found = ground(recipe, plan.document_text, corpus, golden_queries, base_dir, answered=True)
    asked = plan.model_copy(
        update={"model": recipe.base, "train": None}
        | {key: getattr(recipe, key) for key in ("revision", "dtype", "device", "trust_remote_code", "allow_pickle")}
    )
    held = recipe.early_stopping.dev if recipe.early_stopping is not None else None
    general = recipe.rehearsal.data if recipe.rehearsal is not None else None
    dev = _read(held, "early_stopping.dev", base_dir, lambda path: load_quadruplets(path, corpus, answered=True))
    rehearsed = _read(general, "rehearsal.data", base_dir, load_rehearsal)
    refuse_texts([row.query for row in dev], golden_queries, held or "")
    refuse_texts([row.prompt for row in rehearsed], golden_queries, general or "")
    _apart(found.rows, dev, held or "")
    _comparable(recipe, found.rows)
    _abstains(recipe)
    prompt, tokenizer = Prompt(asked, base_dir), tokenizer_of(asked, found.base, base_dir)
    job = GeneratorJob(recipe, asked, found, prompt, tokenizer, tuple(dev), tuple(rehearsed))
    divide(job)  # what the rows do not allow is said before a model is loaded
    return job


def _read(name: str | None, key: str, base_dir: Path, load: Callable[[Path], list[_T]]) -> list[_T]:
    if name is None:
        return []
    path = base_dir / Path(name).expanduser()
    if not path.is_file():
        raise InputError(Problem(display(path), "there is no such training file", f"check train.{key}: it is relative to the plan"))
    return load(path)


def _apart(rows: Sequence[Quadruplet], dev: Sequence[Quadruplet], where: str) -> None:
    if shared := sorted({row.intent for row in rows} & {row.intent for row in dev}):
        what = f"{len(shared)} intents of the dev rows are trained on, for instance {shared[0]!r}"
        raise InputError(Problem(where, what, "give the dev rows intents of their own"))


def _comparable(recipe: LoraRecipe, rows: Sequence[Quadruplet]) -> None:
    bare = sum(row.hard_negative is None for row in rows)
    if recipe.objective is not None and recipe.objective.faithful and bare:
        what = f"{bare} of {len(rows)} rows have no hard negative, and objective: faithful compares with it"
        raise InputError(Problem(recipe.data, what, "give every row one, or say faithful: 0"))


def _abstains(recipe: LoraRecipe) -> None:
    if not abstains(said := abstention(recipe)) or recipe.raft.abstain == "":
        what = f"raft.abstain: {said!r} would not be read as an abstention"
        raise InputError(Problem("", what, f"begin with one of: {', '.join(ABSTENTIONS)}"))


def run(job: GeneratorJob, ranking: Retriever | None, out: Path, vault: Vault, progress: Progress) -> Checkpoint:
    """Do a prepared training into a folder under ``out``, named after its key; one that is complete there is taken as it is.

    ``ranking`` is what the generator is given documents by, trained already: it is indexed and asked where distractors are mined, and
    may be None elsewhere. The same rows, recipe, ranking and seed give the same bytes on the same machine. Random states are put back
    afterwards.

    Raises:
        InputError: the arguments, the rows or the adapter do not fit.
        CannotJudge: the training broke, or the ranking, the model, the memory or the disk failed.
    """
    key = job.key(ranking.fingerprint if ranking is not None else "")
    return make(key, out, lambda result, scratch: fit(job, ranking, key, result, scratch, vault, progress))
