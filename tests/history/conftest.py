"""Every test of a history runs on SQLite and on PostgreSQL."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import postgres_server
import pytest

from ragguard.history.place import Place, place


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with postgres_server.serve() as url:
        yield url


_numbers = itertools.count()


def database(url: str) -> str:
    """Make a database of its own on the server; return its URL."""
    import psycopg

    name = f"history_{next(_numbers)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return url.rpartition("/")[0] + f"/{name}"


@pytest.fixture(params=["sqlite", "postgres"])
def spot(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a history may be, as a user writes it: nothing is there yet."""
    return str(tmp_path / "kept" / "nights.db") if request.param == "sqlite" else database(request.getfixturevalue("postgres"))


@pytest.fixture
def there(spot: str, tmp_path: Path) -> Place:
    return place(spot, tmp_path)


@pytest.fixture
def again(request: pytest.FixtureRequest, spot: str, tmp_path: Path) -> Callable[[], str]:
    """Makes further places of the same kind as ``spot``."""
    if spot.startswith("postgresql"):
        return lambda: database(request.getfixturevalue("postgres"))
    return lambda: str(tmp_path / "kept" / f"again_{next(_numbers)}.db")
