"""A cap on what a run spends, held while requests are under way."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class SpentError(Exception):
    """Asking would exceed the cap."""


class Budget:
    """Tokens that were spent, those that requests under way may still cost, and the most that both may come to (None: no cap)."""

    def __init__(self, most: int | None) -> None:
        self.most, self.spent, self._held = most, 0, 0
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, estimate: int) -> Iterator["Held"]:
        """Set an estimate aside for one request, waiting for those under way where only they may leave too little.

        Raises:
            SpentError: what is spent already leaves too little.
        """
        with self._changed:
            while not self.take(estimate):
                self._changed.wait()
        held = Held()
        try:
            yield held
        finally:
            self.give(estimate, held.cost)

    def take(self, estimate: int) -> bool:
        """Set an estimate aside, to be given back; False where the requests under way may leave too little.

        Raises:
            SpentError: what is spent already leaves too little.
        """
        with self._changed:
            if self.most is not None and self.spent + self._held + estimate > self.most:
                if self.spent + estimate > self.most or not self._held:
                    raise SpentError(f"{self.spent} of max_tokens_total: {self.most} are spent, and this question may cost {estimate}")
                return False
            self._held += estimate
            return True

    def give(self, estimate: int, cost: int) -> None:
        """Give back what was taken for one request, which did cost this much."""
        with self._changed:
            self._held -= estimate
            self.spent += cost
            self._changed.notify_all()


class Held:
    """One request's share; ``cost`` is set to what it did cost, and is nothing unless it is."""

    def __init__(self) -> None:
        self.cost = 0
