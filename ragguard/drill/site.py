"""Where mutants are planted: the baseline of a plan, run once, its stages apart, and all that it did."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ragguard import trial
from ragguard.data.collection import Collection
from ragguard.errors import CannotJudge
from ragguard.execute.local import batches
from ragguard.gate import Bench
from ragguard.plan.systems import SystemPlan
from ragguard.records.evidence import Case, Observation
from ragguard.suites.golden import Part
from ragguard.suites.resolve import Suite
from ragguard.suites.runner import BATCH, Asker
from ragguard.systems import factory
from ragguard.systems.pipeline import Pipeline
from ragguard.systems.protocols import Generator, Reranker, Retriever
from ragguard.systems.reranked import Reranked
from ragguard.systems.silent import Silent
from ragguard.train.arms import find
from ragguard.train.end_to_end import as_trained, train_system
from ragguard.trial import Trial

Key = tuple[str, str, str]
"""A case as it was asked: the corpus (its fingerprint), the case's id, and the text."""


def key(part: Part, case: Case) -> Key:
    """How a case of a suite's part is looked up."""
    return part.collection.corpus_fingerprint, case.id, case.text


@dataclass(frozen=True)
class Asked:
    """The cases that were asked of one corpus, each once, in the batches in which the baseline was asked them."""

    collection: Collection
    rounds: tuple[tuple[Case, ...], ...]

    @property
    def cases(self) -> Iterator[Case]:
        """All of them."""
        return (case for batch in self.rounds for case in batch)


@dataclass
class Site:
    """A baseline that was run. ``plan`` is it as the plan has it, trained parts as models; ``retriever`` its first stage, or the whole of a
    system that cannot be taken apart. ``kept`` is all that it did, and ``asked`` the cases by corpus.
    """

    bench: Bench
    plan: SystemPlan
    system: Retriever
    retriever: Retriever
    reranker: Reranker | None
    generator: Generator | None
    trial: Trial
    kept: dict[Key, Observation]
    asked: tuple[Asked, ...]
    _first: dict[Key, Observation] = field(default_factory=dict)

    @property
    def suites(self) -> tuple[Suite, ...]:
        """The plan's suites."""
        return self.bench.resolved.suites

    @property
    def collection(self) -> Collection:
        """The corpus that the first suite asks."""
        return self.bench.workshop.corpus

    @property
    def folder(self) -> Path:
        """The plan's folder."""
        return self.bench.resolved.loaded.folder

    @property
    def scratch(self) -> Path:
        """Where models that a mutant needs are put together."""
        return self.bench.workshop.store.folder / "drill"

    @property
    def whole(self) -> bool:
        """Whether the system answers and cannot be taken apart: what it found cannot be changed without asking it."""
        return self.plan.retriever is None and self.plan.answers

    @property
    def depth(self) -> int:
        """Documents that are asked for."""
        return self.bench.resolved.loaded.plan.depth

    @property
    def cases(self) -> list[Case]:
        """Every case of every suite, but for items of tasks; one that several suites share as often as they do."""
        return [case for suite in self.suites for part in suite.parts for case in part.cases]

    def first(self, asked: Asked) -> dict[str, Observation]:
        """Return what the retriever found for the cases of one corpus, before any reranker, by case."""
        corpus = asked.collection.corpus_fingerprint
        if self.reranker is None:
            return {case.id: self.kept[corpus, case.id, case.text] for case in asked.cases}
        if any((corpus, case.id, case.text) not in self._first for case in asked.cases):
            found = search(self, self.retriever, asked)
            self._first |= {(corpus, case.id, case.text): found[case.id] for case in asked.cases}
        return {case.id: self._first[corpus, case.id, case.text] for case in asked.cases}


def search(site: Site, retriever: Retriever, asked: Asked) -> dict[str, Observation]:
    """Ask a retriever all cases of one corpus, in the batches in which the baseline was; so what is kept of their encoding is found again.

    Raises:
        InputError: it does not fit the corpus.
        CannotJudge: it failed.
    """
    workshop, reranker = site.bench.workshop, site.plan.reranker
    retriever.index(asked.collection, workshop.store, Silent())  # the drill's own progress goes on
    depth = max(site.depth, reranker.depth if reranker is not None else 0)
    return {each.case: each for batch in asked.rounds for each in retriever.search(batch, depth)}


def run(bench: Bench) -> Site:
    """Run the baseline of a plan over all its suites, or take what is kept of it.

    Raises:
        InputError: as ``gate.run``.
        CannotJudge: the baseline could not be run.
    """
    workshop, resolved = bench.workshop, bench.resolved
    found = find(workshop.loaded, "baseline")
    plan = as_trained(found.system, train_system(workshop, found.system, found.lock))
    system = factory.assemble(plan, base=workshop.loaded.folder, allow_code=workshop.allow_code, meter=workshop.meter)
    listening, done = _Listening(system, workshop.store, workshop.progress, workshop.meter), Trial()
    settings = resolved.loaded.plan
    try:
        trial.run(done, listening, resolved.suites, depth=settings.depth, show=1, allow_code=workshop.allow_code, panel=bench.panel)
    except CannotJudge as error:
        raise CannotJudge(f"the baseline could not be run, so there is nothing to spoil: {error}") from error
    return Site(bench, plan, system, *_stages(system), done, listening.kept, _asked(resolved.suites))


def _stages(system: Retriever) -> tuple[Retriever, Reranker | None, Generator | None]:
    below = system.retriever if isinstance(system, Pipeline) else system
    generator = system.generator if isinstance(system, Pipeline) else None
    return (below.retriever, below.reranker, generator) if isinstance(below, Reranked) else (below, None, generator)


def _asked(suites: Sequence[Suite]) -> tuple[Asked, ...]:
    rounds: dict[str, list[tuple[Case, ...]]] = {}
    collections, seen = dict[str, Collection](), set[Key]()
    for _, part in trial.in_turn(suites):
        corpus = part.collection.corpus_fingerprint
        collections.setdefault(corpus, part.collection)
        for batch in batches(part.cases, BATCH):
            fresh = tuple(case for case in batch if key(part, case) not in seen)
            seen |= {key(part, case) for case in fresh}
            rounds.setdefault(corpus, []).extend([fresh] if fresh else [])
    return tuple(Asked(collections[corpus], tuple(found)) for corpus, found in rounds.items())


class _Listening(Asker):
    """An asker that remembers what was observed."""

    kept: dict[Key, Observation]

    def observe(self, cases: Sequence[Case], collection: Collection, depth: int) -> Iterator[tuple[str, Sequence[Case], list[Observation]]]:
        """Yield what an asker does."""
        self.kept = getattr(self, "kept", {})
        for name, batch, observations in super().observe(cases, collection, depth):
            for case, observation in zip(batch, observations, strict=True):
                self.kept[collection.corpus_fingerprint, case.id, case.text] = observation
            yield name, batch, observations
