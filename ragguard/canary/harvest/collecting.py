"""Finds what failed, in a roll-out's history or in a file of events, and writes proposals of it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ragguard import gate, preflight
from ragguard.canary import known
from ragguard.canary.corpus import Corpus
from ragguard.canary.harvest.documents import Library
from ragguard.canary.harvest.failing import SIGNALS, Failure, Refusals, failures
from ragguard.canary.harvest.grouping import Known
from ragguard.canary.harvest.likeness import Likeness
from ragguard.canary.harvest.proposal import to_lines
from ragguard.canary.harvest.proposing import propose
from ragguard.canary.measured import Measuring
from ragguard.canary.opening import open_
from ragguard.canary.redaction import WITHHELD, redactor
from ragguard.canary.replay import collection_of
from ragguard.canary.rules import of_canary
from ragguard.data.collection import Collection
from ragguard.data.events.read import parse, read
from ragguard.data.quadruplets import load_quadruplets
from ragguard.errors import InputError, Problem, RagguardError
from ragguard.plan import load as plans
from ragguard.plan.canary import CanaryPlan
from ragguard.plan.load import LoadedPlan
from ragguard.plan.parts import retrievers, systems
from ragguard.plan.retrievers import DenseRetriever
from ragguard.plan.source import display
from ragguard.records.event import Arm, Event
from ragguard.store import write_atomically
from ragguard.suites.resolve import Resolved
from ragguard.systems.hybrid import embedding_part
from ragguard.systems.protocols import Progress
from ragguard.systems.silent import Silent
from ragguard.train.arms import prepare, system_of
from ragguard.train.workshop import Workshop

TRAIN, SEED = 0.3, 7

MOST_TOLD = 20
"""Problems of a file that holds no event at all that are told one by one."""


@dataclass(frozen=True)
class Harvested:
    """What was found where: ``events`` were looked at, ``failures`` found in them by reason, and ``proposals`` written to ``file``.

    ``golden`` and ``trained`` count the questions that are golden or trained on already, ``wordless`` the failures of which no text is
    kept. ``likeness`` is the cosine from which on questions were put into one intent (None: embeddings were not asked; ``notes`` say why).
    """

    source: str
    file: str
    events: int
    failures: Mapping[str, int]
    proposals: int
    train: int
    intents: int
    golden: int
    trained: int
    wordless: int
    skipped: tuple[str, ...] = ()
    likeness: float | None = None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The same as data."""
        return asdict(self)


def harvest(
    plan: Path,
    out: Path,
    *,
    log: Path | None = None,
    history: str = "",
    train: float = TRAIN,
    seed: int = SEED,
    allow_code: bool = False,
    progress: Progress | None = None,
    store: Path | None = None,
) -> Harvested:
    """Write proposals of what failed in the plan's last roll-out, or in the events of a ``log``; nothing that exists is overwritten.

    ``train`` is the share of intents that are proposed as training rows (``propose``).

    Raises:
        InputError: the plan or the log is wrong, there was no roll-out, or ``out`` exists.
    """
    if out.exists():
        raise InputError(Problem(display(out), "exists, and may hold decisions", "name another with --out"))
    if not 0 <= train <= 1:
        raise InputError(Problem("--train", f"{train} is no share", "write a number from 0 to 1"))
    loaded = plans.load(plan)
    resolved = preflight.load(loaded, allow_code=allow_code)
    collection = collection_of(resolved)
    found = _Found.of(collection)
    rules, source, rows = (loaded.plan.canary, display(log), read(log)) if log is not None else _kept(loaded, history)
    for each in rows:
        found.see(each)
    if log is not None and not found.events:
        raise InputError(found.problems[:MOST_TOLD] or [Problem(display(log), "holds no event", "expected events, as docs/events.md says")])
    redact = redactor(rules.redact)
    every = [replace(each, query=redact(each.query), answer=redact(each.answer)) for each in found.failures()]
    spoken = [each for each in every if each.query.strip() not in ("", WITHHELD)]
    questions = _known(resolved)
    workshop = gate.open_workshop(resolved, store, progress or Silent(), allow_code)
    likeness, notes = _likeness(workshop, {each.text: each.intent for each in questions if each.source == "golden"})
    made = propose(spoken, questions, Library(collection), likeness, train=train, seed=seed)
    write_atomically(out, to_lines(made.proposals))
    return Harvested(
        source=source,
        file=display(out),
        events=found.events,
        failures=dict(Counter(reason for each in every for reason in each.why).most_common()),
        proposals=len(made.proposals),
        train=sum(each.use == "train" for each in made.proposals),
        intents=len({each.intent for each in made.proposals}),
        golden=len(made.asked["golden"]),
        trained=len(made.asked["train"]),
        wordless=len(every) - len(spoken),
        skipped=tuple(map(str, found.problems)),
        likeness=round(likeness.threshold, 4) if likeness is not None and likeness.threshold <= 1 else None,
        notes=notes,
    )


@dataclass
class _Found:
    """What was found so far."""

    corpus: Corpus
    measuring: Measuring
    refusals: Refusals
    kept: list[Failure]
    problems: list[Problem]
    events: int = 0

    @classmethod
    def of(cls, collection: Collection) -> "_Found":
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


def _kept(loaded: LoadedPlan, history: str) -> tuple[CanaryPlan, str, Iterator[Event | Problem]]:
    """The events of the plan's last roll-out, as the history keeps them, and the rules that it kept to."""
    opened = open_(loaded, history)
    canary = opened.last()
    where = f"{opened.canaries.place.shown}: canary {canary.id} ({canary.candidate})"
    rows = (parse(each.noted.kept.encode(), f"{where}: event {each.noted.id}") for each in opened.canaries.events(canary.id))
    return of_canary(canary).plan, where, rows


def _known(resolved: Resolved) -> list[Known]:
    """Every question that a suite of the plan asks, and every one that a system of it is trained on."""
    intents = {query.text: query.intent for collection in resolved.collections for query in collection.queries.values()}
    found = [Known(text, intents.get(text, name), "golden", name) for name, text in resolved.golden.items()]
    for path in _trained_on(resolved.loaded):
        rows = load_quadruplets(path) if path.is_file() else []
        found += [Known(row.query, row.intent, "train", f"{display(path)} ({row.intent})") for row in rows]
    return found


def _trained_on(loaded: LoadedPlan) -> Iterable[Path]:
    """The files of training rows that the systems of a plan name."""
    names = []
    for _, system in systems(loaded.plan):
        stages = (system.reranker, system.generator, *(part for _, part in retrievers(system)))
        recipes = (getattr(stage, key, None) for stage in stages for key in ("train", "calibrate"))
        names += [recipe.data for recipe in recipes if recipe is not None]
    return [loaded.folder / Path(name).expanduser() for name in dict.fromkeys(names)]


def _likeness(workshop: Workshop, golden: Mapping[str, str]) -> tuple[Likeness | None, tuple[str, ...]]:
    """What compares questions by meaning, if the baseline has an encoder and it is here; else why not."""
    try:
        system = system_of(workshop.loaded, "baseline")
        if not any(isinstance(part, DenseRetriever) for _, part in retrievers(system)):
            return None, ("the baseline has no encoder: questions were compared by their letters alone",)
        embeds = embedding_part(prepare(workshop, "baseline").retriever)
        if embeds is None:
            return None, ("the baseline has several encoders: questions were compared by their letters alone",)
        found = Likeness(embeds, workshop.store, workshop.progress, golden)
    except RagguardError as error:
        return None, (f"the baseline's encoder could not be asked, so questions were compared by their letters alone: {error}",)
    few = () if found.threshold <= 1 else ("too few golden queries to tell how near questions of one intent are",)
    return found, few
