"""From a system as the plan writes it to one that can be asked: trains what is to be trained, and loads the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragguard.data.collection import Collection
from ragguard.errors import InputError, Problem
from ragguard.plan import lock as locks
from ragguard.plan.load import LoadedPlan, retrievers
from ragguard.plan.lock import Lock
from ragguard.plan.source import expand
from ragguard.plan.systems import BiEncoderRecipe, DenseRetriever, HybridRetriever, Retriever, SystemPlan
from ragguard.store import Store
from ragguard.systems import factory
from ragguard.systems.protocols import Progress
from ragguard.systems.protocols import Retriever as RunningRetriever
from ragguard.train import biencoder
from ragguard.train.checkpoint import Checkpoint


@dataclass(frozen=True)
class Ready:
    """A system that can be asked. ``description`` is what the plan says of it (variables unexpanded); ``provenance`` what it was
    trained on, by the place of the trained part.
    """

    retriever: RunningRetriever
    description: Mapping[str, Any]
    provenance: Mapping[str, Any]


@dataclass(frozen=True)
class Workshop:
    """What training needs: the plan, the corpus that early stopping searches, the golden queries no training may see."""

    loaded: LoadedPlan
    corpus: Collection
    golden: Mapping[str, str]
    store: Store
    progress: Progress


def prepare(workshop: Workshop, arm: str, *, allow_code: bool) -> Ready:
    """Make the system of one arm: ``baseline``, ``anchor``, or a candidate's name.

    Raises:
        InputError: the plan names what is not there, or training would see golden queries.
        NotComparable: an accepted baseline is not what was accepted.
        CannotJudge: a model or a training failed.
    """
    system, raw, lock = _system(workshop.loaded, arm)
    trained = train_system(workshop, system)
    retriever = factory.build(_with_checkpoints(system.retriever, trained), base=workshop.loaded.folder, allow_code=allow_code)
    if lock is not None:
        locks.verify(lock, retriever.fingerprint)
    return Ready(retriever, raw, {place: dict(checkpoint.provenance) for place, checkpoint in trained.items()})


def train_system(workshop: Workshop, system: SystemPlan) -> dict[str, Checkpoint]:
    """Train every part of a system that has a recipe, or take its checkpoint where it was trained before; by place."""
    plan = workshop.loaded.plan
    found = {}
    for location, part in retrievers(system):
        if isinstance(part, DenseRetriever) and part.train is not None:
            recipe = part.train if part.train.seed is not None else part.train.model_copy(update={"seed": plan.seed})
            found[".".join(map(str, location))] = _train(workshop, part, recipe)
    return found


def _train(workshop: Workshop, part: DenseRetriever, recipe: BiEncoderRecipe) -> Checkpoint:
    job = biencoder.prepare(
        recipe,
        document_text=part.document_text,
        query_prompt=part.query_prompt,
        document_prompt=part.document_prompt,
        corpus=workshop.corpus,
        golden_queries=workshop.golden,
        base_dir=workshop.loaded.folder,
    )
    return biencoder.run(job, workshop.store.folder / "checkpoints" / job.key[:32], workshop.progress)


def system_of(loaded: LoadedPlan, arm: str) -> SystemPlan:
    """The system of an arm, as the plan (or the lock) has it."""
    return _system(loaded, arm)[0]


def _system(loaded: LoadedPlan, arm: str) -> tuple[SystemPlan, Mapping[str, Any], Lock | None]:
    plan, raw = loaded.plan, loaded.source.raw
    if arm == "baseline":
        if isinstance(plan.baseline, SystemPlan):
            return plan.baseline, raw["baseline"], None
        lock = locks.read(loaded.folder)
        values, problems = expand(lock.system, locks.NAME)
        if problems:
            raise InputError(problems)
        return locks.system(lock, values), lock.system, lock
    if arm == "anchor" and plan.anchor is not None:
        return plan.anchor, raw["anchor"], None
    if arm not in plan.candidates:
        raise InputError(Problem(loaded.source.shown, f"there is no candidate {arm!r}"))
    return plan.candidates[arm], raw["candidates"][arm], None


def _with_checkpoints(retriever: Retriever, trained: Mapping[str, Checkpoint], place: str = "retriever") -> Retriever:
    """The retriever with every recipe replaced by the folder of its checkpoint."""
    if place in trained:
        return retriever.model_copy(update={"model": str(Path(trained[place].folder).resolve()), "train": None})
    if isinstance(retriever, HybridRetriever):
        parts = [_with_checkpoints(part, trained, f"{place}.retrievers.{index}") for index, part in enumerate(retriever.retrievers)]
        return retriever.model_copy(update={"retrievers": parts})
    return retriever
