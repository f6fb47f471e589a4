"""The systems of a plan, alive: made when a trial first asks, once in each process, and asked anew every time."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from ragguard.data.collection import Collection
from ragguard.errors import InputError, Problem
from ragguard.plan.generators import CausalGenerator, OpenAIGenerator
from ragguard.plan.systems import SystemPlan
from ragguard.records.evidence import Answer, Case
from ragguard.suites.resolve import Resolved
from ragguard.systems import factory
from ragguard.systems.protocols import Retriever
from ragguard.systems.silent import Silent
from ragguard.testing import plans
from ragguard.testing.cases import Seen, observed
from ragguard.testing.options import Settings
from ragguard.train.arms import find
from ragguard.train.end_to_end import as_trained, train_system
from ragguard.train.workshop import Workshop

_LIVE = pytest.StashKey["Live"]()


@dataclass
class _Standing:
    """A system, and the fingerprint of the corpus that it has indexed."""

    system: Retriever
    corpus: str = ""


@dataclass
class Live:
    """What makes a plan's systems, and those that were made: by arm, and by the answers that each gives to a question."""

    workshop: Workshop
    depth: int
    _made: dict[tuple[str, int], _Standing] = field(default_factory=dict)

    def ask(self, arm: str, case: Case, collection: Collection, n: int) -> list[Seen]:
        """Ask a system one case ``n`` times; each time counts, so nothing is taken from the store.

        Raises:
            InputError: the case is an item of an lm-eval task.
            CannotJudge: the system failed as a whole.
        """
        if case.task:
            what = f"{case.id} is an item of the lm-eval task {case.task}, which only lm-eval can ask"
            raise InputError(Problem("", what, "ask it of a query"))
        draws = n if _draws(find(self.workshop.loaded, arm).system) else 1
        standing = self._standing(arm, draws)
        if standing.corpus != collection.corpus_fingerprint:
            standing.system.index(collection, self.workshop.store, Silent())
            standing.corpus = collection.corpus_fingerprint
        seen = [found for _ in range(n // draws) for found in standing.system.search([case], self.depth)]
        return [observed(each, answer, arm, case, collection) for each in seen for answer in _answers(each.answer, draws)]

    def _standing(self, arm: str, draws: int) -> _Standing:
        if (arm, draws) not in self._made:
            found = find(self.workshop.loaded, arm)
            plan = as_trained(found.system, train_system(self.workshop, found.system, found.lock))
            base, allow_code = self.workshop.loaded.folder, self.workshop.allow_code
            self._made[arm, draws] = _Standing(factory.assemble(_drawing(plan, draws), base=base, allow_code=allow_code))
        return self._made[arm, draws]


def live(config: pytest.Config, settings: Settings, resolved: Resolved) -> Live:
    """The systems of this process.

    Raises:
        InputError: nothing is to be run, for a report is judged.
    """
    if settings.report is not None:
        what = "a trial asks the live system, and --ragguard-report says that nothing is run"
        raise InputError(Problem("", what, "leave out the trials, or give --ragguard-plan alone"))
    if _LIVE not in config.stash:
        from ragguard.gate import store_folder

        store = settings.store or store_folder(resolved.loaded.folder)
        workshop = plans.workshop(resolved, store, allow_code=settings.allow_code)
        config.stash[_LIVE] = Live(workshop, resolved.loaded.plan.depth)
    return config.stash[_LIVE]


def _draws(system: SystemPlan) -> bool:
    """Whether a system draws each answer by a seed of its question, so that it would say the same again: then it draws all at once."""
    return isinstance(system.generator, CausalGenerator) and system.generator.temperature > 0


def _drawing(plan: SystemPlan, draws: int) -> SystemPlan:
    """The same system, so that its answers to one question may differ: a server gets no seed."""
    generator = plan.generator
    if isinstance(generator, CausalGenerator) and draws > 1:
        return plan.model_copy(update={"generator": generator.model_copy(update={"repeats": draws})})
    if isinstance(generator, OpenAIGenerator):
        return plan.model_copy(update={"generator": generator.model_copy(update={"seed": None})})
    return plan


def _answers(answer: Answer | None, draws: int) -> Sequence[Answer | None]:
    return answer.samples if answer is not None and draws > 1 else [answer]
