"""Takes events of production into a roll-out: each is noted (scored, redacted) and stored, once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from ragguard.canary.opening import open_
from ragguard.canary.rules import of_canary
from ragguard.canary.signals import Noter
from ragguard.errors import InputError, Problem
from ragguard.history.canaries import Ended
from ragguard.plan.canary import CanaryPlan
from ragguard.plan.load import LoadedPlan
from ragguard.records.canary import Canary, Told
from ragguard.records.event import Event, Noted

BATCH = 500
"""Events that are stored in one transaction."""

MOST_REFUSED = 100
"""Reasons that are told one by one."""

Note = Callable[[Event], Noted]
"""What scores and redacts an event; InputError where it cannot be scored."""


def _noter(loaded: LoadedPlan, rules: CanaryPlan) -> Note:
    return Noter.of(loaded, rules).note


class Observer:
    """Takes events for as long as it lives: plan and history are opened once, and what notes events is made once a roll-out.

    ``noting`` makes that, from the plan and the rules that the roll-out keeps to. One thread at a time.

    Raises:
        InputError: the plan is wrong, or no roll-out of it is running.
        CannotJudge: the history cannot be reached.
    """

    def __init__(self, plan: Path | LoadedPlan, history: str = "", *, noting: Callable[[LoadedPlan, CanaryPlan], Note] = _noter) -> None:
        self.opened = open_(plan, history)
        self._noting = noting
        self._sit(self.opened.running())

    def note(self, event: Event) -> Noted:
        """Score and redact an event, and store nothing. Raises InputError where it cannot be scored."""
        return _sound(self._note(event))

    def store(self, noted: Sequence[Noted]) -> Told:
        """Store events in one transaction: when this returns, they count, each once, whatever happens then.

        Raises:
            Ended: the roll-out has ended. Where another one runs by then, the next events are noted for that.
            CannotJudge: the history cannot be written; nothing of these events was stored.
        """
        try:
            return self.opened.canaries.accept(self.canary.id, noted)
        except Ended:
            now = self.opened.canaries.running(self.opened.name)
            if now is not None and now.id != self.canary.id:
                self._sit(now)
            raise

    def take(self, events: Sequence[Event]) -> Told:
        """Note and store events in one transaction; those that cannot be scored are refused with a reason. Raises as ``store``.

        Where the roll-out has ended and another one runs, they are that one's events.
        """
        before = self.canary.id
        try:
            return self._take(events)
        except Ended:
            if self.canary.id == before:
                raise
            return self._take(events)

    def _take(self, events: Sequence[Event]) -> Told:
        noted, refused = [], []
        for event in events:
            try:
                noted.append(self.note(event))
            except InputError as error:
                refused.append(str(error))
        told = self.store(noted)
        return Told(told.new, told.duplicates, tuple(refused))

    def _sit(self, canary: Canary) -> None:
        self.canary = canary
        self._note = self._noting(self.opened.loaded, of_canary(canary).plan)


def _sound(noted: Noted) -> Noted:
    """Refuse what no evidence can be made of: one such event, once stored, would stand in the way of every decision."""
    low = -1.0 if noted.side == "both" else 0.0
    for name, value in noted.values.items():
        if not low <= value <= 1:
            raise InputError(Problem(f"event {noted.id}", f"{name} is {value}, outside of {low:g} to 1", "mend what sends it"))
    return noted


def observe(observer: Observer, lines: Iterable[Event | Problem], size: int = BATCH) -> Iterator[Told]:
    """Take what was read, batch by batch; yield what became of each. What is no event is refused with its reason, and the rest goes on."""
    left = iter(lines)
    while batch := list(islice(left, size)):
        told = observer.take([each for each in batch if isinstance(each, Event)])
        torn = tuple(str(each) for each in batch if isinstance(each, Problem))
        yield Told(told.new, told.duplicates, (*torn, *told.refused))


def together(parts: Iterable[Told]) -> tuple[Told, int]:
    """What became of all of them, with the first hundred reasons; and how many were refused."""
    new = duplicates = count = 0
    refused: list[str] = []
    for part in parts:
        new, duplicates, count = new + part.new, duplicates + part.duplicates, count + len(part.refused)
        refused += part.refused[: MOST_REFUSED - len(refused)]
    more = (f"and {count - MOST_REFUSED:,} more",) if count > MOST_REFUSED else ()
    return Told(new, duplicates, (*refused, *more)), count
