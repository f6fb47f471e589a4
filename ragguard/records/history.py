"""What the history keeps of a night, and what is seen over many: series, drifts, marks. ``history --json`` is these records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ragguard.records.evidence import Tier
from ragguard.records.report import Role
from ragguard.records.verdict import Answer, Outcome

SCHEMA_VERSION = 1

Kind = Literal["deployed", "baseline", "anchor", "system", "questions", "judge", "definitions", "settings", "not judged", "rise"]
When = Literal["block", "error", "hold", "drift", "recovered", "always"]
State = Literal["not watched", "learning", "quiet", "drift"]


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


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that changed on a night, which a line may have moved for."""

    night: str
    day: str
    kind: Kind
    what: str


@dataclass(frozen=True, slots=True)
class Point:
    """A night of a series. ``stretch`` counts the times that the questions or the judge changed: points of different stretches are not
    compared. ``usable`` is false where too many scores are missing to watch the mean. ``fall`` is how far the detector has come, as a
    share of what it takes to report.
    """

    night: str
    day: str
    mean: float
    lower: float | None
    upper: float | None
    scored: int
    unscored: int
    fingerprint: str
    stretch: int
    usable: bool = True
    fall: float = 0.0


@dataclass(frozen=True, slots=True)
class Drift:
    """A metric that got worse and stayed so: ``since`` is the first night of the fall as the detector sees it, ``reported`` the night
    on which it was sure. ``level`` was the mean before, ``now`` is the last night's, or the worst of a drift that is over; ``ended`` names
    the night on which it was back (``recovered``), or a new system was accepted or another question asked ("": it lasts).
    """

    arm: str
    suite: str
    metric: str
    slice: str
    since: str
    reported: str
    level: float
    now: float
    unit: str = ""
    ended: str = ""
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of one arm over the nights. ``state`` is that of the last night; ``level`` and ``sd`` are the mean and the night-to-night
    standard deviation that the next night is held against (None: not known yet, or not watched), ``left`` the nights that the detector
    still learns from. ``rises`` are the nights on which a lasting rise was seen, after which it learns a new level.
    """

    arm: str
    suite: str
    metric: str
    slice: str
    unit: str
    higher_is_better: bool
    state: State
    points: tuple[Point, ...]
    drifts: tuple[Drift, ...] = ()
    rises: tuple[str, ...] = ()
    level: float | None = None
    sd: float | None = None
    left: int = 0
    tier: str = ""
    margin: float | None = None


@dataclass(frozen=True, slots=True)
class Detector:
    """How drift is found on the last night: a CUSUM with allowance ``k`` and threshold ``h``, in night-to-night standard deviations.

    ``watched`` series share ``false_alarms_a_year``; ``nights_between`` is the average run length of one of them until a false alarm.
    """

    watched: int
    false_alarms_a_year: float
    k: float
    h: float
    nights_between: float
    learns: int


@dataclass(frozen=True, slots=True)
class Age:
    """Since when the baseline is what it is: ``since`` a day, ``days`` from it to the last night, ``nights`` in the history."""

    fingerprint: str
    since: str
    days: int
    nights: int
    accepted: bool


@dataclass(frozen=True, slots=True)
class History:
    """A plan's nights, oldest first, and what is seen over them. ``checks`` are the paired estimates by night."""

    plan: str
    nights: tuple[Night, ...]
    series: tuple[Series, ...]
    marks: tuple[Mark, ...]
    drifts: tuple[Drift, ...]
    detector: Detector
    baseline: Age | None = None
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class Change:
    """A metric on two nights. Means are in the metric's unit; ``better`` is None where its direction is not known or nothing changed.
    ``verdicts`` are those of the check on it against the baseline, where there is one.
    """

    arm: str
    suite: str
    metric: str
    slice: str
    unit: str
    before: float
    after: float
    before_bounds: tuple[float | None, float | None]
    after_bounds: tuple[float | None, float | None]
    better: bool | None = None
    verdicts: tuple[str, str] = ("", "")

    @property
    def change(self) -> float:
        """After minus before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Changes:
    """Two nights side by side. ``systems`` tells, of each arm that both have, whether it is another system."""

    plan: str
    before: str
    after: str
    changes: tuple[Change, ...]
    systems: Mapping[str, bool] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
