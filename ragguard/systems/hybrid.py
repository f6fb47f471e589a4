"""Hybrid retrieval: the rankings of several retrievers, fused by ranx."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from ragguard.plan.retrievers import HybridRetriever as HybridPlan
from ragguard.records.evidence import Case, Observation, Ranked
from ragguard.systems.fingerprints import digest
from ragguard.systems.pipeline import Pipeline
from ragguard.systems.protocols import Corpus, Embeds, Progress, Retriever, Vault
from ragguard.systems.ranking import ordered
from ragguard.systems.reranked import Reranked

WIDTH = 12
_NOBODY = "-" * WIDTH


class HybridRetriever:
    """Two or more retrievers, each asked to the same depth.

    ``rrf``: the sum of 1 / (k + rank) (Cormack, Clarke, Buettcher 2009); ``weighted``: the weighted sum of scores brought to 0..1 per
    query and retriever (min-max). A document that a retriever did not return gets nothing from it.
    """

    def __init__(self, plan: HybridPlan, parts: Sequence[Retriever]) -> None:
        self._plan, self._parts = plan, tuple(parts)
        how = {"k": plan.k} if plan.fusion == "rrf" else {"weights": list(plan.weights)}
        self.fingerprint = digest({"type": "hybrid", "library": "ranx", "parts": [part.fingerprint for part in parts], plan.fusion: how})

    def index(self, corpus: Corpus, vault: Vault, progress: Progress) -> None:
        """Index the corpus with every part. Raises what they raise."""
        for part in self._parts:
            part.index(corpus, vault, progress)

    def search(self, cases: Sequence[Case], depth: int) -> list[Observation]:
        """Return one observation per case, in order; a case that one part failed on is an error."""
        if not cases:
            return []
        columns = [part.search(cases, depth) for part in self._parts]
        fused = self._fuse([[observation.ranking for observation in column] for column in columns], depth)
        return [
            _observe(case.id, [column[i] for column in columns], ranking)
            for i, (case, ranking) in enumerate(zip(cases, fused, strict=True))
        ]

    def _fuse(self, columns: Sequence[Sequence[tuple[Ranked, ...]]], depth: int) -> list[tuple[Ranked, ...]]:
        ids = sorted({found.id for column in columns for ranking in column for found in ranking})
        short = {id_: f"{number:0{WIDTH}d}" for number, id_ in enumerate(ids)}
        combined = self._combine([self._run(column, short) for column in columns])
        rankings: list[tuple[Ranked, ...]] = []
        for number in range(len(columns[0])):
            scores = combined.run[_query(number)].items()
            rankings.append(ordered((Ranked(ids[int(key)], float(score)) for key, score in scores if key != _NOBODY), depth))
        return rankings

    def _combine(self, runs: list[Any]) -> Any:
        from numba.core.errors import NumbaTypeSafetyWarning
        from ranx import fuse

        with warnings.catch_warnings():
            # ranx adds a rank to k as integers of two kinds, of which numba warns when it first compiles that.
            warnings.simplefilter("ignore", NumbaTypeSafetyWarning)
            if self._plan.fusion == "rrf":
                return fuse(runs, norm=None, method="rrf", params={"k": self._plan.k})
            return fuse(runs, norm="min-max", method="wsum", params={"weights": [float(weight) for weight in self._plan.weights]})

    def _run(self, column: Sequence[tuple[Ranked, ...]], short: Mapping[str, str]) -> Any:
        # ranx compiles anew for every width of ids, cannot hold an empty ranking, and breaks ties as it likes. So ids are numbers of one
        # width, nobody stands in an empty ranking, and where ranks alone count they are given as scores.
        from ranx import Run

        run: dict[str, dict[str, float]] = {}
        for number, ranking in enumerate(column):
            by_rank = self._plan.fusion == "rrf"
            scores = {short[found.id]: float(-rank) if by_rank else found.score for rank, found in enumerate(ranking)}
            run[_query(number)] = scores or {_NOBODY: 0.0}
        return Run(run)

    def notes(self) -> Mapping[str, float | int | str]:
        """Return the notes of the parts, each under its number from 1."""
        return {f"{number}.{key}": value for number, part in enumerate(self._parts, 1) for key, value in part.notes().items()}

    @property
    def embedding(self) -> list[Embeds]:
        """The parts that embed, those of hybrids among the parts included."""
        return [found for part in self._parts for found in _embedding(part)]


def embedding_part(system: Retriever) -> Embeds | None:
    """Return what embeds in a system: itself, or the one part of a hybrid that does; None where none does, or several."""
    found = _embedding(system)
    return found[0] if len(found) == 1 else None


def _embedding(system: Retriever) -> list[Embeds]:
    if isinstance(system, HybridRetriever):
        return system.embedding
    if isinstance(system, Reranked | Pipeline):
        return _embedding(system.retriever)
    return [system] if isinstance(system, Embeds) else []


def _query(number: int) -> str:
    return f"{number:0{WIDTH}d}"


def _observe(case: str, parts: Sequence[Observation], ranking: tuple[Ranked, ...]) -> Observation:
    errors = [part.error for part in parts if part.error]
    stages = {stage for part in parts for stage in part.seconds}
    seconds = {stage: sum(part.seconds.get(stage, 0.0) for part in parts) for stage in sorted(stages)}
    if errors:
        return Observation(case, error="; ".join(errors), seconds=seconds)
    together = {stage: max(part.together.get(stage, 1) for part in parts) for stage in seconds}
    return Observation(case, ranking, seconds=seconds, together=together)
