"""The systems of a plan and the retrievers of a system, with where they stand in the file."""

from collections.abc import Iterator

from ragguard.plan.models import GatePlan
from ragguard.plan.retrievers import HybridRetriever, Retriever
from ragguard.plan.systems import SystemPlan


def systems(plan: GatePlan) -> Iterator[tuple[tuple[str, ...], SystemPlan]]:
    """Every system of a plan with its location in the file."""
    if isinstance(plan.baseline, SystemPlan):
        yield ("baseline",), plan.baseline
    if plan.anchor is not None:
        yield ("anchor",), plan.anchor
    for name, system in plan.candidates.items():
        yield ("candidates", name), system


def retrievers(system: SystemPlan) -> Iterator[tuple[tuple[str | int, ...], Retriever]]:
    """Every retriever of a system, the parts of a hybrid included, with its location below the system."""
    if system.retriever is not None:
        yield from walk(system.retriever, ("retriever",))


def walk(retriever: Retriever, location: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Retriever]]:
    """A retriever with its location, and its parts with theirs, where it is a hybrid."""
    yield location, retriever
    if isinstance(retriever, HybridRetriever):
        for index, part in enumerate(retriever.retrievers):
            yield from walk(part, (*location, "retrievers", index))


def changes_by_itself(system: SystemPlan) -> bool:
    """Tell whether a system may answer otherwise tomorrow though the plan is the same: it is asked over HTTP, or is code of the user's."""
    stages = (system.reranker, system.generator, *(part for _, part in retrievers(system)))
    return system.remote is not None or any(stage is not None and stage.type in ("openai", "python") for stage in stages)
