"""Several processes feed and decide one roll-out at a time: every event counts once, and no decision is lost or made twice."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from made_canaries import START, canary

from ragguard.canary.deciding import decide_on
from ragguard.history.canaries import Canaries
from ragguard.history.place import Place

PROCESSES, EVENTS = 4, 240
TESTS = Path(__file__).parent.parent

WRITER = """
import random, sys
from pathlib import Path
from made_canaries import MINUTE, START, shadowed
from ragguard.canary.deciding import decide_on
from ragguard.history.canaries import Canaries
from ragguard.history.place import place

number, count, spot = int(sys.argv[1]), int(sys.argv[2]), sys.stdin.readline().strip()
kept = Canaries(place(spot, Path.cwd()))
made = kept.running("made")
events = shadowed([0.0] * count)
random.Random(number).shuffle(events)
new = 0
for begin in range(0, count, 20):
    new += kept.accept(made.id, events[begin : begin + 20]).new
    if (begin // 20) % 4 == number:
        decide_on(kept, made, START + 10 * MINUTE)
print(new)
"""


def start(number: int, spot: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)])}
    call = [sys.executable, "-c", WRITER, str(number), str(EVENTS)]
    process = subprocess.Popen(call, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(f"{spot}\n")
    process.stdin.flush()
    return process


@pytest.mark.slow
def test_processes_that_feed_and_decide_together_count_every_event_once(spot: str, there: Place) -> None:
    kept = Canaries(there)
    made = kept.begin(canary(labels=100_000, stages=[{"percent": 50, "margin": 0.01, "pairs": 9_000}]))
    running = [start(number, spot) for number in range(PROCESSES)]
    told = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0] * PROCESSES, told
    assert sum(int(out) for out, _ in told) == EVENTS
    with kept.deciding(made.id) as turn:
        assert turn.statuses()["both"] == EVENTS
    _, look = decide_on(kept, made, START + 3_600)
    assert look.guardrails[0].pairs == EVENTS
    assert {each.status for each in kept.events(made.id)} == {"entered"}


@pytest.mark.slow
def test_of_processes_that_begin_together_one_does(spot: str, there: Place) -> None:
    Canaries(there)
    code = """
import sys
from pathlib import Path
from made_canaries import canary
from ragguard.errors import InputError
from ragguard.history.canaries import Canaries
from ragguard.history.place import place

kept = Canaries(place(sys.argv[1], Path.cwd()))
try:
    print("began", kept.begin(canary()).id)
except InputError as error:
    assert "is running" in str(error)
    print("refused")
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)])}
    running = [subprocess.Popen([sys.executable, "-c", code, spot], env=environment, text=True, stdout=subprocess.PIPE) for _ in range(4)]
    told = [process.communicate()[0].split()[0] for process in running]
    assert sorted(told) == ["began", "refused", "refused", "refused"]
