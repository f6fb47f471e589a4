"""What is foretold of a roll-out is what its events come to, through the history and the decisions that ship."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_canaries import START, canary, noted

from ragguard.canary.deciding import decide_on
from ragguard.canary.rules import of_canary
from ragguard.decision.playout_counts import Clock
from ragguard.decision.rollouts import played
from ragguard.history.canaries import Canaries
from ragguard.history.place import place
from ragguard.records.canary import Canary

PER_HOUR = 600
RULES = {
    "guardrails": [{"signal": "UnsupportedValue"}],
    "stages": [{"percent": 10, "margin": 0.2, "pairs": 50}, {"percent": 50, "margin": 0.1, "pairs": 150}],
    "unit": "session",
    "window": 10,
    "lateness": 2,
    "settle": 1,
}


def real(folder: Path, value: float) -> tuple[list[float], Canary]:
    """Send a session of one request every six seconds, to the arm whose turn it is by the stage's share; look every minute.

    All of the baseline's are right, and of the candidate's a session says ``value``. Returned are the hours of what moved.
    """
    kept = Canaries(place("kept.db", folder))
    made, moved, owed, minute = kept.begin(canary(**RULES)), list[float](), 0.0, 0
    while made.state == "running" and minute < 600:
        events = []
        for second in range(0, 60, 3_600 // PER_HOUR):
            number = minute * 60 + second
            owed += (10, 50, 100)[made.stage] / 100
            side: Any = "candidate" if owed >= 1 else "baseline"
            owed -= side == "candidate"
            at = START + number
            values = {"UnsupportedValue": value if side == "candidate" else 1.0}
            events.append(noted(number, side, at=at, cluster=f"s{number}", values=values))
        kept.accept(made.id, events)
        minute += 1
        made, look = decide_on(kept, made, START + 60 * minute)
        if look.moved:
            moved.append(minute / 60)
    return moved, made


def foretold(value: float) -> tuple[list[float], float]:
    """When the stages are left, and when it is rolled back, in hours."""
    found = played([np.full((1, 400), value - 1.0)], of_canary(canary(**RULES)).rules)
    leaves, back = Clock(PER_HOUR, (10, 50), 12 / 60, paired=False).hours(found)
    return [float(each[0]) for each in leaves], float(back[0])


@pytest.mark.slow
def test_an_equal_candidate_leaves_each_stage_when_foretold(tmp_path: Path) -> None:
    moved, made = real(tmp_path, 1.0)
    leaves, _ = foretold(1.0)
    assert made.state == "done"
    assert moved[:2] == pytest.approx(leaves, abs=2.5 / 60)  # a look a minute, and a unit every six seconds or minute


@pytest.mark.slow
def test_a_worse_one_is_rolled_back_when_foretold(tmp_path: Path) -> None:
    moved, made = real(tmp_path, 0.85)
    _, back = foretold(0.85)
    assert made.state == "rolled back"
    assert moved == pytest.approx([back], abs=2.5 / 60)
