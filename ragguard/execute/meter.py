"""What every stage of a run takes: seconds, and the highest memory."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ragguard.execute.memory import Memory, larger
from ragguard.records.efficiency import Stage


@dataclass
class Used:
    """What a stage has used so far, as ``Stage`` has it."""

    seconds: float = 0.0
    memory: int | None = None
    device_memory: int | None = None
    done: int = 0
    kept: int = 0


class Meter:
    """Measures stages, by arm and name; one that is entered again goes on. What happens in a stage within another is the inner one's.

    It is for one thread: stages are opened and closed one after the other, or one within the other.
    """

    def __init__(self) -> None:
        self.memory = Memory()
        self._arm, self._used = "", dict[tuple[str, str], Used]()
        self._open: list[Used] = []
        self._since = 0.0

    def turn_to(self, arm: str) -> None:
        """Say whose stages come now; "" is nobody's."""
        self._arm = arm

    def of(self, name: str) -> Used:
        """What a stage of the present arm has used, to be added to."""
        return self._used.setdefault((self._arm, name), Used())

    @contextmanager
    def stage(self, name: str) -> Iterator[Used]:
        """Measure a block, also one that fails."""
        self._cut()
        used = self.of(name)
        self._open.append(used)
        try:
            yield used
        finally:
            self._cut()
            self._open.pop()

    def _cut(self) -> None:
        """Add what was used since the last cut to the innermost open stage."""
        now = time.perf_counter()
        if self._open:
            used = self._open[-1]
            used.seconds += now - self._since
            used.memory = larger(used.memory, self.memory.peak())
            used.device_memory = larger(used.device_memory, self.memory.device_peak())
        self.memory.restart()
        self._since = time.perf_counter()

    def stages(self) -> tuple[Stage, ...]:
        """Every stage so far, in the order of their beginnings; seconds to the millisecond."""
        return tuple(
            Stage(arm, name, round(used.seconds, 3), used.memory, used.device_memory, used.done, used.kept)
            for (arm, name), used in self._used.items()
        )


class Idle(Meter):
    """A meter that measures nothing, for what runs within a stage of another's: two meters would reset each other's peaks."""

    @contextmanager
    def stage(self, name: str) -> Iterator[Used]:  # noqa: ARG002 - of no interest
        """Do nothing."""
        yield Used()
