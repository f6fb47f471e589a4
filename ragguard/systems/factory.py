"""From what a plan says to a retriever."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragguard.errors import InputError, Problem
from ragguard.plan.systems import DenseRetriever as DensePlan
from ragguard.plan.systems import HybridRetriever as HybridPlan
from ragguard.plan.systems import LexicalRetriever as LexicalPlan
from ragguard.plan.systems import PythonRetriever as PythonPlan
from ragguard.plan.systems import RecordedRetriever as RecordedPlan
from ragguard.plan.systems import Retriever as RetrieverPlan
from ragguard.systems.dense import DenseRetriever
from ragguard.systems.hybrid import HybridRetriever
from ragguard.systems.lexical import LexicalRetriever
from ragguard.systems.protocols import Retriever
from ragguard.systems.python import PythonRetriever
from ragguard.systems.recorded import RecordedRetriever
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
