"""The judge of a plan's roll-outs, as the service asks it: the history, and the one that runs."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from ragguard.canary.deciding import decide_on
from ragguard.canary.observing import Observer
from ragguard.canary.opening import Opened, open_
from ragguard.canary.standing import of
from ragguard.data.events.read import of_values, parse
from ragguard.history.canaries import Ended
from ragguard.history.database import Database
from ragguard.history.schema import canaries
from ragguard.records.canary import Standing, Told
from ragguard.records.event import Noted


class PlanSeat:
    """A roll-out that takes events, and what notes them under its rules."""

    def __init__(self, opened: Opened, history: str) -> None:
        self._observer = Observer(opened.loaded, history)
        self.number = self._observer.canary.id

    def note(self, sent: Any, where: str) -> Noted:
        """As the protocol says."""
        return self._observer.note(parse(sent, where) if isinstance(sent, bytes) else of_values(sent, where))


class PlanJudge:
    """The roll-outs of a plan, one after the other. What it raises, and which thread may call what, the protocol says (``Judge``)."""

    def __init__(self, opened: Opened, history: str = "") -> None:
        self._opened, self._history = opened, history
        self._database = Database(opened.canaries.place)
        self._seat: PlanSeat | None = None

    def seat(self) -> PlanSeat:
        """As the protocol says; made once a roll-out."""
        seat = self._seat
        if seat is None:
            seat = self._seat = PlanSeat(self._opened, self._history)
        return seat

    def store(self, canary: int, noted: Sequence[Noted]) -> Told:
        """As the protocol says. Events that were scored under the rules of one roll-out are never another's."""
        try:
            return self._opened.canaries.accept(canary, noted)
        except Ended:
            seat = self._seat
            if seat is not None and seat.number == canary:
                self._seat = None
            raise

    def decide(self) -> Standing | None:
        """As the protocol says."""
        running = self._opened.canaries.running(self._opened.name)
        if running is None:
            return self.standing()
        return of(self._opened, *decide_on(self._opened.canaries, running, time.time()))

    def standing(self) -> Standing | None:
        """As the protocol says."""
        last = self._opened.canaries.last(self._opened.name)
        return None if last is None else of(self._opened, last, self._opened.canaries.look(last.id))

    def check(self) -> None:
        """As the protocol says."""
        with self._database.writing() as connection:
            connection.execute(select(canaries.c.id).limit(1))


def open_judge(plan: Path, history: str = "") -> PlanJudge:
    """Open a plan and its history; where a roll-out runs, also what notes its events, so that what is missing shows at once.

    Raises:
        InputError: the plan, its collection or its guardrails are wrong.
        MissingExtra: a package that computes a signal, or redacts, is not installed.
        CannotJudge: the history cannot be used.
    """
    judge = PlanJudge(open_(plan, history, create=True), history)
    standing = judge.standing()
    if standing is not None and standing.canary.state == "running":
        judge.seat()
    return judge
