"""Appends nights to a history, and reads them."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from sqlalchemy import Connection, Select, Table, delete, func, insert, select

from ragguard.errors import InputError, Problem, suggest
from ragguard.history import schema
from ragguard.history.database import Database
from ragguard.history.place import Place
from ragguard.history.texts import clean
from ragguard.records.night import Accepted, ArmNight, Checked, Cost, Decided, JudgeNight, Measured, Night, SuiteNight

PARTS: Mapping[str, tuple[Table, Any]] = {
    "arms": (schema.arms, ArmNight),
    "suites": (schema.suites, SuiteNight),
    "judges": (schema.judges, JudgeNight),
    "measures": (schema.measures, Measured),
    "checks": (schema.checks, Checked),
    "decisions": (schema.decisions, Decided),
    "costs": (schema.costs, Cost),
}
"""The tables of a night's parts, and their records."""

LISTS = ("metrics", "reasons")
"""Columns that hold a list, as JSON."""

HEAD = tuple(field.name for field in fields(Night) if field.name not in (*PARTS, "name", "accepted"))


class Nights:
    """The nights of a history.

    ``create`` makes one where there is none. Raises as ``Database.open``.
    """

    def __init__(self, place: Place, *, create: bool = True) -> None:
        self.place = place
        self._database = Database(place)
        self._database.open(create=create)

    def append(self, night: Night) -> None:
        """Keep a night, whole or not at all.

        The same run of the same plan on the same day is one night: what began last stays, and attempts are counted. A night that could
        not be judged gives way to one of the same day that was.
        """
        with self._database.writing() as connection:
            same = [schema.nights.c.plan == night.plan, schema.nights.c.day == night.day]
            runs = ("",) if night.message else ("", night.run)
            rows = connection.execute(select(schema.nights).where(*same, schema.nights.c.run.in_(runs)).order_by(schema.nights.c.id))
            known = list(rows.mappings())
            if any(row["started"] == night.started and row["run"] == night.run for row in known):
                return
            attempts = night.attempts + sum(row["attempts"] for row in known)
            newer = next((row for row in known if row["run"] == night.run and row["started"] > night.started), None)
            if newer is not None:
                connection.execute(schema.nights.update().where(schema.nights.c.id == newer["id"]).values(attempts=newer["attempts"] + 1))
                return
            connection.execute(delete(schema.nights).where(schema.nights.c.id.in_([row["id"] for row in known])))
            _insert(connection, replace(night, attempts=attempts))

    def read(self, plan: str, *, last: int | None = None, whole: bool = False) -> tuple[Night, ...]:
        """Return a plan's nights, oldest first; ``last`` of them, with ``whole`` also the means of every slice."""
        table = schema.nights
        with self._database.reading() as connection:
            order = (table.c.day, table.c.started, table.c.id)
            rows = connection.execute(select(table).where(table.c.plan == plan).order_by(*order)).mappings().all()
            names, chosen = _names([row["day"] for row in rows]), slice(-last if last else 0, None)
            ids = [row["id"] for row in rows[chosen]]
            parts = {name: _part(connection, name, ids, whole=whole) for name in PARTS} if ids else {}
        own = ({name: found.get(row["id"], ()) for name, found in parts.items()} for row in rows[chosen])
        return tuple(_night(*each) for each in zip(rows[chosen], names[chosen], own, strict=True))

    def plans(self) -> dict[str, int]:
        """Return the plans that the history holds, with the number of their nights."""
        table = schema.nights
        with self._database.reading() as connection:
            rows = connection.execute(select(table.c.plan, func.count()).group_by(table.c.plan).order_by(table.c.plan))
            return {plan: count for plan, count in rows}  # noqa: C416 - rows are no pairs to a type checker


def find(nights: Sequence[Night], name: str) -> Night:
    """Return a night by its name: a day, a day with ``.2`` behind it, or ``last``.

    Raises:
        InputError: there is none.
    """
    if name == "last" and nights:
        return nights[-1]
    for night in nights:
        if night.name == name:
            return night
    raise InputError(Problem(name, "is no night of this history", suggest(name, [night.name for night in nights[-30:]])))


def _insert(connection: Connection, night: Night) -> None:
    head = {name: _stored(name, getattr(night, name)) for name in HEAD}
    accepted = _stored("", json.dumps(asdict(night.accepted))) if night.accepted is not None else None
    made = connection.execute(insert(schema.nights).values(**head, accepted=accepted))
    assert made.inserted_primary_key is not None
    for name, (table, _) in PARTS.items():
        rows = [_row(made.inserted_primary_key[0], place, each) for place, each in enumerate(getattr(night, name))]
        if rows:
            connection.execute(insert(table), rows)


def _row(night: int, place: int, part: Any) -> dict[str, Any]:
    values = {field.name: getattr(part, field.name) for field in fields(part)}
    return {"night_id": night, "place": place, **{key: _stored(key, value) for key, value in values.items()}}


def _stored(key: str, value: Any) -> Any:
    """A value as a database takes it: texts without what UTF-8 or PostgreSQL cannot carry, which messages of strangers may hold."""
    told = json.dumps(value, ensure_ascii=False) if key in LISTS else value
    return clean(told) if isinstance(told, str) else told


def _part(connection: Connection, name: str, ids: Sequence[int], *, whole: bool) -> dict[int, tuple[Any, ...]]:
    """One kind of part of all nights."""
    table, record = PARTS[name]
    asked: Select[Any] = select(table).where(table.c.night_id.in_(ids)).order_by(table.c.night_id, table.c.place)
    if name == "measures" and not whole:
        asked = asked.where(table.c.main)
    found: dict[int, list[Any]] = {}
    for row in connection.execute(asked).mappings():
        values = {field.name: row[field.name] for field in fields(record)}
        made = record(**{key: tuple(json.loads(value)) if key in LISTS else value for key, value in values.items()})
        found.setdefault(row["night_id"], []).append(made)
    return {id_: tuple(parts) for id_, parts in found.items()}


def _night(row: Mapping[Any, Any], name: str, parts: Mapping[str, tuple[Any, ...]]) -> Night:
    accepted = Accepted(**json.loads(row["accepted"])) if row["accepted"] else None
    values: dict[str, Any] = {key: row[key] for key in HEAD} | dict(parts)
    return Night(**values, name=name, accepted=accepted)


def _names(days: Sequence[str]) -> list[str]:
    """What nights are called: their day, and which of the day where there are several."""
    seen: Counter[str] = Counter()
    names = []
    for day in days:
        seen[day] += 1
        names.append(day if seen[day] == 1 else f"{day}.{seen[day]}")
    return names
