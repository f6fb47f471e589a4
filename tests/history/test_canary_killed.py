"""A roll-out whose process is killed (SIGKILL) before any of its statements goes on as if nothing had happened."""

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from made_canaries import MINUTE, START, canary, noted
from sqlalchemy import event
from sqlalchemy.engine import Engine

from ragguard.canary.deciding import decide_on
from ragguard.history.canaries import Canaries
from ragguard.history.place import place
from ragguard.records.event import Noted

RULES = {
    "window": 2,
    "lateness": 1,
    "settle": 1,
    "stages": [{"percent": 25, "margin": 0.4, "pairs": 20}, {"percent": 50, "margin": 0.3, "pairs": 900}],
}
STEPS = 5


def batches() -> list[list[Noted]]:
    """What is delivered before each look: split traffic whose units have up to three events, some twice."""
    rng = random.Random(5)
    found = []
    for step in range(STEPS):
        begin = START + 10 * MINUTE * step
        made = []
        for number in range(100):
            side = "candidate" if rng.random() < (0.25 if step < 2 else 0.5) else "baseline"
            values = {"UnsupportedValue": float(rng.random() < 0.9), "Feedback": rng.random()}
            made.append(noted(1000 * step + number, side, begin + rng.random() * 5 * MINUTE, f"{side}{step}-{number // 2}", values=values))  # type: ignore[arg-type]
        found.append([*made, *made[:20]])
    return found


def play(spot: str, folder: Path) -> None:
    """Begin where nothing has begun, deliver everything from the start, decide at each step: as whoever starts it again would."""
    kept = Canaries(place(spot, folder))
    made = kept.last("made") or kept.begin(canary(**RULES))
    for step, events in enumerate(batches()):
        now = START + 10 * MINUTE * (step + 1)
        kept.accept(made.id, events[:60])
        kept.accept(made.id, events[60:])
        last = kept.look(made.id)
        if last is None or last.at < now:
            decide_on(kept, made, now)


def left(spot: str, folder: Path) -> tuple[object, ...]:
    kept = Canaries(place(spot, folder), create=False)
    made = kept.last("made")
    assert made is not None
    return made.state, made.stage, made.since, kept.evidence(made.id), kept.looks(made.id), list(kept.events(made.id))


def dying(act: Callable[[], None], statement: int) -> bool:
    """Run something in a process of its own that is killed before its n-th statement; tell whether it was."""
    child = os.fork()
    if child == 0:
        seen = 0

        def count(*_: object) -> None:
            nonlocal seen
            seen += 1
            if seen == statement:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, "before_cursor_execute", count)
        event.listen(Engine, "commit", count)
        try:
            act()
        except BaseException:  # noqa: BLE001 - a fork of the tests must not run on as one
            os._exit(3)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return os.WIFSIGNALED(status)


@pytest.mark.slow
def test_killed_before_any_statement_it_goes_on_and_comes_to_the_same(spot: str, tmp_path: Path, again: Callable[[], str]) -> None:
    play(spot, tmp_path)
    whole = left(spot, tmp_path)
    assert whole[1] == 1, "the test is to pass a transition"
    killed, statement = 0, 1
    while True:
        other = again()
        Canaries(place(other, tmp_path))
        if not dying(lambda: play(other, tmp_path), statement):  # noqa: B023 - runs at once
            break
        killed += 1
        play(other, tmp_path)
        assert left(other, tmp_path) == whole, f"killed before statement {statement}"
        statement += 1 if statement < 12 else 7
    assert killed > 20
