"""How much a service has taken and not stored yet, so that it refuses what it could not keep. The event loop's thread alone uses it."""

from collections.abc import Iterator
from contextlib import contextmanager


class Room:
    """Space for so many events that wait, and so many bytes that are being read."""

    def __init__(self, events: int, size: int) -> None:
        self._most_events, self._most_bytes = events, size
        self.events = self.bytes = 0

    @contextmanager
    def guest(self) -> Iterator["Guest"]:
        """A request, whose place is free again at the end of the block."""
        guest = Guest(self)
        try:
            yield guest
        finally:
            self.events -= guest.events
            self.bytes -= guest.bytes

    def fits(self, events: int, size: int) -> bool:
        """Whether so much more fits."""
        return self.events + events <= self._most_events and self.bytes + size <= self._most_bytes


class Guest:
    """What a request has taken."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.events = self.bytes = 0

    def take(self, *, events: int = 0, size: int = 0) -> bool:
        """Take more room; False where there is none."""
        if not self._room.fits(events, size):
            return False
        self._room.events += events
        self._room.bytes += size
        self.events += events
        self.bytes += size
        return True
