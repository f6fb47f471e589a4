"""From the trained parts of a plan to trainings that were checked and can begin."""

from ragguard.errors import InputError, Problem
from ragguard.plan.generators import CausalGenerator
from ragguard.plan.lora import LoraRecipe
from ragguard.plan.parts import retrievers, walk
from ragguard.plan.recipes import BiEncoderRecipe
from ragguard.plan.replug import ReplugRecipe
from ragguard.plan.retrievers import DenseRetriever, RecordedRetriever, Retriever
from ragguard.plan.stages import CrossEncoderRecipe, CrossEncoderReranker, ExtractiveGenerator
from ragguard.plan.systems import SystemPlan
from ragguard.train import biencoder, crossencoder, generator, replug
from ragguard.train.abstention import ThresholdJob
from ragguard.train.generatorjob import GeneratorJob
from ragguard.train.job import BiEncoderJob, CrossEncoderJob, ReplugJob, rows_of
from ragguard.train.workshop import Workshop


def job_of(workshop: Workshop, part: DenseRetriever, recipe: BiEncoderRecipe | ReplugRecipe) -> BiEncoderJob | ReplugJob:
    """Check everything that the training of an encoder needs, without loading a model. Raises as ``biencoder.prepare`` or
    ``replug.prepare`` does.
    """
    about = (part.document_text, part.query_prompt, part.document_prompt, workshop.corpus, workshop.golden, workshop.loaded.folder)
    if isinstance(recipe, ReplugRecipe):
        return replug.prepare(workshop.settle(recipe), *about, allow_code=workshop.allow_code)
    return biencoder.prepare(workshop.settle(recipe), *about)


def reranker_job_of(workshop: Workshop, part: CrossEncoderReranker, recipe: CrossEncoderRecipe, retriever: Retriever) -> CrossEncoderJob:
    """Check everything that the training of a reranker needs, without loading a model; ``retriever`` need not be trained yet.

    Raises:
        InputError: as ``crossencoder.prepare``; or negatives are to be mined with a recorded run, which knows no training query.
        CannotJudge: as ``crossencoder.prepare``.
    """
    settled = workshop.settle(recipe)
    if recipe.negatives and any(isinstance(each, RecordedRetriever) for _, each in walk(retriever)):
        raise InputError(Problem("", "a recorded run has no ranking of the training queries to mine negatives from", "say negatives: 0"))
    return crossencoder.prepare(settled, part.document_text, workshop.corpus, workshop.golden, workshop.loaded.folder)


def generator_job_of(workshop: Workshop, part: CausalGenerator, recipe: LoraRecipe, system: SystemPlan) -> GeneratorJob:
    """Check everything that the training of a generator needs, without loading a model; the ``system`` need not be trained yet.

    Raises:
        InputError: as ``generator.prepare``; or distractors are to be mined with a recorded run, which knows no training query.
        CannotJudge: as ``generator.prepare``.
    """
    job = generator.prepare(workshop.settle(recipe), part, workshop.corpus, workshop.golden, workshop.loaded.folder)
    if job.mined and any(isinstance(each, RecordedRetriever) for _, each in retrievers(system)):
        what = "a recorded run has no ranking of the training queries to mine distractors from"
        raise InputError(Problem("", what, "say distractors: drawn"))
    return job


def threshold_job_of(workshop: Workshop, part: ExtractiveGenerator, system: SystemPlan) -> ThresholdJob:
    """Check everything that a calibration needs, without loading a model; the ``system`` need not be trained yet.

    Raises:
        InputError: rows are missing or wrong, or ask what the golden set asks; or a recorded run is to be asked the rows' queries.
    """
    if part.calibrate is None:
        raise RuntimeError("a generator without calibrate: has its threshold")
    if any(isinstance(each, RecordedRetriever) for _, each in retrievers(system)):
        what = "a recorded run has no ranking of the training queries to calibrate on"
        raise InputError(Problem("", what, "say threshold: instead of calibrate:"))
    rows = rows_of(part.calibrate.data, workshop.corpus, workshop.golden, workshop.loaded.folder)
    return ThresholdJob(part, part.calibrate, rows, workshop.corpus, workshop.loaded.plan.seed)
