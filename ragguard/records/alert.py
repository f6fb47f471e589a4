"""What is told of a night to those who asked for it."""

from dataclasses import dataclass

from ragguard.records.history import Drift, When
from ragguard.records.night import Decided
from ragguard.records.verdict import Answer


@dataclass(frozen=True, slots=True)
class Alert:
    """A night that somebody is told of, and why (``kinds``). ``text`` says it in a sentence or two. ``drifts`` are those first reported
    on this night, ``lasting`` those from before, ``recovered`` those that ended well on it; ``report`` is the folder of its report.
    """

    plan: str
    night: str
    kinds: tuple[When, ...]
    answer: Answer
    exit_code: int
    text: str
    run: str = ""
    message: str = ""
    decisions: tuple[Decided, ...] = ()
    drifts: tuple[Drift, ...] = ()
    lasting: tuple[Drift, ...] = ()
    recovered: tuple[Drift, ...] = ()
    report: str = ""
