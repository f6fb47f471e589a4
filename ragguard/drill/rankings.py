"""Mutants of what a retriever finds: functions of a ranking, or of which documents are not in the index."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from ragguard.drill.mutant import Ranking, Scene
from ragguard.records.evidence import Case, Observation, Ranked
from ragguard.systems.ranking import ordered

HEAD = 10


def answering(scene: Scene) -> frozenset[str]:
    """Documents that answer some query."""
    return frozenset(name for name in scene.world.answering if scene.hit(name))


def newest(scene: Scene) -> frozenset[str]:
    """The newest version of families that have several: the index was built before the last release."""
    hit = (documents for family, documents in scene.world.families.items() if scene.hit(family))
    return frozenset(document.id for documents in hit for document in documents if document.version == documents[-1].version)


def without(missing: frozenset[str], ranking: Ranking) -> Ranking:
    """A ranking of an index that lacks documents."""
    return tuple(found for found in ranking if found.id not in missing)


def versions_swapped(ranking: Ranking, case: Case, scene: Scene) -> Ranking:
    """The newest version of a family stands where the one before it would, and the other way round."""
    del case
    twins: Mapping[str, str] = scene.once("twins", lambda: dict(_twins(scene)))
    return tuple(replace(found, id=twins.get(found.id, found.id)) for found in ranking)


def _twins(scene: Scene) -> Iterable[tuple[str, str]]:
    for family, documents in scene.world.families.items():
        before = [document for document in documents if document.version != documents[-1].version]
        if scene.hit(family) and before:
            yield documents[-1].id, before[-1].id
            yield before[-1].id, documents[-1].id


def shuffled(ranking: Ranking, case: Case, scene: Scene) -> Ranking:
    """The ranking of a query in random order."""
    if not scene.hit(case.id):
        return ranking
    order = scene.rng(case.id).permutation(len(ranking))
    return tuple(Ranked(ranking[int(at)].id, found.score) for at, found in zip(order, _falling(ranking), strict=True))


def reversed_head(ranking: Ranking, case: Case, scene: Scene) -> Ranking:
    """The first ten of a query in the reverse order, as where a distance is taken for a similarity."""
    head = ranking[:HEAD]
    turned = tuple(Ranked(found.id, place.score) for found, place in zip(reversed(head), _falling(head), strict=True))
    return (*turned, *ranking[HEAD:]) if scene.hit(case.id) else ranking


def first_lost(ranking: Ranking, case: Case, scene: Scene) -> Ranking:
    """The first document is lost: off by one."""
    return ranking[1:] if scene.hit(case.id) else ranking


def nothing_found(ranking: Ranking, case: Case, scene: Scene) -> Ranking:
    """Nothing is found, as where a timeout is swallowed."""
    return () if scene.hit(case.id) else ranking


def another_query(ranking: Ranking, case: Case, scene: Scene) -> Ranking:
    """What another query found, as where two of them share a key of a cache."""
    if not scene.hit(case.id) or len(scene.before) < 2:
        return ranking
    return another(scene.before, case, scene).ranking


def another(observations: Sequence[Observation], case: Case, scene: Scene) -> Observation:
    """One of several observations, drawn for a case, and not of it."""
    at = int(scene.rng(case.id).integers(len(observations)))
    return observations[at] if observations[at].case != case.id else observations[at - 1]


def ties_otherwise(ranking: Ranking, case: Case, scene: Scene) -> Ranking:
    """Harmless: documents of equal score, to so many decimals, come in another order."""
    del case
    groups = groupby(ranking, key=lambda found: round(found.score, int(scene.strength)))
    return tuple(found for _, group in groups for found in reversed(list(group)))


def half_precision(ranking: Ranking, case: Case, scene: Scene) -> Ranking:
    """Harmless: scores in half precision."""
    del case, scene
    return ordered((replace(found, score=float(np.float16(found.score))) for found in ranking), len(ranking))


def rescaled(ranking: Ranking, case: Case, scene: Scene) -> Ranking:
    """Harmless: every score times so much, plus one, as of another way to write a similarity."""
    del case
    return tuple(replace(found, score=found.score * scene.strength + 1.0) for found in ranking)


def _falling(ranking: Ranking) -> Ranking:
    return tuple(sorted(ranking, key=lambda found: -found.score))
