"""What the report warns of in answers: here what a system's notes say, which no verdict knows of."""

import pytest

from ragguard.records.report import Arm
from ragguard.reports.answered import warnings


def arm(name: str, **notes: float) -> Arm:
    return Arm(name, "candidate", "f" * 64, notes={f"generator.{key}": value for key, value in notes.items()})


def test_answers_that_the_batch_changed_are_a_warning() -> None:
    arms = [arm("steady", answers_changed_by_batch=0.0), arm("half", answers_changed_by_batch=0.0625), arm("served")]
    (said,) = warnings(arms, [])
    assert said == "half: 6.2% of a few answers were others when asked alone: dtype: float32 or batch_size: 1 is steady"


def test_the_worst_of_several_corpora_is_said() -> None:
    notes = {"generator.answers_changed_by_batch": 0.03, "facts: generator.answers_changed_by_batch": 0.25}
    (said,) = warnings([Arm("half", "candidate", "f" * 64, notes=notes)], [])
    assert said.startswith("half: 25.0% of a few answers")


@pytest.mark.parametrize(("share", "expected"), [(0.5, "50.0% of the answers had no end"), (0.0, "")])
def test_answers_without_an_end_are_a_warning(share, expected) -> None:
    said = " ".join(warnings([arm("new", answers_unfinished=share)], []))
    assert said.removeprefix("new: ").startswith(expected)
    assert bool(said) == bool(expected)
