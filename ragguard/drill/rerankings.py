"""Mutants of a reranker: functions of its scores of one query's documents."""

from ragguard.drill.mutant import Scene


def reversed_scores(scores: list[float], query: str, scene: Scene) -> list[float]:
    """The worst document of a query gets the best score."""
    return [-score for score in scores] if scene.hit(query) else scores


def constant_scores(scores: list[float], query: str, scene: Scene) -> list[float]:
    """Every document of a query gets the same score."""
    return [0.0] * len(scores) if scene.hit(query) else scores
