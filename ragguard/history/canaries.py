"""Keeps roll-outs: one that runs of each plan, its events once each, its evidence and its looks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from ragguard.errors import InputError, Problem
from ragguard.history.canary_rows import Stored, of_canary, of_noted, to_canary, to_look, to_stored
from ragguard.history.database import Database
from ragguard.history.place import Place
from ragguard.history.schema import canaries, canary_events, canary_looks
from ragguard.history.turn import Turn
from ragguard.records.canary import Canary, Look, Told
from ragguard.records.event import Noted

PAGE = 1_000
"""Events that are read at a time."""


class Ended(InputError):  # noqa: N818 - named after what happened
    """The roll-out runs no more: it takes no events, and nothing is to be decided."""


class Canaries:
    """The roll-outs of a history.

    ``create`` makes one where there is none. Raises as ``Database.open``.
    """

    def __init__(self, place: Place, *, create: bool = True) -> None:
        self.place = place
        self._database = Database(place)
        self._database.open(create=create)

    def begin(self, canary: Canary) -> Canary:
        """Keep a roll-out that begins, and return it with its number.

        Raises:
            InputError: another one of the plan is running.
        """
        with self._database.writing() as connection:
            running = _last(connection, canary.plan, canaries.c.state == "running")
            if running is not None:
                what = f"a canary of {canary.plan!r} is running: {running.candidate!r} (number {running.id}), at stage {running.stage + 1}"
                raise InputError(Problem(self.place.shown, what, "wait until it ends, or end it with: ragguard canary abort --reason TEXT"))
            made = connection.execute(insert(canaries).values(**of_canary(canary), evidence="{}"))
            assert made.inserted_primary_key is not None
            return replace(canary, id=made.inserted_primary_key[0])

    def running(self, plan: str) -> Canary | None:
        """The roll-out of a plan that is running."""
        with self._database.reading() as connection:
            return _last(connection, plan, canaries.c.state == "running")

    def last(self, plan: str) -> Canary | None:
        """The last roll-out of a plan, running or not."""
        with self._database.reading() as connection:
            return _last(connection, plan)

    def accept(self, canary: int, events: Sequence[Noted]) -> Told:
        """Store events, each once: what is there already (by its id and side) is left as it is. All or none of them are stored.

        Raises:
            Ended: the roll-out is not running any more.
        """
        rows = {(row["side"], row["id"]): row for row in (of_noted(canary, each) for each in events)}
        with self._database.writing() as connection:
            self._running(connection, canary)
            new = connection.execute(_once(connection, canary_events), list(rows.values())).rowcount if rows else 0
        return Told(new, len(events) - new)

    @contextmanager
    def deciding(self, canary: int) -> Iterator[Turn]:
        """One decision, in a transaction of its own that no other writer shares; an error in it leaves everything as it was.

        Raises:
            Ended: the roll-out is not running any more.
        """
        with self._database.writing() as connection:
            row = self._running(connection, canary)
            yield Turn(connection, to_canary(row), row["evidence"])

    def end(self, canary: int, reason: str, now: float) -> Canary:
        """End a roll-out by hand, for a reason that is kept.

        Raises:
            Ended: it is not running any more.
        """
        with self.deciding(canary) as turn:
            ended = replace(turn.canary, state="aborted")
            turn.keep(ended, turn.evidence, Look(now, "abort", ended.stage, (reason,), moved=True))
            return ended

    def looks(self, canary: int) -> tuple[Look, ...]:
        """What was decided, oldest first."""
        table = canary_looks.c
        with self._database.reading() as connection:
            asked = select(table.look).where(table.canary_id == canary).order_by(table.number)
            return tuple(to_look(text) for text in connection.execute(asked).scalars())

    def look(self, canary: int) -> Look | None:
        """The last of them."""
        table = canary_looks.c
        with self._database.reading() as connection:
            asked = select(table.look).where(table.canary_id == canary).order_by(table.number.desc()).limit(1)
            text = connection.execute(asked).scalar()
        return None if text is None else to_look(text)

    def count_looks(self, canary: int) -> int:
        """How many looks there were."""
        with self._database.reading() as connection:
            asked = select(func.count()).select_from(canary_looks).where(canary_looks.c.canary_id == canary)
            return int(connection.execute(asked).scalar_one())

    def evidence(self, canary: int) -> str:
        """The evidence as it is kept (JSON)."""
        with self._database.reading() as connection:
            return str(connection.execute(select(canaries.c.evidence).where(canaries.c.id == canary)).scalar_one())

    def events(self, canary: int, *, status: str | None = None) -> Iterator[Stored]:
        """Yield the stored events, by side and id; ``status`` only those of one."""
        table, last = canary_events.c, ("", "")
        asked = select(canary_events).where(table.canary_id == canary).order_by(table.side, table.id).limit(PAGE)
        asked = asked if status is None else asked.where(table.status == status)
        while True:
            later = (table.side > last[0]) | ((table.side == last[0]) & (table.id > last[1]))
            with self._database.reading() as connection:
                rows = connection.execute(asked.where(later)).mappings().all()
            yield from map(to_stored, rows)
            if len(rows) < PAGE:
                return
            last = (rows[-1]["side"], rows[-1]["id"])

    def _running(self, connection: Connection, canary: int) -> Any:
        row = connection.execute(select(canaries).where(canaries.c.id == canary)).mappings().one_or_none()
        if row is None:
            raise InputError(Problem(self.place.shown, f"has no canary with the number {canary}"))
        if row["state"] != "running":
            what = f"the canary of {row['candidate']!r} (number {canary}) is {row['state']}"
            raise Ended(Problem(self.place.shown, what, "begin another with: ragguard canary start"))
        return row


def _last(connection: Connection, plan: str, *where: Any) -> Canary | None:
    asked = select(canaries).where(canaries.c.plan == plan, *where).order_by(canaries.c.id.desc()).limit(1)
    row = connection.execute(asked).mappings().one_or_none()
    return None if row is None else to_canary(row)


def _once(connection: Connection, table: Table) -> Any:
    """An insert that leaves out what is there."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
