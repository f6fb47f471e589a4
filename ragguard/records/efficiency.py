"""What a run cost: seconds and memory of its stages, how long a case took, and how long answers are. None of it is judged."""

from dataclasses import dataclass
from typing import Literal

Reach = Literal["stage", "process", ""]
"""Of what a peak of memory is the highest: of the stage alone, of the process up to then, or "" where it cannot be measured."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What one stage took of one arm ("" for what belongs to no arm).

    ``seconds`` is wall clock without the stages within it. ``memory`` is the highest resident memory of the process during the stage
    and ``device_memory`` what torch held of the accelerator at most, in bytes; None where that was not measured. ``done`` counts the
    results (cases; models that were trained; corpora that were indexed) that were made, ``kept`` those that came from the store.
    """

    arm: str
    name: str
    seconds: float
    memory: int | None = None
    device_memory: int | None = None
    done: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Latency:
    """Quantiles of the seconds that a stage took for a case, over all cases of an arm that gave no error.

    ``stage`` is a key of an observation's seconds, or ``total``: their sum. Where cases are worked on together, the seconds of a case
    are its share, and ``together`` is the largest number that shared (1: each was timed alone).
    """

    arm: str
    stage: str
    cases: int
    p50: float
    p95: float
    p99: float
    together: int = 1


@dataclass(frozen=True, slots=True)
class Answering:
    """How long an arm's answers are, and how fast they came.

    ``counted`` is the number of answers whose tokens somebody counted, of which the means and the share speak; ``tokens_per_second``
    is all their tokens over all seconds of generating them. ``cut`` is the share of prompts that did not hold all contexts.
    """

    arm: str
    answers: int
    counted: int
    tokens: float | None = None
    prompt_tokens: float | None = None
    tokens_per_second: float | None = None
    cut: float = 0.0
