"""A PostgreSQL server of a test's own: a temporary cluster, on a free port of loopback, ended with the test."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

PASSWORD = "s3cr:et/p@ss word"
"""One that has to be escaped in a URL."""


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: path.parts[-3].zfill(3))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        pytest.skip("needs Debian's package postgresql")
    return found[-1].parent if found else Path(str(on_path)).parent


def _as_whom() -> dict[str, object]:
    """The server refuses to run as root: Debian's package makes a user for it."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


@contextmanager
def serve() -> Iterator[str]:
    """Serve until the block ends; the URL of a database that is empty."""
    programs, who = _programs(), _as_whom()
    folder = Path(tempfile.mkdtemp(prefix="ragguard-postgres-"))
    try:
        (folder / "password").write_text(PASSWORD)
        if who:
            for path in (folder, folder / "password"):
                shutil.chown(path, "postgres", "postgres")
        make = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "guard", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C"]
        made = subprocess.run(
            [*make, "--no-sync", f"--pwfile={folder / 'password'}"], cwd=folder, capture_output=True, text=True, check=False, **who
        )  # type: ignore[call-overload]
        assert made.returncode == 0, made.stdout + made.stderr
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        run = [str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder), "-h", "127.0.0.1", "-p", str(port), "-F"]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(run, cwd=folder, stdout=log, stderr=log, **who)  # type: ignore[call-overload]
        try:
            url = f"postgresql://guard:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/postgres"
            _wait(url, server, folder / "log")
            yield url
        finally:
            server.send_signal(2)  # SIGINT: connections are cut, and it stops in order
            server.wait(60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    import psycopg

    for _ in range(600):
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            assert server.poll() is None, log.read_text()
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())
