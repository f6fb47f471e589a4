"""What is seen over the nights of a plan: series, drifts, marks. ``history --json`` is these records, and the nights themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ragguard.records.night import Night
from ragguard.records.verdict import Answer

SCHEMA_VERSION = 1

Kind = Literal["deployed", "baseline", "anchor", "system", "questions", "judge", "definitions", "settings", "not judged", "rise"]
When = Literal["block", "error", "hold", "drift", "recovered", "always"]
State = Literal["not watched", "learning", "quiet", "drift"]


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
