"""The stages of a system in order, each trained with what the one before, trained already, finds."""

from collections.abc import Mapping

from ragguard.errors import InputError, Problem
from ragguard.plan.load import retrievers, walk
from ragguard.plan.lock import Lock
from ragguard.plan.replug import ReplugRecipe
from ragguard.plan.retrievers import DenseRetriever, HybridRetriever, RecordedRetriever, Retriever
from ragguard.plan.stages import CrossEncoderRecipe, CrossEncoderReranker
from ragguard.plan.systems import SystemPlan
from ragguard.systems import factory
from ragguard.train import biencoder, crossencoder, replug
from ragguard.train.checkpoint import Checkpoint
from ragguard.train.job import BiEncoderJob, CrossEncoderJob, ReplugJob
from ragguard.train.workshop import Workshop

RERANKER = "reranker"
"""The place of a trained reranker; those of retrievers begin with ``retriever``."""


def train_system(workshop: Workshop, system: SystemPlan, lock: Lock | None = None) -> dict[str, Checkpoint]:
    """Train every part of a system that has a recipe, or take its checkpoint: the one that a lock pins, or that of the same training
    done before; by place. What a stage is trained on is found by the stages before it, which are trained by then.

    Raises:
        InputError: rows, recipes or files do not fit, or code of others is not allowed.
        CannotJudge: a training broke, or a model, the memory or the disk failed.
    """
    trained: dict[str, Checkpoint] = {}
    for stage in (_retrievers, _reranker):
        trained |= stage(workshop, as_trained(system, trained), lock)
    return trained


def _retrievers(workshop: Workshop, system: SystemPlan, lock: Lock | None) -> dict[str, Checkpoint]:
    """Train every encoder that has a recipe, those of a hybrid too."""
    made = {}
    for location, part in retrievers(system):
        if isinstance(part, DenseRetriever) and part.train is not None:
            place = ".".join(map(str, location))
            made[place] = workshop.pinned(lock, place) or _train_encoder(workshop, part)
    return made


def _train_encoder(workshop: Workshop, part: DenseRetriever) -> Checkpoint:
    job = encoder_job(workshop, part)
    if isinstance(job, ReplugJob):
        return replug.run(job, workshop.checkpoints, workshop.store, workshop.progress)
    return biencoder.run(job, workshop.checkpoints, workshop.progress)


def _reranker(workshop: Workshop, system: SystemPlan, lock: Lock | None) -> dict[str, Checkpoint]:
    """Train the reranker on what the trained retriever takes for answers."""
    part, retriever = system.reranker, system.retriever
    if not isinstance(part, CrossEncoderReranker) or part.train is None or retriever is None:
        return {}
    if kept := workshop.pinned(lock, RERANKER):
        return {RERANKER: kept}
    job = reranker_job(workshop, part, part.train, retriever)
    asked = factory.build(retriever, base=workshop.loaded.folder, allow_code=workshop.allow_code)
    return {RERANKER: crossencoder.run(job, asked, workshop.checkpoints, workshop.store, workshop.progress)}


def encoder_job(workshop: Workshop, part: DenseRetriever) -> BiEncoderJob | ReplugJob:
    """Check everything that the training of an encoder needs, without loading a model.

    Raises:
        InputError: as ``biencoder.prepare`` and ``replug.prepare``; or the part has no recipe.
        CannotJudge: as they do.
    """
    about = (part.document_text, part.query_prompt, part.document_prompt, workshop.corpus, workshop.golden, workshop.loaded.folder)
    if part.train is None:
        raise InputError(Problem("", "the retriever has no train:"))
    recipe = workshop.settle(part.train)
    if isinstance(recipe, ReplugRecipe):
        return replug.prepare(recipe, *about, allow_code=workshop.allow_code)
    return biencoder.prepare(recipe, *about)


def reranker_job(workshop: Workshop, part: CrossEncoderReranker, recipe: CrossEncoderRecipe, retriever: Retriever) -> CrossEncoderJob:
    """Check everything that the training of a reranker needs, without loading a model; ``retriever`` need not be trained yet.

    Raises:
        InputError: as ``crossencoder.prepare``; or negatives are to be mined with a recorded run, which knows no training query.
        CannotJudge: as ``crossencoder.prepare``.
    """
    settled = workshop.settle(recipe)
    if recipe.negatives and any(isinstance(each, RecordedRetriever) for _, each in walk(retriever)):
        raise InputError(Problem("", "a recorded run has no ranking of the training queries to mine negatives from", "say negatives: 0"))
    return crossencoder.prepare(settled, part.document_text, workshop.corpus, workshop.golden, workshop.loaded.folder)


def as_trained(system: SystemPlan, trained: Mapping[str, Checkpoint]) -> SystemPlan:
    """Return the system with the recipe of each part that was trained replaced by the folder of its checkpoint."""
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
