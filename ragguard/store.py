"""Content-addressed results on disk: what makes a run resumable and a baseline free.

Everything is kept under the fingerprint of all that it depends on, so nothing in the store can be out of date. Writes are atomic;
every entry carries its own SHA-256, and one that does not match (torn, or edited) counts as absent and is made again.
"""

import errno
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from ragguard.errors import CannotJudge

_MAGIC = b"ragguard-store-1 "
_HEADER = len(_MAGIC) + 64 + 1


def fingerprint(*parts: Any) -> str:
    """Return the SHA-256 (hex) of JSON-able parts, whatever the order of their keys."""
    canonical = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def write_atomically(path: Path, payload: bytes) -> None:
    """Write a file so that it is there whole or not at all.

    Raises:
        CannotJudge: the disk is full, read-only, or otherwise unwilling; names the path.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part")
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(payload)
            part.chmod(0o644)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        fix = "free some space there" if full else "check the path and its permissions"
        raise CannotJudge(
            f"{path}: cannot be written: {error.strerror or error}; {fix}, or set RAGGUARD_STORE or --out to another place"
        ) from error


class Store:
    """A folder of results. ``kind`` names what a thing is (``observations``, ``scores``, ``vectors``), ``key`` is its fingerprint."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, kind: str, key: str) -> Path:
        """Where an entry lies."""
        return self.folder / "store" / kind / key[:2] / key

    def get(self, kind: str, key: str) -> bytes | None:
        """Return an entry, or None where there is none that can be trusted.

        Raises:
            CannotJudge: the entry is there but cannot be read (permissions, a failing disk).
        """
        path = self.path(kind, key)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CannotJudge(f"{path}: cannot be read: {error.strerror or error}; check the disk, or delete that file") from error
        payload = content[_HEADER:]
        return payload if content[:_HEADER] == _header(payload) else None

    def put(self, kind: str, key: str, payload: bytes) -> None:
        """Keep an entry.

        Raises:
            CannotJudge: it cannot be written.
        """
        write_atomically(self.path(kind, key), _header(payload) + payload)


def _header(payload: bytes) -> bytes:
    return _MAGIC + hashlib.sha256(payload).hexdigest().encode() + b"\n"
