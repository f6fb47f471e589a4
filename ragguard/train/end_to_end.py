"""The stages of a system in order, each trained with what the ones before it, trained already, find."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from ragguard.plan.generators import CausalGenerator
from ragguard.plan.lock import Lock
from ragguard.plan.lora import LoraRecipe
from ragguard.plan.parts import retrievers
from ragguard.plan.recipes import BiEncoderRecipe
from ragguard.plan.replug import ReplugRecipe
from ragguard.plan.retrievers import DenseRetriever, HybridRetriever, Retriever
from ragguard.plan.stages import CrossEncoderRecipe, CrossEncoderReranker, ExtractiveGenerator
from ragguard.plan.systems import SystemPlan
from ragguard.systems import factory
from ragguard.systems.protocols import Progress
from ragguard.train import abstention, biencoder, crossencoder, generator, replug
from ragguard.train.checkpoint import Checkpoint
from ragguard.train.job import ReplugJob
from ragguard.train.jobs import generator_job_of, job_of, reranker_job_of, threshold_job_of
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
            place, training = ".".join(map(str, location)), partial(_encoder, workshop, part, part.train)
            made[place] = workshop.make(place, workshop.pinned(lock, place), training)
    return made


def _encoder(workshop: Workshop, part: DenseRetriever, recipe: BiEncoderRecipe | ReplugRecipe, progress: Progress) -> Checkpoint:
    job = job_of(workshop, part, recipe)
    if isinstance(job, ReplugJob):
        return replug.run(job, workshop.checkpoints, workshop.store, progress)
    return biencoder.run(job, workshop.checkpoints, progress)


def _reranker(workshop: Workshop, system: SystemPlan, lock: Lock | None) -> dict[str, Checkpoint]:
    """The reranker, on what the trained retriever takes for answers."""
    part, retriever = system.reranker, system.retriever
    if not isinstance(part, CrossEncoderReranker) or part.train is None or retriever is None:
        return {}
    training = partial(_cross_encoder, workshop, part, part.train, retriever)
    return {RERANKER: workshop.make(RERANKER, workshop.pinned(lock, RERANKER), training)}


def _cross_encoder(
    workshop: Workshop, part: CrossEncoderReranker, recipe: CrossEncoderRecipe, retriever: Retriever, progress: Progress
) -> Checkpoint:
    job = reranker_job_of(workshop, part, recipe, retriever)
    asked = factory.build(retriever, base=workshop.loaded.folder, allow_code=workshop.allow_code)
    return crossencoder.run(job, asked, workshop.checkpoints, workshop.store, progress)


def _generator(workshop: Workshop, system: SystemPlan, lock: Lock | None) -> dict[str, Checkpoint]:
    """The generator's adapter, on the documents that the trained retriever and reranker give it, where its recipe wants those; or the
    threshold of one that quotes.
    """
    part, before = system.generator, system.model_copy(update={"generator": None})
    if isinstance(part, CausalGenerator) and part.train is not None:
        training = partial(_adapter, workshop, part, part.train, before)
    elif isinstance(part, ExtractiveGenerator) and part.calibrate is not None:
        training = partial(_threshold, workshop, part, before)
    else:
        return {}
    return {GENERATOR: workshop.make(GENERATOR, workshop.pinned(lock, GENERATOR), training)}


def _adapter(workshop: Workshop, part: CausalGenerator, recipe: LoraRecipe, before: SystemPlan, progress: Progress) -> Checkpoint:
    job = generator_job_of(workshop, part, recipe, before)
    ranking = factory.assemble(before, base=workshop.loaded.folder, allow_code=workshop.allow_code) if job.mined else None
    return generator.run(job, ranking, workshop.checkpoints, workshop.store, progress)


def _threshold(workshop: Workshop, part: ExtractiveGenerator, before: SystemPlan, progress: Progress) -> Checkpoint:
    job = threshold_job_of(workshop, part, before)
    ranking = factory.assemble(before, base=workshop.loaded.folder, allow_code=workshop.allow_code)
    quoting = factory.generator(part, base=workshop.loaded.folder, allow_code=workshop.allow_code)
    return abstention.run(job, ranking, quoting, workshop.checkpoints, workshop.store, progress)


def as_trained(system: SystemPlan, trained: Mapping[str, Checkpoint]) -> SystemPlan:
    """Return the system with the recipe of each part that was trained replaced by its checkpoint; a generator's is an adapter."""
    retriever, reranker, part = system.retriever, system.reranker, system.generator
    if retriever is not None:
        retriever = _with_checkpoints(retriever, trained)
    if reranker is not None and RERANKER in trained:
        reranker = reranker.model_copy(update=_model(trained[RERANKER]))
    if isinstance(part, CausalGenerator) and part.train is not None and GENERATOR in trained:
        part = part.model_copy(update=_adapted(part, part.train, trained[GENERATOR]))
    if isinstance(part, ExtractiveGenerator) and part.calibrate is not None and GENERATOR in trained:
        part = part.model_copy(update={"calibrate": None, "threshold": trained[GENERATOR].provenance["threshold"]})
    return system.model_copy(update={"retriever": retriever, "reranker": reranker, "generator": part})


def _with_checkpoints(retriever: Retriever, trained: Mapping[str, Checkpoint], place: str = "retriever") -> Retriever:
    if place in trained:
        return retriever.model_copy(update=_model(trained[place]))
    if isinstance(retriever, HybridRetriever):
        parts = [_with_checkpoints(part, trained, f"{place}.retrievers.{index}") for index, part in enumerate(retriever.retrievers)]
        return retriever.model_copy(update={"retrievers": parts})
    return retriever


def _adapted(part: CausalGenerator, recipe: LoraRecipe, made: Checkpoint) -> dict[str, Any]:
    allowed = {key: getattr(part, key) or getattr(recipe, key) for key in ("trust_remote_code", "allow_pickle")}
    return {"model": recipe.base, "revision": recipe.revision, "train": None, "adapter": str(made.folder.resolve()), **allowed}


def _model(made: Checkpoint) -> dict[str, str | None]:
    return {"model": str(made.folder.resolve()), "train": None}
