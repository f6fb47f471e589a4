"""The tables of the history. A change here goes with a migration in ``migrations/versions``; a test compares the two."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, Text, UniqueConstraint, text

PREFIX = "ragguard_"
VERSIONS = f"{PREFIX}history_version"
"""Alembic's table, named so that it stands in nobody's way in a database that is shared."""

metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_name)s"})


def _table(name: str, *columns: Column[str] | Column[int] | Column[float] | Column[bool]) -> Table:
    """A table of rows that belong to a night, in their order (``place``)."""
    night = Column("night_id", Integer, ForeignKey(f"{PREFIX}nights.id", ondelete="CASCADE"), primary_key=True)
    return Table(f"{PREFIX}{name}", metadata, night, Column("place", Integer, primary_key=True), *columns)


def _text(name: str) -> "Column[str]":
    return Column(name, Text, nullable=False, default="")


def _number(name: str) -> "Column[float]":
    return Column(name, Float(53), nullable=True)


def _count(name: str) -> "Column[int]":
    return Column(name, Integer, nullable=False, default=0)


def _flag(name: str) -> "Column[bool]":
    return Column(name, Boolean, nullable=False, default=False)


nights = Table(
    f"{PREFIX}nights",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("plan", String(200), nullable=False),
    Column("day", String(10), nullable=False),
    Column("run", String(64), nullable=False),
    Column("started", String(40), nullable=False),
    Column("answer", String(10), nullable=False),
    _count("exit_code"), _text("question"), _text("ragguard"), _count("definitions"), _text("message"), _text("note"), _count("attempts"),
    Column("accepted", Text, nullable=True),
    UniqueConstraint("plan", "day", "run", name=f"uq_{PREFIX}nights"),
)  # fmt: skip
Index(f"ix_{PREFIX}nights_plan", nights.c.plan, nights.c.day)

arms = _table("arms", _text("name"), _text("role"), _text("fingerprint"))
suites = _table(
    "suites", _text("name"), _text("fingerprint"), _text("collection"), _text("collection_fingerprint"), _count("cases"), _count("intents")
)
judges = _table("judges", _text("name"), _text("model"), _text("fingerprint"), _text("metrics"))
measures = _table(
    "measures", _text("suite"), _text("metric"), _text("slice"), _text("arm"), _number("mean"), _number("lower"), _number("upper"),
    _count("scored"), _count("unscored"), _count("not_applicable"), _text("unit"), _flag("main"),
)  # fmt: skip
checks = _table(
    "checks", _text("candidate"), _text("against"), _text("suite"), _text("metric"), _text("slice"), _text("tier"), _number("margin"),
    _text("outcome"), _flag("degraded"), _flag("higher_is_better"), _number("width"), _number("baseline_mean"), _number("candidate_mean"),
    _number("difference"), _number("lower"), _number("upper"), _number("alpha"), _count("cases"), _count("intents"), _count("unscored"),
)  # fmt: skip
decisions = _table("decisions", _text("candidate"), _text("answer"), _text("reasons"))
costs = _table("costs", _text("arm"), _text("stage"), _text("figure"), _number("value"))


def _of_canary() -> "Column[int]":
    return Column("canary_id", Integer, ForeignKey(f"{PREFIX}canaries.id", ondelete="CASCADE"), primary_key=True)


def _time(name: str) -> "Column[float]":
    """Seconds since 1970 (UTC)."""
    return Column(name, Float(53), nullable=False)


canaries = Table(
    f"{PREFIX}canaries",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("plan", String(200), nullable=False),
    _text("candidate"), _text("run"), _text("decision"), _text("fingerprint"), _text("baseline"), _time("started"), _time("since"),
    _count("stage"),
    Column("state", String(20), nullable=False),
    _flag("forced"), _text("reason"), _text("rules"), _text("expected"), _text("evidence"),
)  # fmt: skip
_RUNNING = text("state = 'running'")
Index(f"uq_{PREFIX}canaries_running", canaries.c.plan, unique=True, sqlite_where=_RUNNING, postgresql_where=_RUNNING)

canary_events = Table(
    f"{PREFIX}canary_events",
    metadata,
    _of_canary(),
    Column("side", String(10), primary_key=True),
    Column("id", String(512), primary_key=True),
    _time("at"),
    Column("cluster", String(512), nullable=False),
    Column("status", String(10), nullable=False),
    _flag("failed"), _flag("unsafe"), _text("served"), _text("signals"), _text("kept"),
)  # fmt: skip
Index(f"ix_{PREFIX}canary_events_status", canary_events.c.canary_id, canary_events.c.status, canary_events.c.at)
Index(f"ix_{PREFIX}canary_events_at", canary_events.c.canary_id, canary_events.c.at)

canary_clusters = Table(
    f"{PREFIX}canary_clusters",
    metadata,
    _of_canary(),
    Column("side", String(10), primary_key=True),
    Column("cluster", String(512), primary_key=True),
    _time("at"),
)
canary_looks = Table(f"{PREFIX}canary_looks", metadata, _of_canary(), Column("number", Integer, primary_key=True), _text("look"))
