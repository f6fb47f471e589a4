"""What a drill leaves: which regressions that were planted into the baseline its gate caught, and what it would have let out."""

from dataclasses import dataclass
from typing import Literal

from ragguard.records.evidence import Tier
from ragguard.records.verdict import Answer, Outcome

SCHEMA_VERSION = 1

Kind = Literal["retrieval", "reranking", "generation", "own"]

Result = Literal["caught", "survived", "let through", "stopped", "not applicable"]
"""What became of a mutant. Of a regression: ``caught`` (blocked at its stated strength and at every greater one that was tried), or
``survived``. Of a harmless change: ``let through`` (never blocked), or ``stopped``.
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """A check that saw a mutant. ``difference`` is mutant - baseline as a share of the metric's range, oriented so that higher is better;
    ``p`` is the Holm-adjusted p-value of its fail tests.
    """

    check: str
    tier: Tier
    outcome: Outcome
    difference: float | None
    margin: float
    intents: int
    p: float | None = None


@dataclass(frozen=True, slots=True)
class Shot:
    """A mutant at one strength. ``touched`` counts the cases, of ``cases``, on which the system did something else than the baseline;
    ``caught_by`` are the binding checks that failed; ``nearest`` those of the others that lost most, at most three.
    """

    strength: float
    answer: Answer
    touched: int
    cases: int
    caught_by: tuple[Moved, ...] = ()
    nearest: tuple[Moved, ...] = ()


@dataclass(frozen=True, slots=True)
class Drilled:
    """A mutant and what became of it.

    ``unit`` says what a strength is, for instance the share of queries; ``stated`` the strength from which on it is to be caught, and
    ``starts`` that from which on it was, None where it never was. ``reason`` says why a mutant is not applicable, and ``missing`` what
    the golden set or the suites lack to catch one that survived.
    """

    name: str
    kind: Kind
    about: str
    unit: str
    stated: float
    harmless: bool
    result: Result
    starts: float | None = None
    shots: tuple[Shot, ...] = ()
    reason: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drill:
    """A whole drill. ``baseline`` is the fingerprint of the system that was spoiled, ``question`` the hash of what the gate asks, and
    ``alpha`` the error rate of its pass side. ``exit_code`` is 0 where all was caught and nothing harmless stopped, else 1.
    """

    plan: str
    question: str
    baseline: str
    ragguard: str
    alpha: float
    suites: tuple[str, ...]
    mutants: tuple[Drilled, ...]
    exit_code: int
    schema_version: int = SCHEMA_VERSION

    def of(self, result: Result) -> tuple[Drilled, ...]:
        """The mutants of which this became."""
        return tuple(each for each in self.mutants if each.result == result)

    @property
    def score(self) -> float | None:
        """The share of the regressions that were caught; None where none was planted."""
        planted = len(self.of("caught")) + len(self.of("survived"))
        return len(self.of("caught")) / planted if planted else None
