"""Looks ahead: what the systems of a plan name is found and checked, all of it, before any of them is trained or run."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from ragguard.data.collection import Collection
from ragguard.data.planted import PlantedCorpus
from ragguard.errors import InputError, Problem
from ragguard.plan.generators import CausalGenerator, OpenAIGenerator
from ragguard.plan.parts import retrievers
from ragguard.plan.recipes import Recipe
from ragguard.plan.recorded import RecordedAnswers
from ragguard.plan.replug import ReplugRecipe
from ragguard.plan.retrievers import DenseRetriever, HybridRetriever, LexicalRetriever, PythonRetriever, Retriever
from ragguard.plan.services import RemoteSystem
from ragguard.plan.stages import CrossEncoderReranker, ExtractiveGenerator, Generator, PythonReranker, Reranker
from ragguard.plan.systems import SystemPlan
from ragguard.systems import factory
from ragguard.systems.templates import validate_for
from ragguard.train.arms import find
from ragguard.train.jobs import generator_job_of, job_of, reranker_job_of, threshold_job_of
from ragguard.train.workshop import Workshop

Stage: TypeAlias = Reranker | Generator | RemoteSystem | RecordedAnswers


def survey(workshop: Workshop, arms: Iterable[str], collections: Sequence[Collection], *, reach_out: bool = True) -> None:
    """Check every part of every arm: its model, its files, its template, its training rows, and leave to run code.

    Without ``reach_out`` nothing is asked of the hub, and no code of others is looked for.

    Raises:
        InputError: with the problems of all arms; those without a place of their own have that of their retriever in the plan.
        CannotJudge: the hub cannot be reached.
    """
    problems = [problem for arm in arms for problem in _examine(workshop, arm, collections, reach_out)]
    if problems:
        raise InputError(dict.fromkeys(problems))


def _examine(workshop: Workshop, arm: str, collections: Sequence[Collection], reach_out: bool) -> Iterator[Problem]:
    root = (arm,) if arm in ("baseline", "anchor") else ("candidates", arm)
    found = find(workshop.loaded, arm)
    # What was accepted was whole when it was, and its training data may be gone; its fingerprint is verified instead.
    for location, part in retrievers(found.system) if found.lock is None else ():
        where = workshop.loaded.source.where((*root, *location))
        try:
            _look_at(workshop, part, collections, reach_out)
        except InputError as error:
            yield from (problem if problem.where else replace(problem, where=where) for problem in error.problems)
    system = found.system
    stages = (("reranker", system.reranker), ("generator", system.generator), ("remote", system.remote), ("recorded", system.recorded))
    for name, stage in stages if found.lock is None else ():
        where = workshop.loaded.source.where((*root, name))
        try:
            _look_at_stage(workshop, stage, found.system, collections, reach_out)
        except InputError as error:
            yield from (problem if problem.where else replace(problem, where=where) for problem in error.problems)


def _look_at_stage(workshop: Workshop, stage: Stage | None, system: SystemPlan, collections: Sequence[Collection], reach_out: bool) -> None:
    for collection in collections:
        if template := getattr(stage, "document_text", ""):
            validate_for(template, collection)
    if isinstance(stage, RemoteSystem):
        _no_attacks("a remote system", collections)
    if stage is None or not (reach_out or _stage_is_here(stage, workshop.loaded.folder)):
        return
    if isinstance(stage, CrossEncoderReranker) and stage.train is not None and system.retriever is not None:
        reranker_job_of(workshop, stage, stage.train, system.retriever)
    elif isinstance(stage, CausalGenerator) and stage.train is not None:
        generator_job_of(workshop, stage, stage.train, system)
    elif isinstance(stage, ExtractiveGenerator) and stage.calibrate is not None:
        threshold_job_of(workshop, stage, system)
    elif isinstance(stage, CrossEncoderReranker | PythonReranker):
        factory.reranker(stage, base=workshop.loaded.folder, allow_code=workshop.allow_code)
    elif isinstance(stage, RemoteSystem):
        factory.remote(stage)
    elif isinstance(stage, RecordedAnswers):
        factory.recorded(stage, base=workshop.loaded.folder)
    else:
        factory.generator(stage, base=workshop.loaded.folder, allow_code=workshop.allow_code)


def _stage_is_here(stage: Stage, folder: Path) -> bool:
    """Whether all that a stage names is on this disk, or can only be there; what is asked over HTTP is not asked to be built."""
    if isinstance(stage, RemoteSystem | OpenAIGenerator | RecordedAnswers):
        return True
    adapter = getattr(stage, "adapter", None)
    return named_here(_starts_from(stage), folder) and (adapter is None or named_here(adapter, folder))


def _no_attacks(who: str, collections: Sequence[Collection]) -> None:
    if any(isinstance(collection.corpus, PlantedCorpus) for collection in collections):
        what = f"{who} brings its own index, so what an adversarial suite plants in the corpus is not in it"
        raise InputError(Problem("", what, "leave attacks: out of the suite for this system"))


def _look_at(workshop: Workshop, part: Retriever, collections: Sequence[Collection], reach_out: bool) -> None:
    if isinstance(part, DenseRetriever | LexicalRetriever):
        for collection in collections:
            validate_for(part.document_text, collection)
    if isinstance(part, PythonRetriever):
        _no_attacks(part.callable, collections)
    if isinstance(part, HybridRetriever) or not (reach_out or _is_here(part, workshop.loaded.folder)):
        return
    if isinstance(part, DenseRetriever) and part.train is not None:
        job_of(workshop, part, part.train)
    else:
        factory.build(part, base=workshop.loaded.folder, allow_code=workshop.allow_code)


def _is_here(part: Retriever, folder: Path) -> bool:
    """Whether all that a retriever names is on this disk, or can only be there."""
    if isinstance(part, DenseRetriever):
        teacher = part.train.generator if isinstance(part.train, ReplugRecipe) else None
        return named_here(_starts_from(part), folder) and (teacher is None or _stage_is_here(teacher, folder))
    return not isinstance(part, PythonRetriever)


def _starts_from(part: DenseRetriever | Reranker | Generator) -> str:
    """The model that a part is, or is trained from; "" where it has none."""
    train: Recipe | None = getattr(part, "train", None)
    return train.base if train is not None else getattr(part, "model", None) or ""


def named_here(model: str, folder: Path) -> bool:
    """Tell whether a model is a folder on this disk, or is written as one, so that it can be looked at without a network."""
    return bool(model) and ((folder / Path(model).expanduser()).is_dir() or model.startswith((".", "/", "~")))
