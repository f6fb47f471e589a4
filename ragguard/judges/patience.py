"""When to stop asking a server that does not answer."""

from ragguard.systems.http import HttpError

ALIKE = 3
"""Failures in a row after which a server that refuses, or cannot be reached, is not asked any more."""

ANY = 12
"""The same for whatever else fails before there is a reply: no chance, even where every third request fails (2e-6)."""


class Patience:
    """Counts failures in a row, as they come in; ``error`` is what the rest gets once there were too many."""

    def __init__(self) -> None:
        self.error: HttpError | None = None
        self._useless = self._any = 0

    def again(self) -> None:
        """Let one more try decide whether the server is asked again, where it was given up before."""
        self.error = None
        self._useless, self._any = min(self._useless, ALIKE - 1), min(self._any, ANY - 1)

    def met(self, error: HttpError | None) -> None:
        """Note what came of one question: a reply of whatever worth (None), or none."""
        useless = error is not None and error.kind in ("refused", "unreachable")
        self._useless = self._useless + 1 if useless else 0
        self._any = self._any + 1 if error is not None else 0
        if error is not None and (self._useless >= ALIKE or self._any >= ANY):
            self.error = error
