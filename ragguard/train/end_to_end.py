"""The stages of a system in order, each trained with what the ones before it, trained already, find."""

from collections.abc import Mapping
from typing import Any

from ragguard.plan.generators import CausalGenerator
from ragguard.plan.load import retrievers
from ragguard.plan.lock import Lock
from ragguard.plan.lora import LoraRecipe
from ragguard.plan.retrievers import DenseRetriever, HybridRetriever, Retriever
from ragguard.plan.stages import CrossEncoderReranker
from ragguard.plan.systems import SystemPlan
from ragguard.systems import factory
from ragguard.train import biencoder, crossencoder, generator, replug
from ragguard.train.checkpoint import Checkpoint
from ragguard.train.job import BiEncoderJob, ReplugJob
from ragguard.train.jobs import generator_job_of, job_of, reranker_job_of
from ragguard.train.workshop import Workshop

RERANKER, GENERATOR = "reranker", "generator"
"""The places of a trained reranker and generator; those of retrievers begin with ``retriever``."""


def train_system(workshop: Workshop, system: SystemPlan, lock: Lock | None = None) -> dict[str, Checkpoint]:
    """Train every part of a system that has a recipe, or take its checkpoint: the one that a lock pins, or that of the same training
    done before; by place. What a stage is trained on is found by the stages before it, which are trained by then.

    Raises:
        InputError: rows, recipes or files do not fit, or code of others is not allowed.
        CannotJudge: a training broke, or a model, the memory or the disk failed.
    """
    trained: dict[str, Checkpoint] = {}
    for stage in (_retrievers, _reranker, _generator):
        trained |= stage(workshop, as_trained(system, trained), lock)
    return trained


def _retrievers(workshop: Workshop, system: SystemPlan, lock: Lock | None) -> dict[str, Checkpoint]:
    """Every encoder that has a recipe, those of a hybrid too."""
    made = {}
    for location, part in retrievers(system):
        if isinstance(part, DenseRetriever) and part.train is not None:
            place = ".".join(map(str, location))
            made[place] = workshop.pinned(lock, place) or _encoder(workshop, job_of(workshop, part, part.train), place)
    return made


def _encoder(workshop: Workshop, job: BiEncoderJob | ReplugJob, place: str) -> Checkpoint:
    if isinstance(job, ReplugJob):
        return replug.run(job, workshop.checkpoints, workshop.store, workshop.shown(place))
    return biencoder.run(job, workshop.checkpoints, workshop.shown(place))


def _reranker(workshop: Workshop, system: SystemPlan, lock: Lock | None) -> dict[str, Checkpoint]:
    """The reranker, on what the trained retriever takes for answers."""
    part, retriever = system.reranker, system.retriever
    if not isinstance(part, CrossEncoderReranker) or part.train is None or retriever is None:
        return {}
    if kept := workshop.pinned(lock, RERANKER):
        return {RERANKER: kept}
    job = reranker_job_of(workshop, part, part.train, retriever)
    asked = factory.build(retriever, base=workshop.loaded.folder, allow_code=workshop.allow_code)
    return {RERANKER: crossencoder.run(job, asked, workshop.checkpoints, workshop.store, workshop.shown(RERANKER))}


def _generator(workshop: Workshop, system: SystemPlan, lock: Lock | None) -> dict[str, Checkpoint]:
    """The generator's adapter, on the documents that the trained retriever and reranker give it, where its recipe wants those."""
    part = system.generator
    if not isinstance(part, CausalGenerator) or part.train is None:
        return {}
    if kept := workshop.pinned(lock, GENERATOR):
        return {GENERATOR: kept}
    before = system.model_copy(update={"generator": None})
    job = generator_job_of(workshop, part, part.train, before)
    ranking = factory.assemble(before, base=workshop.loaded.folder, allow_code=workshop.allow_code) if job.mined else None
    return {GENERATOR: generator.run(job, ranking, workshop.checkpoints, workshop.store, workshop.shown(GENERATOR))}


def as_trained(system: SystemPlan, trained: Mapping[str, Checkpoint]) -> SystemPlan:
    """Return the system with the recipe of each part that was trained replaced by its checkpoint; a generator's is an adapter."""
    retriever, reranker, part = system.retriever, system.reranker, system.generator
    if retriever is not None:
        retriever = _with_checkpoints(retriever, trained)
    if reranker is not None and RERANKER in trained:
        reranker = reranker.model_copy(update=_model(trained[RERANKER]))
    if isinstance(part, CausalGenerator) and part.train is not None and GENERATOR in trained:
        part = part.model_copy(update=_adapter(part, part.train, trained[GENERATOR]))
    return system.model_copy(update={"retriever": retriever, "reranker": reranker, "generator": part})


def _with_checkpoints(retriever: Retriever, trained: Mapping[str, Checkpoint], place: str = "retriever") -> Retriever:
    if place in trained:
        return retriever.model_copy(update=_model(trained[place]))
    if isinstance(retriever, HybridRetriever):
        parts = [_with_checkpoints(part, trained, f"{place}.retrievers.{index}") for index, part in enumerate(retriever.retrievers)]
        return retriever.model_copy(update={"retrievers": parts})
    return retriever


def _adapter(part: CausalGenerator, recipe: LoraRecipe, made: Checkpoint) -> dict[str, Any]:
    allowed = {key: getattr(part, key) or getattr(recipe, key) for key in ("trust_remote_code", "allow_pickle")}
    return {"model": recipe.base, "revision": recipe.revision, "train": None, "adapter": str(made.folder.resolve()), **allowed}


def _model(made: Checkpoint) -> dict[str, str | None]:
    return {"model": str(made.folder.resolve()), "train": None}
