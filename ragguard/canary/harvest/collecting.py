"""Finds what failed, in a roll-out's history or in a file of events, and writes proposals of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ragguard import gate, preflight
from ragguard.canary.harvest import before
from ragguard.canary.harvest.documents import Library
from ragguard.canary.harvest.finding import Found, kept, logged
from ragguard.canary.harvest.proposal import to_lines
from ragguard.canary.harvest.proposing import propose
from ragguard.canary.redaction import WITHHELD, redactor
from ragguard.canary.replay import collection_of
from ragguard.errors import InputError, Problem
from ragguard.plan import load as plans
from ragguard.plan.source import display
from ragguard.store import write_atomically
from ragguard.systems.protocols import Progress
from ragguard.systems.silent import Silent

TRAIN, SEED, MOST = 0.3, 7, 500

MOST_TOLD = 20
"""Problems of a file that holds no event at all that are told one by one."""


@dataclass(frozen=True)
class Harvested:
    """What was found where: ``events`` were looked at, ``failures`` found in them by reason, and ``proposals`` written to ``file``.

    ``golden`` and ``trained`` count the questions that are golden or trained on already, ``wordless`` the failures of which no text is
    kept, and ``more`` the questions that were too many. ``likeness`` is the cosine from which on questions were put into one intent (None:
    embeddings were not asked; ``notes`` say why).
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
    more: int = 0
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
    most: int = MOST,
    allow_code: bool = False,
    progress: Progress | None = None,
    store: Path | None = None,
) -> Harvested:
    """Write proposals of what failed in the plan's last roll-out, or in the events of a ``log``; nothing that exists is overwritten.

    ``train`` is the share of intents that are proposed as training rows, and ``most`` how many proposals are made (``propose``).

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
    found = Found.of(collection)
    shown = progress or Silent()
    source = logged(loaded, log) if log is not None else kept(loaded, history)
    shown.start("look at events", source.count)
    for each in source.rows:
        found.see(each)
        shown.advance(1)
    if log is not None and not found.events:
        raise InputError(found.problems[:MOST_TOLD] or [Problem(display(log), "holds no event", "expected events, as docs/events.md says")])
    redact = redactor(source.rules.redact)
    every = [replace(each, query=redact(each.query), answer=redact(each.answer)) for each in found.failures()]
    spoken = [each for each in every if each.query.strip() not in ("", WITHHELD)]
    questions = before.questions(resolved)
    workshop = gate.open_workshop(resolved, store, shown, allow_code)
    likeness, notes = before.likeness(workshop, {each.text: each.intent for each in questions if each.source == "golden"})
    made = propose(spoken, questions, Library(collection), likeness, train=train, seed=seed, most=most)
    write_atomically(out, to_lines(made.proposals))
    return Harvested(
        source=source.source,
        file=display(out),
        events=found.events,
        failures=dict(Counter(reason for each in every for reason in each.why).most_common()),
        proposals=len(made.proposals),
        train=sum(each.use == "train" for each in made.proposals),
        intents=len({each.intent for each in made.proposals}),
        golden=len(made.asked["golden"]),
        trained=len(made.asked["train"]),
        wordless=len(every) - len(spoken),
        more=made.more,
        skipped=tuple(map(str, found.problems)),
        likeness=round(likeness.threshold, 4) if likeness is not None and likeness.threshold <= 1 else None,
        notes=notes,
    )
