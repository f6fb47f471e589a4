"""What a gate can detect with the cases it has, before any model runs."""

import math
from dataclasses import dataclass

from ragguard.records.evidence import Check


@dataclass(frozen=True, slots=True)
class Prospect:
    """One check before it runs. ``sd``, ``mde`` and margins are shares of the metric's range.

    ``sd`` is an assumption, or the upper 80 % limit of what a stored run showed, which ``sd_from`` names. ``guard`` is the least number of
    intents that can pass; ``needed`` the number with which an equal candidate passes with the power the whole plan needs; ``can_pass`` is
    false where even a perfect candidate could not. ``chance`` is the one that an equal candidate passes with the intents there are (None:
    a check of tier must has none).
    """

    check: Check
    cases: int
    intents: int
    guard: int
    sd: float
    mde: float
    needed: int | None
    can_pass: bool
    sd_from: str = ""
    chance: float | None = None

    @property
    def lacking(self) -> int:
        """The intents that are lacking."""
        return max((self.needed or 0) - self.intents, 0)

    @property
    def lacking_cases(self) -> int:
        """The cases that these are, if intents go on having as many cases as they have."""
        return math.ceil(self.lacking * self.cases / self.intents) if self.intents else self.lacking


@dataclass(frozen=True, slots=True)
class SuiteProspect:
    """One suite before it runs; ``note`` says what it leaves out."""

    name: str
    collection: str
    split: str
    documents: int
    cases: int
    intents: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Assessment:
    """A plan that was found whole, and what it can detect."""

    plan: str
    candidates: tuple[str, ...]
    alpha: float
    endpoints: int
    suites: tuple[SuiteProspect, ...]
    prospects: tuple[Prospect, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """The chance of promotion by true difference, a share of the metrics' ranges: where the blocking check ``check`` alone differs by so
    much, or ("") all of them do.
    """

    check: str
    differences: tuple[float, ...]
    promoted: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Power:
    """What a plan can detect, and how often it would promote: ``promoted`` is the chance of an equal candidate.

    ``bottleneck`` is the blocking check that holds it back most, which lacks ``lacking_intents`` and ``lacking_cases`` (0: none).
    ``measured`` are the error rates of this gate, in words, where they were measured.
    """

    plan: str
    alpha: float
    endpoints: int
    promoted: float
    bottleneck: str
    suite: str
    lacking_intents: int
    lacking_cases: int
    prospects: tuple[Prospect, ...]
    curves: tuple[Curve, ...]
    measured: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
