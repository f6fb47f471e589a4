"""From a system as the plan writes it to one that can be asked: trains what is to be trained, and loads the rest."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ragguard.data.collection import Collection
from ragguard.errors import InputError, Problem
from ragguard.plan import lock as locks
from ragguard.plan.load import LoadedPlan, retrievers, walk
from ragguard.plan.lock import Lock
from ragguard.plan.recipes import BiEncoderRecipe, Recipe
from ragguard.plan.retrievers import DenseRetriever, HybridRetriever, RecordedRetriever, Retriever
from ragguard.plan.source import expand
from ragguard.plan.stages import CrossEncoderRecipe, CrossEncoderReranker
from ragguard.plan.systems import SystemPlan
from ragguard.store import Store
from ragguard.systems import factory
from ragguard.systems.protocols import Progress
from ragguard.systems.protocols import Retriever as RunningRetriever
from ragguard.train import biencoder, checkpoint, crossencoder
from ragguard.train.checkpoint import Checkpoint
from ragguard.train.job import BiEncoderJob, CrossEncoderJob

CHECKPOINTS = "checkpoints"
"""The folder of the store that trained models lie in, each in a folder of its own."""

RERANKER = "reranker"
"""The place of a trained reranker; those of retrievers begin with ``retriever``."""

CHECKPOINT, SECONDS = "checkpoint", "seconds"
"""Keys of a provenance: the folder of the checkpoint in the store, and how long the training took."""


@dataclass(frozen=True)
class Found:
    """The system of an arm: as a model, as written (``raw``), the variables put into it, and the lock that it was read from, if any."""

    system: SystemPlan
    raw: Mapping[str, Any]
    lock: Lock | None = None
    expanded: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ready:
    """A system that can be asked. ``description`` is what the plan says of it (variables unexpanded), ``expanded`` the values that
    variables had, with their names; ``provenance`` is what it was trained on, by the place of the trained part, and ``seconds`` how
    long that took, whenever it was.
    """

    retriever: RunningRetriever
    description: Mapping[str, Any]
    provenance: Mapping[str, Any]
    expanded: Mapping[str, str] = field(default_factory=dict)
    seconds: float | None = None


@dataclass(frozen=True)
class Workshop:
    """What training needs: the plan, the corpus that early stopping searches, the golden queries no training may see, and whether
    code that the plan names may run.
    """

    loaded: LoadedPlan
    corpus: Collection
    golden: Mapping[str, str]
    store: Store
    progress: Progress
    allow_code: bool = False


def prepare(workshop: Workshop, arm: str) -> Ready:
    """Make the system of one arm: ``baseline``, ``anchor``, or a candidate's name.

    Raises:
        InputError: the plan names what is not there, or training would see golden queries.
        NotComparable: an accepted baseline is not what was accepted.
        CannotJudge: a model or a training failed.
    """
    found = find(workshop.loaded, arm)
    trained = train_system(workshop, found.system, found.lock)
    plan = _as_trained(found.system, trained)
    retriever = factory.assemble(plan, base=workshop.loaded.folder, allow_code=workshop.allow_code)
    if found.lock is not None:
        locks.verify(found.lock, retriever.fingerprint)
    seconds = [made.provenance[SECONDS] for made in trained.values()]
    return Ready(retriever, found.raw, _provenance(trained), found.expanded, math.fsum(seconds) if seconds else None)


def _provenance(trained: Mapping[str, Checkpoint]) -> dict[str, Any]:
    """What the report says of trainings: no times, which differ between two trainings of the same thing."""
    about = {place: {**made.provenance, CHECKPOINT: made.folder.name} for place, made in trained.items()}
    return {place: {key: value for key, value in facts.items() if key != SECONDS} for place, facts in about.items()}


def train_system(workshop: Workshop, system: SystemPlan, lock: Lock | None = None) -> dict[str, Checkpoint]:
    """Train every part of a system that has a recipe, or take its checkpoint: the one that a lock pins, or that of the same training
    done before; by place. The reranker comes last, for it is trained on what the retriever finds.
    """
    trained = {}
    for location, part in retrievers(system):
        if isinstance(part, DenseRetriever) and part.train is not None:
            place = ".".join(map(str, location))
            trained[place] = _pinned(workshop, lock, place) or _train(workshop, part, part.train)
    reranker = system.reranker
    if isinstance(reranker, CrossEncoderReranker) and reranker.train is not None and system.retriever is not None:
        retriever = _with_checkpoints(system.retriever, trained)
        trained[RERANKER] = _pinned(workshop, lock, RERANKER) or _train_reranker(workshop, reranker, reranker.train, retriever)
    return trained


def _pinned(workshop: Workshop, lock: Lock | None, place: str) -> Checkpoint | None:
    """The checkpoint that a lock names, if it is there and whole."""
    name = lock.checkpoints.get(place) if lock is not None else None
    return checkpoint.load(_checkpoints(workshop) / name) if name else None


def _checkpoints(workshop: Workshop) -> Path:
    return workshop.store.folder / CHECKPOINTS


def _train(workshop: Workshop, part: DenseRetriever, recipe: BiEncoderRecipe) -> Checkpoint:
    return biencoder.run(job_of(workshop, part, recipe), _checkpoints(workshop), workshop.progress)


def _train_reranker(workshop: Workshop, part: CrossEncoderReranker, recipe: CrossEncoderRecipe, retriever: Retriever) -> Checkpoint:
    job = reranker_job_of(workshop, part, recipe, retriever)
    asked = factory.build(retriever, base=workshop.loaded.folder, allow_code=workshop.allow_code)
    return crossencoder.run(job, asked, _checkpoints(workshop), workshop.store, workshop.progress)


def job_of(workshop: Workshop, part: DenseRetriever, recipe: BiEncoderRecipe) -> BiEncoderJob:
    """Check everything that the training of a retriever needs, without loading a model. Raises as ``biencoder.prepare`` does."""
    _permit(workshop, recipe)
    return biencoder.prepare(
        recipe if recipe.seed is not None else recipe.model_copy(update={"seed": workshop.loaded.plan.seed}),
        document_text=part.document_text,
        query_prompt=part.query_prompt,
        document_prompt=part.document_prompt,
        corpus=workshop.corpus,
        golden_queries=workshop.golden,
        base_dir=workshop.loaded.folder,
    )


def reranker_job_of(workshop: Workshop, part: CrossEncoderReranker, recipe: CrossEncoderRecipe, retriever: Retriever) -> CrossEncoderJob:
    """Check everything that the training of a reranker needs, without loading a model; ``retriever`` need not be trained yet.

    Raises:
        InputError: as ``crossencoder.prepare``; or negatives are to be mined with a recorded run, which knows no training query.
        CannotJudge: as ``crossencoder.prepare``.
    """
    _permit(workshop, recipe)
    if recipe.negatives and any(isinstance(each, RecordedRetriever) for _, each in walk(retriever)):
        raise InputError(Problem("", "a recorded run has no ranking of the training queries to mine negatives from", "say negatives: 0"))
    return crossencoder.prepare(
        recipe if recipe.seed is not None else recipe.model_copy(update={"seed": workshop.loaded.plan.seed}),
        document_text=part.document_text,
        corpus=workshop.corpus,
        golden_queries=workshop.golden,
        base_dir=workshop.loaded.folder,
    )


def _permit(workshop: Workshop, recipe: Recipe) -> None:
    if recipe.trust_remote_code and not workshop.allow_code:
        what = f"training {recipe.base} with trust_remote_code runs code of its own"
        raise InputError(Problem("", what, "if you trust it, say so with --allow-code"))


def system_of(loaded: LoadedPlan, arm: str) -> SystemPlan:
    """The system of an arm. Raises as ``find`` does."""
    return find(loaded, arm).system


def find(loaded: LoadedPlan, arm: str) -> Found:
    """Find the system of an arm, as the plan (or the lock) has it.

    Raises:
        InputError: there is no such candidate, or nothing was accepted.
    """
    plan, raw = loaded.plan, loaded.source.raw
    if arm == "baseline":
        if isinstance(plan.baseline, SystemPlan):
            return Found(plan.baseline, raw["baseline"])
        lock = locks.read(loaded.folder)
        values, expanded, problems = expand(lock.system, locks.NAME)
        if problems:
            raise InputError(problems)
        return Found(locks.system(lock, values), lock.system, lock, expanded)
    if arm == "anchor" and plan.anchor is not None:
        return Found(plan.anchor, raw["anchor"])
    if arm not in plan.candidates:
        raise InputError(Problem(loaded.source.shown, f"there is no candidate {arm!r}"))
    return Found(plan.candidates[arm], raw["candidates"][arm])


def _as_trained(system: SystemPlan, trained: Mapping[str, Checkpoint]) -> SystemPlan:
    """The system with every recipe replaced by the folder of its checkpoint."""
    retriever, reranker = system.retriever, system.reranker
    if retriever is not None:
        retriever = _with_checkpoints(retriever, trained)
    if reranker is not None and RERANKER in trained:
        reranker = reranker.model_copy(update=_model(trained[RERANKER]))
    return system.model_copy(update={"retriever": retriever, "reranker": reranker})


def _with_checkpoints(retriever: Retriever, trained: Mapping[str, Checkpoint], place: str = "retriever") -> Retriever:
    if place in trained:
        return retriever.model_copy(update=_model(trained[place]))
    if isinstance(retriever, HybridRetriever):
        parts = [_with_checkpoints(part, trained, f"{place}.retrievers.{index}") for index, part in enumerate(retriever.retrievers)]
        return retriever.model_copy(update={"retrievers": parts})
    return retriever


def _model(made: Checkpoint) -> dict[str, str | None]:
    return {"model": str(made.folder.resolve()), "train": None}
