"""A history is made, migrated, and refused where it is newer; whatever goes wrong is said without a password."""

import sqlite3
from pathlib import Path

import postgres_server
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from made_nights import night
from sqlalchemy import text

from ragguard.errors import CannotJudge, InputError
from ragguard.history.database import Database, head
from ragguard.history.nights import Nights
from ragguard.history.place import Place, place
from ragguard.history.schema import VERSIONS, metadata


def test_migrations_make_the_tables_that_the_program_uses(there: Place) -> None:
    database = Database(there)
    database.open(create=True)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSIONS, "compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == head()


def test_a_history_that_a_newer_program_wrote_is_refused(there: Place) -> None:
    database = Database(there)
    database.open(create=True)
    with database.writing() as connection:
        connection.execute(text(f"UPDATE {VERSIONS} SET version_num = '9999'"))
    with pytest.raises(InputError, match=r"was written by a newer ragguard \(revision 9999; this one knows those up to 0002\)"):
        Nights(there)


def test_other_tables_of_a_database_are_left_alone(there: Place) -> None:
    if there.path is not None:
        there.path.parent.mkdir()
    with Database(there).writing() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('somebody else')"))
    Nights(there).append(night(0, {}))
    with Database(there).reading() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "somebody else"


def test_reading_makes_no_history(there: Place) -> None:
    with pytest.raises(InputError, match=r"no history yet; run: ragguard nightly"):
        Nights(there, create=False)
    assert there.path is None or not there.path.exists()


def test_a_file_that_is_no_history_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("these are my notes, and quite a lot of them\n" * 100)
    with pytest.raises(InputError, match=r"notes.db: is no history \(file is not a database\)"):
        Nights(place("notes.db", tmp_path))


def test_a_file_of_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotJudge, match="its folder cannot be made"):
        Nights(place("file/nights.db", tmp_path))


def test_a_file_that_another_process_holds_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = place("nights.db", tmp_path)
    kept = Nights(there)
    monkeypatch.setattr("ragguard.history.database.WAIT", 0.1)
    waiting = Nights(there)
    holder = sqlite3.connect(tmp_path / "nights.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(CannotJudge, match="locked; another process holds it"):
        waiting.append(night(0, {}))
    holder.execute("ROLLBACK")
    holder.close()
    kept.append(night(0, {}))
    assert len(kept.read("made")) == 1


def test_who_reads_a_file_changes_nothing_in_it_and_beside_it(tmp_path: Path) -> None:
    Nights(place("nights.db", tmp_path)).append(night(0, {}))
    before = (tmp_path / "nights.db").read_bytes(), (tmp_path / "nights.db").stat().st_mtime_ns, tmp_path.stat().st_mtime_ns
    assert len(Nights(place("nights.db", tmp_path), create=False).read("made")) == 1
    assert ((tmp_path / "nights.db").read_bytes(), (tmp_path / "nights.db").stat().st_mtime_ns, tmp_path.stat().st_mtime_ns) == before


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://guard:s3cret99@host/db", "is no database that keeps a history"),
        ("postgresql://guard:s3cret99@host:notaport/db", "is no URL of a database"),
        ("https://guard:s3cret99@host/db", "is no database that keeps a history"),
    ],
)
def test_a_url_of_something_else_is_refused_without_showing_it(url: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        place(url, tmp_path)
    assert words in str(refused.value)
    assert "s3cret99" not in str(refused.value)


def test_a_password_is_in_nothing_that_is_shown(postgres: str, tmp_path: Path) -> None:
    there = place(postgres, tmp_path)
    assert there.shown.startswith("postgresql://guard:***@127.0.0.1:")
    for shown in (there.shown, repr(there), there.hide(f"no {postgres_server.PASSWORD} and no {postgres}")):
        assert postgres_server.PASSWORD not in shown
        assert "s3cr" not in shown
    query = place("postgresql://guard@localhost/db?password=s3cret99&sslmode=disable", tmp_path)
    assert "s3cret99" not in query.shown
    assert query.hide("s3cret99!") == "***!"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [("/postgres", "/nowhere", "does not exist"), ("guard:", "nobody:", "authentication failed"), ("127.0.0.1:", "127.0.0.1:1", "")],
)
def test_a_server_that_refuses_or_is_not_there_is_an_outage(postgres: str, tmp_path: Path, old: str, new: str, words: str) -> None:
    broken = postgres.replace(old, new) if words else "postgresql://guard:s3cret99@127.0.0.1:9/postgres"
    with pytest.raises(CannotJudge) as error:
        Nights(place(broken, tmp_path))
    told = str(error.value)
    assert words in told
    assert "the history cannot be used" in told
    assert "s3cr" not in told
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__
