"""From the trained parts of a plan to trainings that were checked and can begin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from ragguard.data.collection import Collection
from ragguard.errors import InputError, Problem
from ragguard.execute.meter import Meter
from ragguard.plan.generators import CausalGenerator
from ragguard.plan.load import LoadedPlan, retrievers, walk
from ragguard.plan.lora import LoraRecipe
from ragguard.plan.retrievers import BiEncoderRecipe, DenseRetriever, Recipe, RecordedRetriever, Retriever
from ragguard.plan.stages import CrossEncoderRecipe, CrossEncoderReranker
from ragguard.plan.systems import SystemPlan
from ragguard.store import Store
from ragguard.systems.protocols import Progress
from ragguard.train import biencoder, crossencoder, generator
from ragguard.train.generatorjob import GeneratorJob
from ragguard.train.job import BiEncoderJob, CrossEncoderJob

_R = TypeVar("_R", bound=Recipe)


@dataclass(frozen=True)
class Workshop:
    """What training needs: the plan, the corpus that early stopping searches, the golden queries no training may see, whether code
    that the plan names may run, and what measures the stages.
    """

    loaded: LoadedPlan
    corpus: Collection
    golden: Mapping[str, str]
    store: Store
    progress: Progress
    allow_code: bool = False
    meter: Meter = field(default_factory=Meter)


def job_of(workshop: Workshop, part: DenseRetriever, recipe: BiEncoderRecipe) -> BiEncoderJob:
    """Check everything that the training of a retriever needs, without loading a model. Raises as ``biencoder.prepare`` does."""
    _permit(workshop, recipe)
    return biencoder.prepare(
        _seeded(recipe, workshop),
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
        _seeded(recipe, workshop),
        document_text=part.document_text,
        corpus=workshop.corpus,
        golden_queries=workshop.golden,
        base_dir=workshop.loaded.folder,
    )


def generator_job_of(workshop: Workshop, part: CausalGenerator, recipe: LoraRecipe, system: SystemPlan) -> GeneratorJob:
    """Check everything that the training of a generator needs, without loading a model; the ``system`` need not be trained yet.

    Raises:
        InputError: as ``generator.prepare``; or distractors are to be mined with a recorded run, which knows no training query.
        CannotJudge: as ``generator.prepare``.
    """
    _permit(workshop, recipe)
    job = generator.prepare(_seeded(recipe, workshop), part, workshop.corpus, workshop.golden, workshop.loaded.folder)
    if job.mined and any(isinstance(each, RecordedRetriever) for _, each in retrievers(system)):
        what = "a recorded run has no ranking of the training queries to mine distractors from"
        raise InputError(Problem("", what, "say distractors: drawn"))
    return job


def _seeded(recipe: _R, workshop: Workshop) -> _R:
    return recipe if recipe.seed is not None else recipe.model_copy(update={"seed": workshop.loaded.plan.seed})


def _permit(workshop: Workshop, recipe: Recipe) -> None:
    if recipe.trust_remote_code and not workshop.allow_code:
        what = f"training {recipe.base} with trust_remote_code runs code of its own"
        raise InputError(Problem("", what, "if you trust it, say so with --allow-code"))
