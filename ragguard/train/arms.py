"""From a system as the plan writes it to one that can be asked: trains what is to be trained, and loads the rest."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ragguard.errors import InputError, Problem
from ragguard.plan import lock as locks
from ragguard.plan.load import LoadedPlan
from ragguard.plan.lock import Lock
from ragguard.plan.source import expand
from ragguard.plan.systems import SystemPlan
from ragguard.systems import factory
from ragguard.systems.protocols import Retriever
from ragguard.train.checkpoint import Checkpoint
from ragguard.train.end_to_end import as_trained, train_system
from ragguard.train.workshop import Workshop

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

    retriever: Retriever
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
    plan = as_trained(found.system, trained)
    retriever = factory.assemble(plan, base=workshop.loaded.folder, allow_code=workshop.allow_code, meter=workshop.meter)
    if found.lock is not None:
        locks.verify(found.lock, retriever.fingerprint)
    seconds = [made.provenance[SECONDS] for made in trained.values()]
    return Ready(retriever, found.raw, _provenance(trained), found.expanded, math.fsum(seconds) if seconds else None)


def _provenance(trained: Mapping[str, Checkpoint]) -> dict[str, Any]:
    """What the report says of trainings: no times, which differ between two trainings of the same thing."""
    about = {place: {**made.provenance, CHECKPOINT: made.folder.name} for place, made in trained.items()}
    return {place: {key: value for key, value in facts.items() if key != SECONDS} for place, facts in about.items()}


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
