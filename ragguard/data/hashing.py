"""SHA-256 fingerprints of records, of sets of records, and of files."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson


def digest(record: Any) -> bytes:
    """Return the 32-byte SHA-256 of a record's content (dataclass, tuple, mapping, text), whatever the order of its keys."""
    return hashlib.sha256(orjson.dumps(record, option=orjson.OPT_SORT_KEYS)).digest()


class SetDigest:
    """The fingerprint of a set of records, whatever their order; holds 32 bytes a record until it is asked."""

    def __init__(self, records: Iterable[Any] = ()) -> None:
        self._digests = bytearray()
        for record in records:
            self.add(record)

    def add(self, record: Any) -> None:
        """Put a record in."""
        self._digests += digest(record)

    def hexdigest(self) -> str:
        """The SHA-256 of the sorted digests, as 64 hexadecimal digits."""
        import numpy as np

        rows = np.frombuffer(bytes(self._digests), dtype="S32")
        return hashlib.sha256(np.sort(rows).tobytes()).hexdigest()


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
