"""Watches a roll-out: takes the events that files get, decides from time to time, and says what moved."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ragguard.canary import standing
from ragguard.canary.deciding import decide_on
from ragguard.canary.observing import Observer, observe, together
from ragguard.data.events.read import MOST_BYTES, one
from ragguard.errors import CannotJudge, InputError, Problem, RagguardError
from ragguard.history.canaries import Ended
from ragguard.plan.source import display
from ragguard.records.canary import Look, Standing, Told
from ragguard.records.event import Event

PATIENCE = 5
"""Looks in a row that may come to nothing, the history being out of reach, before it is given up."""

MOST_AT_ONCE = 64 * MOST_BYTES
"""Bytes of a file that are read before the next look."""


@dataclass
class Tail:
    """A file that grows: its whole lines, each once. Where it was replaced or cut (a rotated log), it is read from its beginning: events
    that come twice count once. A line without its end waits for it.
    """

    path: Path
    _at: int = 0
    _line: int = 0
    _file: tuple[int, int] = (0, 0)

    def lines(self) -> Iterator[Event | Problem]:
        """Read what is new. A file that is not there yet, or not just now, has nothing new."""
        try:
            stream = self.path.open("rb")
        except FileNotFoundError:
            return
        except OSError as error:
            fix = "name a file of events"
            raise InputError(Problem(display(self.path), f"cannot be read: {error.strerror or error}", fix)) from error
        with stream:
            self._begin(stream.fileno())
            stream.seek(self._at)
            begun = self._at
            while self._at - begun < MOST_AT_ONCE and (line := _whole(stream)):
                self._at = stream.tell()
                self._line += 1
                if not line.isspace():
                    yield one(line, f"{display(self.path)}:{self._line}")

    def mark(self) -> tuple[int, int, tuple[int, int]]:
        """Where it has been read to."""
        return self._at, self._line, self._file

    def rewind(self, mark: tuple[int, int, tuple[int, int]]) -> None:
        """Read again from a mark on."""
        self._at, self._line, self._file = mark

    def _begin(self, number: int) -> None:
        about = os.fstat(number)
        file = (about.st_dev, about.st_ino)
        if file != self._file or about.st_size < self._at:
            self._at, self._line, self._file = 0, 0, file


def _whole(stream: BinaryIO) -> bytes:
    """The next line with its end, or b"" where that is not there yet; of one that is too long the beginning, which is refused as such."""
    line = part = stream.readline(MOST_BYTES + 1)
    while part and not part.endswith(b"\n"):
        part = stream.readline(MOST_BYTES + 1)
    return line if part else b""


@dataclass
class Watch:
    """A watch as it goes: ``tell`` is called at the first look, and whenever the action or the stage changes; ``refused`` with the reasons
    of events that were not taken, and ``trouble`` where a look came to nothing.
    """

    observer: Observer
    tails: Sequence[Tail]
    tell: Callable[[Standing], None]
    refused: Callable[[Sequence[str]], None]
    trouble: Callable[[str], None]
    _failed: int = 0
    _told: tuple[object, ...] = field(default=())

    def run(self, every: float, looks: int | None = None) -> Standing:
        """Look every so many seconds until the roll-out has ended (or after so many ``looks``), and return where it is then.

        Raises:
            InputError: a file cannot be read.
            CannotJudge: the history could not be used ``PATIENCE`` times in a row.
        """
        while True:
            begun = time.monotonic()
            found = self._look()
            looks = None if looks is None else looks - 1
            if found is not None and (found.canary.state != "running" or looks == 0):
                return found
            time.sleep(max(0.0, every - (time.monotonic() - begun)))

    def _look(self) -> Standing | None:
        try:
            found = self._decided()
        except CannotJudge as error:
            self._failed += 1
            if self._failed >= PATIENCE:
                raise
            self.trouble(str(error))
            return None
        self._failed = 0
        return found

    def _decided(self) -> Standing:
        opened = self.observer.opened
        try:
            told = self._take()
            if told.refused:
                self.refused(told.refused)
            canary, look = decide_on(opened.canaries, self.observer.canary, time.time(), opened.marks)
        except Ended:  # by another process
            canary = opened.last()
            look = opened.canaries.look(canary.id) or Look(canary.since, "hold", canary.stage, ())
        found = standing.of(opened, canary, look)
        if (now := (look.action, look.person, canary.stage, canary.state)) != self._told:
            self.tell(found)
            self._told = now
        return found

    def _take(self) -> Told:
        return together(told for tail in self.tails for told in self._from(tail))[0]

    def _from(self, tail: Tail) -> Iterator[Told]:
        """Take what is new in a file; where it cannot be stored, it is read again the next time."""
        mark = tail.mark()
        try:
            yield from observe(self.observer, tail.lines())
        except RagguardError:
            tail.rewind(mark)
            raise
