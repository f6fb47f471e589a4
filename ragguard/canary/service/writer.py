"""One thread that stores and decides. What waits while it stores is stored together: a commit costs the same for one event and for many.

A request is acknowledged after the commit, never before. An outage of the history fails what was to be stored, and nothing else: the
next group is tried anew.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ragguard.errors import RagguardError
from ragguard.records.canary import Told
from ragguard.records.event import Noted

T = TypeVar("T")
Store = Callable[[int, Sequence[Noted]], Told]
"""Commits events of a roll-out."""

Seen = Callable[[int, float], None]
"""Is told of a commit: its events, and the seconds that it took."""


@dataclass
class _Group:
    """What a request wants stored, of which roll-out."""

    canary: int
    noted: Sequence[Noted]
    done: "Future[None]" = field(default_factory=Future)


@dataclass
class _Question(Generic[T]):
    """Something else that only this thread does."""

    ask: Callable[[], T]
    done: "Future[T]" = field(default_factory=Future)


class Writer:
    """``store`` is called in this thread alone. ``group`` is the number of events from which on no more are added to a commit."""

    def __init__(self, store: Store, group: int, told: Callable[[Told], None], seen: Seen) -> None:
        self._store, self._group, self._told, self._seen = store, group, told, seen
        self._queue: queue.SimpleQueue[_Group | _Question[Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ragguard-writer")
        self._stopping = False

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Do what is asked for already, and end."""
        self._queue.put(None)
        self._thread.join()

    def store(self, canary: int, noted: Sequence[Noted]) -> "Future[None]":
        """Have a roll-out's events stored; the future is done once they are committed, or has the error."""
        group = _Group(canary, noted)
        self._queue.put(group)
        return group.done

    def ask(self, question: Callable[[], T]) -> "Future[T]":
        """Have something done between two commits."""
        asked = _Question(question)
        self._queue.put(asked)
        return asked.done

    def _run(self) -> None:
        while not self._stopping:
            found = self._gather()
            groups = [each for each in found if isinstance(each, _Group) and each.done.set_running_or_notify_cancel()]
            for canary in sorted({group.canary for group in groups}):
                self._keep([group for group in groups if group.canary == canary])
            for each in found:
                if isinstance(each, _Question) and each.done.set_running_or_notify_cancel():
                    _settle(each.done, each.ask)

    def _gather(self) -> list[_Group | _Question[Any]]:
        """Wait for something, and take what waits with it."""
        found: list[_Group | _Question[Any]] = []
        events = 0
        while events < self._group:
            try:
                each = self._queue.get(block=not found)
            except queue.Empty:
                break
            if each is None:
                self._stopping = True
                break
            found.append(each)
            events += len(each.noted) if isinstance(each, _Group) else 0
        return found

    def _keep(self, groups: Sequence[_Group]) -> None:
        """Store groups of a roll-out together; if that fails for what is in them, each on its own, so that one spoils no other."""
        begin = time.perf_counter()
        noted = [event for group in groups for event in group.noted]
        try:
            told = self._store(groups[0].canary, noted)
        except Exception as error:  # noqa: BLE001 - whatever it is, who waits is told, and the thread goes on
            if len(groups) > 1 and not isinstance(error, RagguardError):
                for group in groups:
                    self._keep([group])
                return
            for group in groups:
                group.done.set_exception(error)
            return
        self._seen(len(noted), time.perf_counter() - begin)
        self._told(told)
        for group in groups:
            group.done.set_result(None)


def _settle(done: "Future[T]", ask: Callable[[], T]) -> None:
    try:
        found = ask()
    except Exception as error:  # noqa: BLE001 - as above
        done.set_exception(error)
    else:
        done.set_result(found)
