"""A store for plans that store no texts."""

from pathlib import Path

from ragguard.store import Store

TEXTS = frozenset({"observations", "verdicts"})
"""Kinds of what the store keeps that hold answers."""


class Unkept(Store):
    """A store that keeps what holds answers in memory alone, for plans that store no texts."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._here: dict[tuple[str, str], bytes] = {}

    def get(self, kind: str, key: str) -> bytes | None:
        """Return an entry, or None."""
        return self._here.get((kind, key)) if kind in TEXTS else super().get(kind, key)

    def put(self, kind: str, key: str, payload: bytes) -> None:
        """Keep an entry; raises as ``Store.put``."""
        if kind in TEXTS:
            self._here[kind, key] = payload
        else:
            super().put(kind, key, payload)
