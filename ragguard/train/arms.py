"""From a system as the plan writes it to one that can be asked: trains what is to be trained, and loads the rest."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ragguard.errors import InputError, Problem
from ragguard.execute.meter import Used
from ragguard.plan import lock as locks
from ragguard.plan.generators import CausalGenerator
from ragguard.plan.load import LoadedPlan, retrievers
from ragguard.plan.lock import Lock
from ragguard.plan.lora import LoraRecipe
from ragguard.plan.retrievers import BiEncoderRecipe, DenseRetriever, HybridRetriever, Retriever
from ragguard.plan.source import expand
from ragguard.plan.stages import CrossEncoderRecipe, CrossEncoderReranker
from ragguard.plan.systems import SystemPlan
from ragguard.systems import factory
from ragguard.systems.protocols import Retriever as RunningRetriever
from ragguard.train import biencoder, checkpoint, crossencoder, generator
from ragguard.train.checkpoint import Checkpoint
from ragguard.train.jobs import Workshop, generator_job_of, job_of, reranker_job_of

CHECKPOINTS = "checkpoints"
"""The folder of the store that trained models lie in, each in a folder of its own."""

RERANKER, GENERATOR = "reranker", "generator"
"""The places of a trained reranker and generator; those of retrievers begin with ``retriever``."""

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
    retriever = factory.assemble(plan, base=workshop.loaded.folder, allow_code=workshop.allow_code, meter=workshop.meter)
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
    done before; by place. The reranker comes after the retriever, whose findings it is trained on, and the generator after both.
    """
    trained = {}
    for location, part in retrievers(system):
        if isinstance(part, DenseRetriever) and part.train is not None:
            place = ".".join(map(str, location))
            with workshop.meter.stage("train the retriever") as used:
                trained[place] = _counted(used, _pinned(workshop, lock, place) or _train(workshop, part, part.train))
    reranker = system.reranker
    if isinstance(reranker, CrossEncoderReranker) and reranker.train is not None and system.retriever is not None:
        retriever = _with_checkpoints(system.retriever, trained)
        with workshop.meter.stage("train the reranker") as used:
            kept = _pinned(workshop, lock, RERANKER) or _train_reranker(workshop, reranker, reranker.train, retriever)
            trained[RERANKER] = _counted(used, kept)
    made = system.generator
    if isinstance(made, CausalGenerator) and made.train is not None:
        before = _as_trained(system, trained).model_copy(update={"generator": None})
        with workshop.meter.stage("train the generator") as used:
            kept = _pinned(workshop, lock, GENERATOR) or _train_generator(workshop, made, made.train, before)
            trained[GENERATOR] = _counted(used, kept)
    return trained


def _counted(used: Used, made: Checkpoint) -> Checkpoint:
    used.done += made.fresh
    used.kept += not made.fresh
    return made


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


def _train_generator(workshop: Workshop, part: CausalGenerator, recipe: LoraRecipe, before: SystemPlan) -> Checkpoint:
    job = generator_job_of(workshop, part, recipe, before)
    ranking = factory.assemble(before, base=workshop.loaded.folder, allow_code=workshop.allow_code) if job.mined else None
    return generator.run(job, ranking, _checkpoints(workshop), workshop.store, workshop.progress)


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
    """The system with every recipe replaced by the folder of its checkpoint; a generator's is an adapter of the recipe's base."""
    retriever, reranker, made = system.retriever, system.reranker, system.generator
    if retriever is not None:
        retriever = _with_checkpoints(retriever, trained)
    if reranker is not None and RERANKER in trained:
        reranker = reranker.model_copy(update=_model(trained[RERANKER]))
    if isinstance(made, CausalGenerator) and made.train is not None and GENERATOR in trained:
        made = made.model_copy(update=_adapter(made, made.train, trained[GENERATOR]))
    return system.model_copy(update={"retriever": retriever, "reranker": reranker, "generator": made})


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
