"""What one decision reads and writes: all in one transaction, which it holds alone."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, case, func, insert, select, update

from ragguard.history.canary_rows import WAITING, dump, of_look, to_look
from ragguard.history.schema import canaries, canary_clusters, canary_events, canary_looks
from ragguard.records.canary import Canary, Look
from ragguard.records.event import Side

EVENTS, UNITS = canary_events.c, canary_clusters.c
SPLIT: tuple[Side, ...] = ("baseline", "candidate")
CANDIDATES: tuple[Side, ...] = ("candidate", "both")


@dataclass(frozen=True, slots=True)
class Requests:
    """What of the candidate's requests is counted at once: how many, ``failed``, ``unsafe``, and when the ``last`` one was (None: none)."""

    seen: int
    failed: int
    unsafe: int
    last: float | None


class Turn:
    """A roll-out within a decision's transaction; nothing of it is kept unless the whole is."""

    def __init__(self, connection: Connection, canary: Canary, evidence: str) -> None:
        self._connection = connection
        self.canary = canary
        self.evidence: Mapping[str, Any] = json.loads(evidence or "{}")

    def waiting(self, until: float) -> Iterator[Row[Any]]:
        """The events up to a time that are not counted yet: id, side, at, cluster, signals (JSON), entered (when its unit did, or None)."""
        same = (UNITS.canary_id == EVENTS.canary_id, UNITS.side == EVENTS.side, UNITS.cluster == EVENTS.cluster)
        of_unit = canary_events.outerjoin(canary_clusters, and_(*same))
        columns = (EVENTS.id, EVENTS.side, EVENTS.at, EVENTS.cluster, EVENTS.signals, UNITS.at.label("entered"))
        asked = select(*columns).select_from(of_unit).where(*self._ours(), EVENTS.status == WAITING, EVENTS.at <= until)
        return iter(self._connection.execute(asked))

    def ahead(self, until: float) -> int:
        """How many events lie after a time."""
        return self._count(EVENTS.at > until)

    def requests(self, until: float) -> Requests:
        """What is known of the candidate's requests up to a time, whether they are counted or not.

        The last one is of split traffic, where there was any: a log that is replayed is no sign that users still reach the candidate.
        """
        sums = [func.coalesce(func.sum(case((flag, 1), else_=0)), 0) for flag in (EVENTS.failed, EVENTS.unsafe)]
        last_of_users = func.max(case((EVENTS.side == "candidate", EVENTS.at)))
        asked = select(func.count(), *sums, func.coalesce(last_of_users, func.max(EVENTS.at))).where(
            *self._ours(), EVENTS.side.in_(CANDIDATES), EVENTS.at <= until
        )
        seen, failed, unsafe, last = self._connection.execute(asked).one()
        return Requests(seen, int(failed), int(unsafe), last)

    def units(self, since: float, until: float, moving: tuple[float, float]) -> dict[Side, int]:
        """Count each arm's units with an event from ``since`` to ``until``, but for those with one within ``moving``: they may still be
        where they were in the stage before.
        """
        split = (*self._ours(), EVENTS.side.in_(SPLIT))
        straddling = select(EVENTS.cluster).where(*split, EVENTS.at >= moving[0], EVENTS.at < moving[1])
        asked = select(EVENTS.side, func.count(EVENTS.cluster.distinct())).where(*split, EVENTS.at >= since, EVENTS.at <= until)
        rows = self._connection.execute(asked.where(EVENTS.cluster.not_in(straddling)).group_by(EVENTS.side))
        found = {side: count for side, count in rows}  # noqa: C416 - rows are no pairs to a type checker
        return {side: found.get(side, 0) for side in SPLIT}

    def served(self, since: float) -> dict[str, int]:
        """What the candidate's server said it serves (JSON), and how often since a time."""
        asked = select(EVENTS.served, func.count()).where(*self._ours(), EVENTS.side.in_(CANDIDATES), EVENTS.at >= since)
        return {served: count for served, count in self._connection.execute(asked.group_by(EVENTS.served))}  # noqa: C416

    def recent(self, most: int) -> Sequence[Any]:
        """The candidate's last events: side, signals and kept (JSON)."""
        asked = select(EVENTS.side, EVENTS.signals, EVENTS.kept).where(*self._ours(), EVENTS.side.in_(CANDIDATES))
        return self._connection.execute(asked.order_by(EVENTS.at.desc(), EVENTS.side, EVENTS.id).limit(most)).all()

    def statuses(self) -> dict[str, int]:
        """Count the events by side, and by what became of them."""
        found: dict[str, int] = {}
        for column in (EVENTS.side, EVENTS.status):
            rows = self._connection.execute(select(column, func.count()).where(*self._ours()).group_by(column))
            found |= {name: count for name, count in rows}  # noqa: C416
        return found

    def fate(self, status: str, events: Iterable[tuple[Side, str]]) -> None:
        """Say what became of events."""
        where = (*self._ours(), EVENTS.side == bindparam("of_side"), EVENTS.id == bindparam("of_id"))
        rows = [{"of_side": side, "of_id": id_} for side, id_ in events]
        if rows:
            self._connection.execute(update(canary_events).where(*where).values(status=status), rows)

    def enter(self, units: Iterable[tuple[Side, str, float]]) -> None:
        """Note units that entered, with the time of their first events; that one entered twice is an error of the database."""
        rows = [{"canary_id": self.canary.id, "side": side, "cluster": cluster, "at": at} for side, cluster, at in units]
        if rows:
            self._connection.execute(insert(canary_clusters), rows)

    def last(self) -> Look | None:
        """The look before this one."""
        asked = (
            select(canary_looks.c.look).where(canary_looks.c.canary_id == self.canary.id).order_by(canary_looks.c.number.desc()).limit(1)
        )
        found = self._connection.execute(asked).scalar()
        return None if found is None else to_look(found)

    def keep(self, canary: Canary, evidence: Mapping[str, Any], look: Look) -> None:
        """Keep what was decided: where the roll-out is now, its evidence, and the look."""
        values = {"stage": canary.stage, "since": canary.since, "state": canary.state, "evidence": dump(evidence)}
        self._connection.execute(update(canaries).where(canaries.c.id == canary.id).values(**values))
        self._append(look)
        self.canary = canary

    def _append(self, look: Look) -> None:
        """Append a look, or put it in the place of the last one where nothing is new but the time."""
        ours = canary_looks.c.canary_id == self.canary.id
        number = self._connection.execute(select(func.max(canary_looks.c.number)).where(ours)).scalar()
        last = self.last()
        if number is not None and last is not None and not last.moved and asdict(replace(last, at=look.at)) == asdict(look):
            self._connection.execute(update(canary_looks).where(ours, canary_looks.c.number == number).values(look=of_look(look)))
            return
        self._connection.execute(insert(canary_looks).values(canary_id=self.canary.id, number=(number or 0) + 1, look=of_look(look)))

    def _ours(self) -> Sequence[ColumnElement[bool]]:
        return (EVENTS.canary_id == self.canary.id,)

    def _count(self, *where: ColumnElement[bool]) -> int:
        return int(self._connection.execute(select(func.count()).select_from(canary_events).where(*self._ours(), *where)).scalar() or 0)
