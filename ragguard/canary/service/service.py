"""A service while it runs: what it was told, its judge, its writer, and what it has taken."""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from ragguard.canary.service.intake import Seat, Taken, take
from ragguard.canary.service.metrics import Metrics
from ragguard.canary.service.problems import Refused, later
from ragguard.canary.service.room import Room
from ragguard.canary.service.settings import Settings
from ragguard.canary.service.writer import Writer
from ragguard.errors import CannotJudge, RagguardError
from ragguard.records.canary import Standing, Told
from ragguard.records.event import Noted

T = TypeVar("T")
HEALTH = 5.0
"""Seconds that are waited for a sign of health."""

log = logging.getLogger("ragguard.service")


class Judge(Protocol):
    """What a service asks of the roll-out's judge. CannotJudge: the history cannot be used now."""

    def seat(self) -> Seat:
        """The roll-out that takes events. One thread alone calls it, and the seat. InputError: no roll-out runs."""

    def store(self, canary: int, noted: Sequence[Noted]) -> Told:
        """Commit events; those that are there are not counted again. InputError: the roll-out does not run any more."""

    def decide(self) -> Standing | None:
        """Decide now, if a roll-out runs; return as ``standing``."""

    def standing(self) -> Standing | None:
        """The roll-out that runs, or the last one; None: there was none."""

    def check(self) -> None:
        """Find out whether the history can be written."""


class Service:
    """What the routes have in common."""

    def __init__(self, settings: Settings, judge: Judge) -> None:
        self.settings, self.judge = settings, judge
        self.metrics = Metrics()
        self.room = Room(settings.waiting, settings.held)
        self.metrics.waiting.set_function(lambda: self.room.events)
        self.writer = Writer(self._store, settings.group, self.metrics.told, self.metrics.committed)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="ragguard-reader")
        self._checked = (0.0, "")

    def _store(self, canary: int, noted: Sequence[Noted]) -> Told:
        return self.judge.store(canary, noted)

    async def read(self, sent: Sequence[Any]) -> Taken:
        """Read events, beside the event loop. InputError: no roll-out runs."""
        return await asyncio.get_running_loop().run_in_executor(self._reader, lambda: take(sent, self.judge.seat()))

    async def store(self, taken: Taken) -> None:
        """Return once events are committed. Raises as ``committed``."""
        if taken.noted:
            await self.committed(self.writer.store(taken.canary, taken.noted))

    async def decide(self) -> Standing | None:
        """Decide, and tell Prometheus."""
        try:
            standing = await self.committed(self.writer.ask(self.judge.decide))
        except RagguardError:
            self.metrics.failed_looks.inc()
            raise
        self.metrics.stands(standing)
        if standing is not None and standing.look is not None:
            self.metrics.looks.labels(standing.look.action).inc()
        return standing

    async def standing(self) -> Standing | None:
        """How far the roll-out is, beside the event loop. CannotJudge: the history cannot be read."""
        standing = await asyncio.to_thread(self.judge.standing)
        self.metrics.stands(standing)
        return standing

    async def committed(self, future: "Future[T]", patience: float | None = None) -> T:
        """Wait for the writer. Refused: it takes too long (503). CannotJudge: the history cannot be written."""
        seconds = self.settings.patience if patience is None else patience
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), seconds)
        except TimeoutError:
            detail = f"not done within {seconds:g} s, and it is not known whether it will be: send it again, an event counts once"
            raise later(503, detail) from None
        except CannotJudge:
            self.metrics.writable.set(0)
            raise

    async def health(self) -> str:
        """Why the history cannot be written; empty: it can be. Asked of it once a second at most, for anybody may ask."""
        now = asyncio.get_running_loop().time()
        if not self._checked[0] or now - self._checked[0] >= 1:
            self._checked = (now, await self._check())
        return self._checked[1]

    async def _check(self) -> str:
        try:
            await self.committed(self.writer.ask(self.judge.check), min(HEALTH, self.settings.patience))
        except (RagguardError, Refused) as error:
            log.warning("%s", error)
            return "the history cannot be written"
        self.metrics.writable.set(1)
        return ""

    async def decide_ever(self) -> None:
        """Decide at once, and every so many seconds; what goes wrong is told, and tried again."""
        while True:
            try:
                await self.decide()
            except Exception as error:  # noqa: BLE001 - the next try may work, and the service goes on taking events
                log.warning("no decision: %s", error if isinstance(error, RagguardError | Refused) else type(error).__name__)
            await asyncio.sleep(self.settings.every)

    def close(self) -> None:
        """Store what is asked for already, and end."""
        self._reader.shutdown()
        self.writer.stop()
