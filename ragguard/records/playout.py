"""What simulated roll-outs of a plan came to."""

from dataclasses import dataclass

from ragguard.records.error_rates import Share

SCHEMA_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Signal:
    """A guardrail as it was simulated.

    ``level`` is the baseline's mean, a share of the signal's range, higher is better; ``sd`` the standard deviation of the difference of
    a pair; ``values`` the share of requests of which the signal says anything. ``source`` says where these are from ("": assumed).
    """

    name: str
    tier: str
    margin: float
    level: float
    sd: float
    values: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean, median, and between what 90 % lie, of the roll-outs that ended so."""

    mean: float
    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Kind:
    """Candidates of one kind, and how their roll-outs ended.

    They are worse by ``drop`` margins of each blocking guardrail, or of ``only`` that one, from stage number ``stage`` on (0: the start).
    ``falsely``: rolled back before anything was lost. ``neither``: the pairs that are judged without a person were used up. Pairs and
    hours count from the loss on; ``hours`` are None where the traffic is not known.
    """

    drop: float
    only: str
    stage: int
    rolled_back: Share
    falsely: Share
    promoted: Share
    neither: Share
    pairs_back: Spread | None = None
    pairs_on: Spread | None = None
    hours_back: Spread | None = None
    hours_on: Spread | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """What a blocking guardrail alone takes to leave a stage, when nothing is lost: ``pairs`` from the start of the roll-out, the median
    (None: not within the pairs that are judged), to exclude a drop of ``margin``.
    """

    guardrail: str
    stage: int
    margin: float
    pairs: float | None


@dataclass(frozen=True, slots=True)
class Stay:
    """How long an equal candidate that is not rolled back stays in a stage: pairs and hours, medians (None: most never leave it; the
    traffic is not known). ``slowest`` is the guardrail that is last to be sure, in most roll-outs.
    """

    stage: int
    percent: float
    pairs: float | None
    hours: float | None
    slowest: str


@dataclass(frozen=True, slots=True)
class Playout:
    """Simulated roll-outs of a plan: ``rollouts`` of each kind, looked at after every pair, up to ``labels`` pairs.

    ``paired``: both arms answer each request (shadow), else traffic is split. ``per_hour`` are units (see ``unit``) an hour. The stay that
    takes longest is number ``bottleneck``. ``conditions`` say what all this holds for, ``notes`` what could not be played as asked.
    """

    plan: str
    rollouts: int
    seed: int
    labels: int
    alpha: float
    paired: bool
    unit: str
    per_hour: float | None
    signals: tuple[Signal, ...]
    kinds: tuple[Kind, ...]
    needs: tuple[Need, ...]
    stays: tuple[Stay, ...]
    bottleneck: int
    conditions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
