"""The events of a roll-out, or of a file, and what failed in them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ragguard.canary import known
from ragguard.canary.corpus import Corpus
from ragguard.canary.harvest.failing import SIGNALS, Failure, Refusals, failures
from ragguard.canary.measured import Measuring
from ragguard.canary.opening import open_
from ragguard.canary.rules import of_canary
from ragguard.data.collection import Collection
from ragguard.data.events.read import EXPECTED, parse, read
from ragguard.data.formats.lines import lines
from ragguard.errors import Problem
from ragguard.plan.canary import CanaryPlan
from ragguard.plan.load import LoadedPlan
from ragguard.plan.source import display
from ragguard.records.event import Arm, Event


@dataclass
class Found:
    """What was found so far."""

    corpus: Corpus
    measuring: Measuring
    refusals: Refusals
    kept: list[Failure]
    problems: list[Problem]
    events: int = 0

    @classmethod
    def of(cls, collection: Collection) -> "Found":
        """Begin with nothing, over a collection. Raises MissingExtra as ``known.signals``."""
        corpus = Corpus(collection)
        return cls(corpus, Measuring(known.signals(SIGNALS), corpus), Refusals(), [], [])

    def see(self, event: Event | Problem) -> None:
        """Look at an event; what is none is skipped."""
        if isinstance(event, Problem):
            self.problems.append(event)
            return
        self.events += 1
        golden = event.case if event.case in self.corpus.collection.queries else ""
        case = self.corpus.case(replace(event, case=golden))
        values: dict[Arm, Mapping[str, float]] = {}
        for arm, response in event.responses.items():
            values[arm] = self.measuring.of(case, replace(response, scores={}))
        self.kept += failures(event, values)
        self.refusals.see(event, values)

    def failures(self) -> list[Failure]:
        """Everything that failed: what an arm did badly on one event is one failure, whatever the reasons."""
        merged: dict[tuple[str, Arm], Failure] = {}
        for each in (*self.kept, *self.refusals.found()):
            first = merged.get((each.event, each.arm))
            merged[each.event, each.arm] = each if first is None else replace(first, why=(*first.why, *each.why))
        return list(merged.values())


@dataclass(frozen=True)
class Kept:
    """Events that are there: how many, where, and the rules that they were kept by."""

    rules: CanaryPlan
    source: str
    count: int
    rows: Iterable[Event | Problem]


def logged(loaded: LoadedPlan, log: Path) -> Kept:
    """The events of a file. Raises InputError where it cannot be read."""
    count = sum(1 for _ in lines(log, EXPECTED))
    return Kept(loaded.plan.canary, display(log), count, read(log))


def kept(loaded: LoadedPlan, history: str) -> Kept:
    """The events of the plan's last roll-out, as the history keeps them. Raises InputError where there was none."""
    opened = open_(loaded, history)
    canary = opened.last()
    where = f"{opened.canaries.place.shown}: canary {canary.id} ({canary.candidate})"
    count = sum(1 for _ in opened.canaries.events(canary.id))
    rows = (parse(each.noted.kept.encode(), f"{where}: event {each.noted.id}") for each in opened.canaries.events(canary.id))
    return Kept(of_canary(canary).plan, where, count, rows)
