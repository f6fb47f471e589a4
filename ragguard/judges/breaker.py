"""Stops asking a server that is not there: a dead judge costs seconds, not hours."""

import threading

from ragguard.systems.http import HttpError

AT_ONCE = ("refused", "unreachable")
"""Failures that the next request would meet as well."""

FEW, MANY = 3, 10
"""Failures in a row after which nothing more is asked: of those above, and of any kind of a server's own."""


class Breaker:
    """Counts the failures of a server, in the order in which requests end; one that is answered, however badly, begins anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._row = self._hard = 0
        self._open = ""

    @property
    def open(self) -> str:
        """Why nothing more is to be asked, in this run; empty: it may be."""
        return self._open

    def answered(self) -> None:
        """Note that a request was answered."""
        with self._lock:
            self._row = self._hard = 0

    def failed(self, error: HttpError) -> None:
        """Note that a request was not."""
        with self._lock:
            self._row += 1
            self._hard = self._hard + 1 if error.kind in AT_ONCE else 0
            if not self._open and (self._hard >= FEW or self._row >= MANY):
                self._open = f"given up: the last {self._hard if self._hard >= FEW else self._row} requests failed: {error}"
