"""Where a history is: a file, or a PostgreSQL database by its URL, whose password is shown to nobody."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ragguard.errors import InputError, MissingExtra, Problem
from ragguard.plan.nightly import NightlyPlan
from ragguard.plan.source import display

if TYPE_CHECKING:
    from sqlalchemy import URL

NAME = "ragguard-history.db"
"""The file of a history, beside the plan unless said otherwise."""

VARIABLE = "RAGGUARD_HISTORY"
"""The environment variable that names a file or a URL."""

POSTGRES = ("postgres", "postgresql", "postgresql+psycopg")
_SECRET_KEYS = ("password", "passfile", "sslpassword")


@dataclass(frozen=True)
class Place:
    """A place and what it is called. ``path`` is that of a file (None: a server)."""

    url: "URL" = field(repr=False)
    shown: str
    path: Path | None = None

    def hide(self, text: str) -> str:
        """Replace the password in what a driver says, however it is escaped."""
        from urllib.parse import quote, quote_plus

        passwords = [self.url.password, *(self.url.query.get(key) for key in _SECRET_KEYS)]
        for password in filter(None, (each if isinstance(each, str) else None for each in passwords)):
            for form in sorted({password, quote(password, safe=""), quote_plus(password)}, key=len)[::-1]:
                text = text.replace(form, "***")
        return text


def of_plan(plan: NightlyPlan, folder: Path, named: str = "") -> Place:
    """Where the history of a plan in ``folder`` is: as named, by RAGGUARD_HISTORY, by the plan, or beside it. Raises as ``place``."""
    given = named or os.environ.get(VARIABLE, "")
    return place(given, Path.cwd()) if given else place(plan.history or NAME, folder)


def place(text: str, folder: Path) -> Place:
    """Read a path (from ``folder``), or a URL of SQLite or PostgreSQL.

    Raises:
        InputError: it is a URL of something else, or none.
        MissingExtra: PostgreSQL's driver is not installed.
    """
    from sqlalchemy import URL
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    scheme, there, _ = text.partition("://")
    if not there:
        return _file(folder / Path(text).expanduser())
    try:
        url: URL = make_url(text)
    except (ArgumentError, ValueError):
        fix = "write postgresql://user@host/database, or name a file"
        raise InputError(Problem(f"{scheme}://...", "is no URL of a database", fix)) from None
    if scheme == "sqlite" and url.database:
        return _file(folder / url.database)
    if scheme not in POSTGRES:
        raise InputError(Problem(f"{scheme}://...", "is no database that keeps a history", "write postgresql://..., or name a file"))
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise MissingExtra("postgres", "a history in PostgreSQL") from error
    bare = url.set(query={key: "***" if key in _SECRET_KEYS else value for key, value in url.query.items()})
    return Place(url.set(drivername="postgresql+psycopg"), bare.render_as_string(hide_password=True))


def _file(path: Path) -> Place:
    from sqlalchemy import URL

    return Place(URL.create("sqlite", database=str(path.resolve())), display(path), path.resolve())
