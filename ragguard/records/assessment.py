"""What a gate can detect with the cases it has, before any model runs."""

from dataclasses import dataclass

from ragguard.records.evidence import Check


@dataclass(frozen=True, slots=True)
class Prospect:
    """One check before it runs. ``sd``, ``mde`` and margins are shares of the metric's range; ``sd`` is an assumption.

    ``guard`` is the least number of intents that can pass; ``needed`` the number with which an equal candidate passes with the power
    the whole plan needs; ``can_pass`` is false where even a perfect candidate could not.
    """

    check: Check
    cases: int
    intents: int
    guard: int
    sd: float
    mde: float
    needed: int | None
    can_pass: bool


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
