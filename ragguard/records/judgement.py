"""What a judge is asked of an answer, and what it said."""

from dataclasses import dataclass
from typing import Literal

Place = Literal["", "first", "second"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One answer that is to be judged, with all that a judge may see.

    ``contexts`` are the texts of the documents that the system was given, in order; ``reference`` is the gold answer ("": there is
    none). ``against`` is the answer that this one is compared with, where a judge prefers one of two (None: nothing is compared).
    """

    case: str
    question: str
    answer: str
    contexts: tuple[str, ...] = ()
    reference: str = ""
    required: tuple[str, ...] = ()
    against: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge said of one answer, once: a value from 0 (worst) to 1 (best), or the ``error`` that left it without one.

    What stands before the first colon of an ``error`` is its kind, by which a report counts: ``not JSON: {"sco``. ``reason`` holds the
    judge's own words, if it gave any; ``tokens`` are those that the asking cost, prompts included (0: none, or not told). ``swayed`` says,
    of a judge that was shown two answers in both orders, that it preferred the same place twice.
    """

    value: float | None = None
    reason: str = ""
    error: str = ""
    tokens: int = 0
    swayed: Place = ""

    @property
    def kind(self) -> str:
        """The kind of the error; "" where there is none."""
        return self.error.partition(":")[0].strip()


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that one judge said of one answer under one metric: one verdict for each time it was asked.

    ``judge`` is its name in the plan, "" where nobody was asked: what such an answer is worth is settled without one.
    """

    case: str
    judge: str
    verdicts: tuple[Verdict, ...]

    @property
    def values(self) -> tuple[float, ...]:
        """The values that there are, in the order of asking."""
        return tuple(verdict.value for verdict in self.verdicts if verdict.value is not None)
