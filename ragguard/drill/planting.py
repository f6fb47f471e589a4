"""From a mutant to what the system would have done: only what is not as before is asked again, of the stages behind it alone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from ragguard.drill.mutant import Mutant, Ranking, Scene, World
from ragguard.drill.rankings import without
from ragguard.drill.site import Asked, Key, Site, search
from ragguard.records.collection import Document
from ragguard.records.evidence import Case, Observation
from ragguard.systems.protocols import Asked as Question
from ragguard.systems.protocols import Corpus, Generator, Progress, Said, Vault
from ragguard.systems.reranked import Reranked
from ragguard.systems.silent import Silent

Texts = tuple[tuple[str, str], ...]


@dataclass
class Planter:
    """Plants mutants into one site. What a stage said of the same thing before is not asked again: ``said`` and ``pairs``."""

    site: Site
    said: dict[tuple[str, Texts], Said] = field(default_factory=dict)
    pairs: dict[tuple[str, str, str], float] = field(default_factory=dict)
    _ready: set[int] = field(default_factory=set)
    _worlds: dict[str, World] = field(default_factory=dict)

    def plant(self, mutant: Mutant, strength: float) -> dict[Key, Observation]:
        """Return what the system did otherwise than the baseline, by case.

        Raises:
            InputError: code of the user's own failed.
            CannotJudge: a model or the memory failed.
        """
        made = mutant.make(self.site, strength) if mutant.place in ("retriever", "generator") else None
        return {found: each for asked in self.site.asked for found, each in self._of_corpus(mutant, strength, asked, made)}

    def _world(self, asked: Asked) -> World:
        return self._worlds.setdefault(asked.collection.corpus_fingerprint, World(asked.collection))

    def _of_corpus(self, mutant: Mutant, strength: float, asked: Asked, made: Any) -> Iterable[tuple[Key, Observation]]:
        corpus = asked.collection.corpus_fingerprint
        before = {case.id: self.site.kept[corpus, case.id, case.text] for case in asked.cases}
        whole = {name: each for name, each in before.items() if not each.error}
        cases = [case for case in asked.cases if case.id in whole]
        if mutant.place == "observation":
            scene = Scene(mutant.name, strength, self._world(asked), list(whole.values()))
            after = {case.id: mutant.make(whole[case.id], case, scene) for case in cases}
        elif mutant.place == "generator":
            after = self._spoken(cases, whole, asked, made, anew=True)
        else:
            found = self._found(mutant, strength, asked, cases, made)
            ranked = {name: replace(whole[name], ranking=ranking) for name, ranking in found.items()}
            after = self._spoken(cases, ranked, asked, self.site.generator, anew=False)
        return (((corpus, case.id, case.text), after[case.id]) for case in cases if after[case.id] != before[case.id])

    def _found(self, mutant: Mutant, strength: float, asked: Asked, cases: Sequence[Case], made: Any) -> dict[str, Ranking]:
        """The rankings of the whole system, after its reranker."""
        if mutant.place == "scores":
            spoil: Callable[..., list[float]] = mutant.make
            return self._reranked(asked, cases, self.site.first(asked), Scene(mutant.name, strength, self._world(asked)), spoil)
        first = self.site.first(asked)
        scene = Scene(mutant.name, strength, self._world(asked), [first[case.id] for case in cases])
        if mutant.place == "retriever":
            again = search(self.site, made, asked)
            spoiled = {case.id: again[case.id] for case in cases}
        elif mutant.place == "missing":
            missing = mutant.make(scene)
            spoiled = {case.id: replace(first[case.id], ranking=without(missing, first[case.id].ranking)) for case in cases}
        else:
            spoiled = {case.id: replace(first[case.id], ranking=mutant.make(first[case.id].ranking, case, scene)) for case in cases}
        if self.site.reranker is None:
            return {name: each.ranking for name, each in spoiled.items()}
        return self._reranked(asked, cases, spoiled, scene, _as_they_are)

    def _reranked(
        self, asked: Asked, cases: Sequence[Case], first: Mapping[str, Observation], scene: Scene, spoil: Callable[..., list[float]]
    ) -> dict[str, Ranking]:
        plan = self.site.plan.reranker
        if plan is None:
            raise TypeError("the baseline has no reranker")
        workshop = self.site.bench.workshop
        again = Reranked(_Given(first), _Scorer(self, scene, spoil), plan.depth, plan.keep)
        again.index(asked.collection, workshop.store, Silent())
        return {each.case: each.ranking for each in again.search(cases, self.site.depth)}

    def _spoken(
        self, cases: Sequence[Case], after: Mapping[str, Observation], asked: Asked, generator: Generator | None, *, anew: bool
    ) -> dict[str, Observation]:
        """The same with the answers to it: asked again where other documents are given than before, or ``anew`` everywhere."""
        plan = self.site.plan.generator
        if generator is None or plan is None:
            return dict(after)
        given = {case.id: self._given(after[case.id], asked, plan.contexts) for case in cases}
        ids = {name: tuple(document.id for document in documents) for name, documents in given.items()}
        changed = [case for case in cases if anew or ids[case.id] != after[case.id].contexts]
        said = self._ask(generator, [Question(case.id, case.text, given[case.id]) for case in changed], anew=anew)
        return dict(after) | {
            case.id: replace(after[case.id], contexts=ids[case.id], answer=each.answer, error=each.error)
            for case, each in zip(changed, said, strict=True)
        }

    def _given(self, observation: Observation, asked: Asked, contexts: int) -> tuple[Document, ...]:
        head = (found.id for found in observation.ranking[:contexts])
        return tuple(asked.collection.document(name) for name in head if name in asked.collection)

    def _ask(self, generator: Generator, questions: Sequence[Question], *, anew: bool) -> list[Said]:
        """What a generator says; of the baseline's own, what it said to the same question from the same documents is remembered."""
        if id(generator) not in self._ready:
            generator.prepare(self.site.bench.workshop.store, Silent())
            self._ready.add(id(generator))
        if anew:
            return generator.answer(questions)
        keys = [(each.question, tuple((document.id, document.text) for document in each.contexts)) for each in questions]
        open_ = {known: each for each, known in zip(questions, keys, strict=True) if known not in self.said}
        if open_:
            self.said |= dict(zip(open_, generator.answer(list(open_.values())), strict=True))
        return [self.said[known] for known in keys]


def _as_they_are(scores: list[float], query: str, scene: Scene) -> list[float]:
    del query, scene
    return scores


class _Given:
    """A retriever that finds what it is told."""

    fingerprint = "given"

    def __init__(self, found: Mapping[str, Observation]) -> None:
        self._found = found

    def index(self, corpus: Corpus, vault: Vault, progress: Progress) -> None:
        """Do nothing."""

    def search(self, cases: Sequence[Case], depth: int) -> list[Observation]:
        """Return what was given, at most ``depth`` documents of it."""
        return [replace(self._found[case.id], ranking=self._found[case.id].ranking[:depth]) for case in cases]

    def notes(self) -> Mapping[str, float | int | str]:
        """Say nothing."""
        return {}


class _Scorer:
    """The baseline's reranker, which is asked of each pair once, and whose scores are spoiled then."""

    fingerprint = "scorer"

    def __init__(self, planter: Planter, scene: Scene, spoil: Callable[..., list[float]]) -> None:
        self._planter, self._scene, self._spoil = planter, scene, spoil
        self._corpus = ""

    def prepare(self, corpus: Corpus) -> None:
        """Make the reranker ready. Raises as it does."""
        reranker = self._planter.site.reranker
        if reranker is not None:
            reranker.prepare(corpus)

    def score(self, pairs: Sequence[tuple[str, Document]]) -> list[float]:
        """Return one score a pair, spoiled query by query. Raises as the reranker does."""
        known, reranker = self._planter.pairs, self._planter.site.reranker
        keys = [(query, document.id, document.text) for query, document in pairs]
        open_ = {name: pair for name, pair in zip(keys, pairs, strict=True) if name not in known}
        if open_ and reranker is not None:
            known |= dict(zip(open_, reranker.score(list(open_.values())), strict=True))
        rows = zip(keys, (known[name] for name in keys), strict=True)
        spoiled = []
        for query, group in groupby(rows, key=lambda row: row[0][0]):
            spoiled += self._spoil([score for _, score in group], query, self._scene)
        return spoiled

    def notes(self) -> Mapping[str, float | int | str]:
        """Say nothing."""
        return {}
