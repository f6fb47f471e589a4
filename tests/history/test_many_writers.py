"""Several processes open, migrate and write one history at a time, and nothing is lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from made_nights import day, night

from ragguard.history.nights import Nights
from ragguard.history.place import Place

PROCESSES, NIGHTS = 6, 8
TESTS = Path(__file__).parent.parent

WRITER = """
import sys
from pathlib import Path
from dataclasses import replace
import pytest
from made_nights import night
from ragguard.history.nights import Nights
from ragguard.history.place import place

number, count, same = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "same"
print("ready", flush=True)
sys.stdin.readline()
kept = Nights(place(sys.stdin.readline().strip(), Path.cwd()))
for each in range(count):
    day = each if same else number * count + each
    made = night(day, {"baseline": 0.7, "tuned": 0.7 + number / 100}, run="r")
    kept.append(replace(made, started=f"{made.day}T02:00:{number:02}"))
"""

DIES = """
import os, sys
from pathlib import Path
import pytest
from made_nights import night
from ragguard.history import nights
from ragguard.history.place import place

kept = nights.Nights(place(sys.stdin.readline().strip(), Path.cwd()))
inserted = nights._insert

def insert_and_die(connection, made):
    inserted(connection, made)
    os._exit(9)

nights._insert = insert_and_die
kept.append(night(0, {"baseline": 0.7}))
"""


def start(code: str, *arguments: str) -> "subprocess.Popen[str]":
    root = str(TESTS.parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, str(TESTS)])}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen([sys.executable, "-c", code, *arguments], env=environment, text=True, **pipes)  # type: ignore[call-overload, no-any-return]


def write(spot: str, how: str) -> None:
    """Have all processes begin together."""
    running = [start(WRITER, str(number), str(NIGHTS), how) for number in range(PROCESSES)]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write(f"\n{spot}\n")
        process.stdin.flush()
    for process in running:
        _, told = process.communicate()
        assert process.returncode == 0, told


@pytest.mark.slow
def test_processes_that_open_migrate_and_write_together_lose_nothing(spot: str, there: Place) -> None:
    write(spot, "own")
    found = Nights(there, create=False).read("made", whole=True)
    assert [each.day for each in found] == [day(number) for number in range(PROCESSES * NIGHTS)]
    for number, each in enumerate(found):
        wanted = night(number, {"baseline": 0.7, "tuned": 0.7 + number // NIGHTS / 100})
        assert each.measures == wanted.measures
        assert each.checks == wanted.checks


@pytest.mark.slow
def test_processes_that_write_the_same_nights_make_each_once_and_the_last_one_stays(spot: str, there: Place) -> None:
    write(spot, "same")
    found = Nights(there, create=False).read("made", whole=True)
    assert [each.day for each in found] == [day(number) for number in range(NIGHTS)]
    assert {each.attempts for each in found} == {PROCESSES}
    assert {each.measures[1].mean for each in found} == {0.7 + (PROCESSES - 1) / 100}


def test_a_process_that_dies_while_it_writes_leaves_nothing_half_written(spot: str, there: Place) -> None:
    Nights(there).append(night(5, {"baseline": 0.7}))
    process = start(DIES)
    _, told = process.communicate(f"{spot}\n")
    assert process.returncode == 9, told
    kept = Nights(there)
    assert [each.day for each in kept.read("made")] == [day(5)]
    kept.append(night(0, {"baseline": 0.7}))
    assert [each.day for each in kept.read("made")] == [day(0), day(5)]
