"""Opens a history: makes what is not there, migrates what is older, refuses what is newer. One writer at a time, others wait."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from ragguard.errors import CannotJudge, InputError, Problem, RagguardError
from ragguard.history.place import Place
from ragguard.history.schema import VERSIONS

MIGRATIONS = Path(__file__).with_name("migrations")
WAIT = 60
"""Seconds that a writer waits for another."""

_WRITES = "ragguard_writes"
_LOCK = 0x7261_6767
"""The advisory lock of PostgreSQL that a writer holds until its transaction ends."""

_NOT_A_DATABASE = ("file is not a database", "malformed")


class Database:
    """A history that is open: its tables are those of this version."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._engine = _engine(place)

    def open(self, *, create: bool) -> None:
        """Bring the tables to this version, however many do so at a time; ``create``: also where there is nothing yet.

        Raises:
            InputError: there is nothing and it is not to be made, it was made by a newer ragguard, or it is no database.
            CannotJudge: it cannot be reached or written.
        """
        if self.place.path is not None:
            if not create and not self.place.path.exists():
                raise InputError(Problem(self.place.shown, "there is no history yet", "run: ragguard nightly gate.yaml"))
            _make_folder(self.place)
        with self.reading() as connection:
            revision = _revision(connection, self.place)
        if revision == head():
            return
        if not create and revision is None:
            raise InputError(Problem(self.place.shown, "holds no history yet", "run: ragguard nightly gate.yaml"))
        with self.writing() as connection:
            if _revision(connection, self.place) != head():  # nobody was faster
                _upgrade(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads. Raises as ``open``."""
        with self._said(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes, alone; it waits for others. Raises as ``open``."""
        with self._said(), self._engine.execution_options(**{_WRITES: True}).begin() as connection:
            if self.place.path is None:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            yield connection

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Say what a driver says, without the password and the SQL."""
        try:
            yield
        except RagguardError:
            raise
        except DBAPIError as error:
            said = self.place.hide(" ".join(str(error.orig).split()))
            if isinstance(error, DatabaseError) and any(words in said for words in _NOT_A_DATABASE):
                raise InputError(Problem(self.place.shown, f"is no history ({said})", "name another file")) from None
            busy = isinstance(error, OperationalError) and "locked" in said
            fix = "another process holds it; try again" if busy else "check that it is there, and that it may be written"
            raise CannotJudge(f"{self.place.shown}: the history cannot be used: {said}; {fix}") from None


def head() -> str:
    """The newest revision that this version knows."""
    found = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert found is not None
    return found


def _engine(place: Place) -> Engine:
    if place.path is None:
        given = {"connect_timeout": "10", "application_name": "ragguard"}
        missing = {key: value for key, value in given.items() if key not in place.url.query}
        return create_engine(place.url, poolclass=NullPool, connect_args=missing)
    engine = create_engine(place.url, poolclass=NullPool, connect_args={"timeout": WAIT})
    event.listen(engine, "connect", _plainly)
    event.listen(engine, "begin", _begin)
    return engine


def _plainly(connection: Any, _record: object) -> None:
    """Leave transactions to this module: sqlite3's own begin too late for tables to be made within them."""
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    """Whoever will write takes the lock at once: two readers that both want to write would wait for each other."""
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _make_folder(place: Place) -> None:
    assert place.path is not None
    try:
        place.path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotJudge(f"{place.shown}: its folder cannot be made: {error.strerror or error}") from error


def _revision(connection: Connection, place: Place) -> str | None:
    """The revision of a database, None of an empty one."""
    revision = MigrationContext.configure(connection, opts={"version_table": VERSIONS}).get_current_revision()
    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if revision is not None and revision not in known:
        what = f"was written by a newer ragguard (revision {revision}; this one knows those up to {head()})"
        raise InputError(Problem(place.shown, what, "upgrade ragguard, or name another history"))
    return revision


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
