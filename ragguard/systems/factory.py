"""From what a plan says to a system that can be asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragguard.errors import InputError, Problem
from ragguard.execute.meter import Meter
from ragguard.plan.generators import CausalGenerator as CausalPlan
from ragguard.plan.generators import OpenAIGenerator as OpenAIPlan
from ragguard.plan.recorded import RecordedAnswers as RecordedAnswersPlan
from ragguard.plan.retrievers import DenseRetriever as DensePlan
from ragguard.plan.retrievers import HybridRetriever as HybridPlan
from ragguard.plan.retrievers import LexicalRetriever as LexicalPlan
from ragguard.plan.retrievers import PythonRetriever as PythonPlan
from ragguard.plan.retrievers import RecordedRetriever as RecordedPlan
from ragguard.plan.retrievers import Retriever as RetrieverPlan
from ragguard.plan.services import RemoteSystem as RemotePlan
from ragguard.plan.stages import CrossEncoderReranker as CrossEncoderPlan
from ragguard.plan.stages import ExtractiveGenerator as ExtractivePlan
from ragguard.plan.stages import Generator as GeneratorPlan
from ragguard.plan.stages import PythonGenerator as PythonGeneratorPlan
from ragguard.plan.stages import PythonReranker as PythonRerankerPlan
from ragguard.plan.stages import Reranker as RerankerPlan
from ragguard.plan.systems import SystemPlan
from ragguard.systems.adapters import CONFIG, examine
from ragguard.systems.causal import CausalGenerator
from ragguard.systems.crossencoder import CrossEncoderReranker
from ragguard.systems.dense import DenseRetriever
from ragguard.systems.extractive import ExtractiveGenerator
from ragguard.systems.hybrid import HybridRetriever
from ragguard.systems.lexical import LexicalRetriever
from ragguard.systems.loading import check_tokenizer
from ragguard.systems.openai_chat import OpenAIGenerator
from ragguard.systems.own_stages import PythonGenerator, PythonReranker
from ragguard.systems.pipeline import Pipeline
from ragguard.systems.prompts import Prompt
from ragguard.systems.protocols import Generator, Reranker, Retriever
from ragguard.systems.python import PythonRetriever
from ragguard.systems.recorded import RecordedRetriever
from ragguard.systems.recorded_answers import RecordedSystem
from ragguard.systems.remote import RemoteSystem
from ragguard.systems.reranked import Reranked
from ragguard.systems.weights import resolve


@dataclass(frozen=True, slots=True)
class _Site:
    """Where a retriever is built: the folder paths start from, what was trained, and whether code of others may run."""

    base: Path
    checkpoint: Path | None
    allow_code: bool


def build(spec: RetrieverPlan, *, base: Path, checkpoint: Path | None = None, allow_code: bool = False) -> Retriever:
    """Make the retriever that a plan describes; no model is loaded and no document read yet.

    Args:
        spec: the retriever's part of the plan.
        base: the folder that the plan's paths start from.
        checkpoint: the trained model's folder, for a retriever with ``train:``.
        allow_code: whether code that the plan names may run.

    Raises:
        InputError: a file or model that is missing or not fit, or code that is not allowed.
        CannotJudge: the hub cannot be reached.
    """
    return _build(spec, _Site(base, checkpoint, allow_code))


def assemble(spec: SystemPlan, *, base: Path, allow_code: bool = False, meter: Meter | None = None) -> Retriever:
    """Make the system that a plan describes, all stages of it, none of which is to be trained any more; ``meter`` measures them.

    Raises:
        InputError: as ``build``.
        CannotJudge: as ``build``.
    """
    site = _Site(base, None, allow_code)
    if spec.remote is not None:
        return remote(spec.remote)
    if spec.recorded is not None:
        return recorded(spec.recorded, base=base)
    if spec.retriever is None:
        raise InputError(Problem("", "the system has no retriever"))
    made = _build(spec.retriever, site)
    if spec.reranker is not None:
        made = Reranked(made, reranker(spec.reranker, base=base, allow_code=allow_code), spec.reranker.depth, spec.reranker.keep, meter)
    if spec.generator is not None:
        made = Pipeline(made, generator(spec.generator, base=base, allow_code=allow_code), spec.generator.contexts, meter)
    return made


def reranker(spec: RerankerPlan, *, base: Path, allow_code: bool = False) -> Reranker:
    """Make a reranker; no model is loaded yet. Raises as ``build``."""
    return RERANKERS[spec.type](spec, _Site(base, None, allow_code))


def generator(spec: GeneratorPlan, *, base: Path, allow_code: bool = False) -> Generator:
    """Make a generator; no model is loaded yet. Raises as ``build``."""
    return GENERATORS[spec.type](spec, _Site(base, None, allow_code))


def remote(spec: RemotePlan) -> Retriever:
    """Make a system that is asked elsewhere; nothing is asked yet. Raises InputError where the plan's mapping is none."""
    return RemoteSystem(spec)


def recorded(spec: RecordedAnswersPlan, *, base: Path) -> Retriever:
    """Make a system whose answers are in a file, of which only the beginning is read yet. Raises InputError where it is none."""
    return RecordedSystem(spec, base / Path(spec.results).expanduser())


def _build(spec: RetrieverPlan, site: _Site) -> Retriever:
    return BUILDERS[spec.type](spec, site)


def _dense(plan: DensePlan, site: _Site) -> Retriever:
    if plan.trust_remote_code:
        _permit(site, f"the model {plan.model} with trust_remote_code runs code of its own")
    if plan.train is not None:
        if site.checkpoint is None:
            raise InputError(Problem("", "the retriever has train: but was not trained yet", "run: ragguard train"))
        return DenseRetriever(plan, site.checkpoint)
    model = plan.model or ""
    folder = resolve(model, revision=plan.revision, base=site.base, backend=plan.backend, allow_pickle=plan.allow_pickle)
    return DenseRetriever(plan, folder)


def _lexical(plan: LexicalPlan, site: _Site) -> Retriever:  # noqa: ARG001 - needs nothing of the site
    return LexicalRetriever(plan)


def _recorded(plan: RecordedPlan, site: _Site) -> Retriever:
    return RecordedRetriever(plan, site.base / Path(plan.run).expanduser())


def _python(plan: PythonPlan, site: _Site) -> Retriever:
    _permit(site, f"the retriever {plan.callable} is code that the plan names")
    return PythonRetriever(plan, site.base)


def _hybrid(plan: HybridPlan, site: _Site) -> Retriever:
    trained = sum(isinstance(part, DensePlan) and part.train is not None for part in plan.retrievers)
    if trained > 1:
        raise InputError(Problem("", f"{trained} parts of a hybrid retriever have train:", "train one part, and give the others as models"))
    return HybridRetriever(plan, [_build(part, site) for part in plan.retrievers])


def _cross_encoder(plan: CrossEncoderPlan, site: _Site) -> Reranker:
    if plan.trust_remote_code:
        _permit(site, f"the model {plan.model} with trust_remote_code runs code of its own")
    if plan.train is not None:
        raise InputError(Problem("", "the reranker has train: but was not trained yet", "run: ragguard train"))
    return CrossEncoderReranker(plan, resolve(plan.model or "", revision=plan.revision, base=site.base, allow_pickle=plan.allow_pickle))


def _python_reranker(plan: PythonRerankerPlan, site: _Site) -> Reranker:
    _permit(site, f"the reranker {plan.callable} is code that the plan names")
    return PythonReranker(plan, site.base)


def _extractive(plan: ExtractivePlan, site: _Site) -> Generator:
    return ExtractiveGenerator(plan, resolve(plan.model, revision=plan.revision, base=site.base, allow_pickle=plan.allow_pickle))


def _python_generator(plan: PythonGeneratorPlan, site: _Site) -> Generator:
    _permit(site, f"the generator {plan.callable} is code that the plan names")
    return PythonGenerator(plan, site.base)


def _causal(plan: CausalPlan, site: _Site) -> Generator:
    if plan.trust_remote_code:
        _permit(site, f"the model {plan.model} with trust_remote_code runs code of its own")
    if plan.train is not None:
        raise InputError(Problem("", "the generator has train: but was not trained yet", "run: ragguard train"))
    prompt = Prompt(plan, site.base)
    folder = resolve(plan.model or "", revision=plan.revision, base=site.base, allow_pickle=plan.allow_pickle)
    tokenizer = tokenizer_of(plan, folder, site.base)
    adapter = examine(plan, folder, site.base) if plan.adapter is not None else None
    if adapter is not None and plan.tokenizer is None:
        check_tokenizer(adapter.folder, folder, trust_remote_code=plan.trust_remote_code)
    return CausalGenerator(plan, folder, tokenizer, adapter, prompt)


def tokenizer_of(plan: CausalPlan, folder: Path, base: Path) -> Path:
    """Find the tokenizer's folder of a causal language model whose files lie in ``folder``.

    Raises:
        InputError: the folder is an adapter's, or there is no such tokenizer.
    """
    if (folder / CONFIG).is_file():
        raise InputError(Problem("", f"model: {plan.model} is an adapter", "name it as adapter:, and what it was trained on as model:"))
    tokenizer = folder if plan.tokenizer is None else base / Path(plan.tokenizer).expanduser()
    if not tokenizer.is_dir():
        raise InputError(Problem("", f"tokenizer: there is no folder {plan.tokenizer}", "paths start from the plan's folder"))
    return tokenizer


def _openai(plan: OpenAIPlan, site: _Site) -> Generator:
    return OpenAIGenerator(plan, Prompt(plan, site.base))


def _permit(site: _Site, what: str) -> None:
    if not site.allow_code:
        raise InputError(Problem("", what, "if you trust it, say so with --allow-code"))


BUILDERS: Mapping[str, Callable[[Any, _Site], Retriever]] = {
    "dense": _dense,
    "lexical": _lexical,
    "recorded": _recorded,
    "python": _python,
    "hybrid": _hybrid,
}

RERANKERS: Mapping[str, Callable[[Any, _Site], Reranker]] = {"cross-encoder": _cross_encoder, "python": _python_reranker}

GENERATORS: Mapping[str, Callable[[Any, _Site], Generator]] = {
    "causal-lm": _causal,
    "extractive": _extractive,
    "openai": _openai,
    "python": _python_generator,
}
