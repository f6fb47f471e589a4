"""A night as the history keeps it: the numbers of a report, without its cases."""

from dataclasses import dataclass

from ragguard.records.evidence import Tier
from ragguard.records.report import Role
from ragguard.records.verdict import Answer, Outcome


@dataclass(frozen=True, slots=True)
class Accepted:
    """The accepted baseline as ``ragguard.lock`` names it: a deployment. ``forced``: it had not been promoted."""

    candidate: str
    fingerprint: str
    run: str
    decision: str
    accepted_at: str
    forced: bool = False


@dataclass(frozen=True, slots=True)
class ArmNight:
    """A system of a night."""

    name: str
    role: Role
    fingerprint: str


@dataclass(frozen=True, slots=True)
class SuiteNight:
    """What a suite asked on a night. Nights whose fingerprints differ asked something else, and are not compared."""

    name: str
    fingerprint: str
    collection: str
    collection_fingerprint: str
    cases: int
    intents: int


@dataclass(frozen=True, slots=True)
class JudgeNight:
    """A judge of a night, and the metrics that it gave. Scores of judges with different fingerprints are not compared."""

    name: str
    model: str
    fingerprint: str
    metrics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric's mean over the intents of a slice for one arm; counts are of cases.

    ``lower`` and ``upper`` are Hall's bounds of the mean, 2.5 % beyond each (None: fewer than two intents). ``main`` tells what a
    history shows at first: whole suites, and slices that a check is about.
    """

    suite: str
    metric: str
    slice: str
    arm: str
    mean: float | None
    lower: float | None
    upper: float | None
    scored: int
    unscored: int
    not_applicable: int
    unit: str = ""
    main: bool = True


@dataclass(frozen=True, slots=True)
class Checked:
    """A check of a night: the paired estimate as in a report, with its verdict. ``width`` is that of the metric's range (None: none)."""

    candidate: str
    against: str
    suite: str
    metric: str
    slice: str
    tier: Tier
    margin: float
    outcome: Outcome
    degraded: bool
    higher_is_better: bool
    width: float | None
    baseline_mean: float | None
    candidate_mean: float | None
    difference: float | None
    lower: float | None
    upper: float | None
    alpha: float
    cases: int
    intents: int
    unscored: int


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision on a candidate."""

    candidate: str
    answer: Answer
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """One figure of what a night took of an arm ("" for none): ``figure`` is seconds, p50, p95, p99 (s a case) or tokens."""

    arm: str
    stage: str
    figure: str
    value: float


@dataclass(frozen=True, slots=True)
class Night:
    """One night of a plan. ``name`` is its day, with ``.2`` behind it for the second of a day.

    The same run on the same day is the same night, whoever appends it and however often (``attempts``); the last one counts.
    ``started`` is that of the report (UTC), ``question`` its hash of all that was asked, ``definitions`` the version of the metrics.
    A night that could not be judged has a ``message`` and no numbers.
    """

    plan: str
    day: str
    run: str
    started: str
    answer: Answer
    exit_code: int
    question: str = ""
    ragguard: str = ""
    definitions: int = 0
    message: str = ""
    note: str = ""
    attempts: int = 1
    name: str = ""
    accepted: Accepted | None = None
    arms: tuple[ArmNight, ...] = ()
    suites: tuple[SuiteNight, ...] = ()
    judges: tuple[JudgeNight, ...] = ()
    measures: tuple[Measured, ...] = ()
    checks: tuple[Checked, ...] = ()
    decisions: tuple[Decided, ...] = ()
    costs: tuple[Cost, ...] = ()
