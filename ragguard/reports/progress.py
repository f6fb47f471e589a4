"""How long work shows how far it is: a bar on a terminal, plain lines elsewhere. Always on standard error."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

PLAIN_EVERY = 10.0
"""Seconds between two plain lines of one stage."""


class Bar:
    """A progress bar; each stage replaces the one before."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def start(self, label: str, total: int) -> None:
        """Begin a stage of ``total`` steps."""
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = self._bars.add_task(label, total=total)

    def advance(self, n: int) -> None:
        """Say that ``n`` more steps are done."""
        if self._task is not None:
            self._bars.advance(self._task, n)


class Lines:
    """A line when a stage starts, and one every ten seconds while it lasts: for CI logs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._label, self._total, self._done, self._last = "", 0, 0, 0.0

    def start(self, label: str, total: int) -> None:
        """Begin a stage of ``total`` steps."""
        if label != self._label:
            self._console.print(f"{label} ({total})", markup=False)
        self._label, self._total, self._done, self._last = label, total, 0, time.monotonic()

    def advance(self, n: int) -> None:
        """Say that ``n`` more steps are done."""
        self._done += n
        if time.monotonic() - self._last >= PLAIN_EVERY:
            self._last = time.monotonic()
            self._console.print(f"{self._label}: {self._done} of {self._total}", markup=False)


@contextmanager
def make(*, quiet: bool) -> Iterator[Bar | Lines]:
    """Yield the right kind for where standard error goes; ``quiet`` shows nothing."""
    console = Console(stderr=True, highlight=False, quiet=quiet)
    if not console.is_terminal or quiet:
        yield Lines(console)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        yield Bar(bars)
