"""What a run leaves: everything that a report shows, as one record. ``report.json`` is this record, key by key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ragguard.records.efficiency import Answering, Latency, Reach, Stage
from ragguard.records.error_rates import ErrorRates
from ragguard.records.evidence import Answer, Score
from ragguard.records.judgement import Judgement
from ragguard.records.verdict import Answer as Decided
from ragguard.records.verdict import Decision

SCHEMA_VERSION = 1

Role = Literal["baseline", "anchor", "candidate"]
Figure = Literal["effective rank", "mean cosine", "neighbours kept", "Spearman", "MTEB"]


@dataclass(frozen=True, slots=True)
class Arm:
    """One system of the run. ``notes`` are what it says of itself (share of documents truncated, index, ...); ``provenance`` is what
    it was trained on, where ragguard trained it.
    """

    name: str
    role: Role
    fingerprint: str
    description: Mapping[str, Any] = field(default_factory=dict)
    notes: Mapping[str, str | int | float] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mean:
    """A metric's mean over the intents of a slice for one arm, without any verdict (of p95 and its like, that quantile of the cases);
    counts are of cases.

    ``slice`` is "" for the whole suite; ``unit`` is behind the number.
    """

    metric: str
    slice: str
    arm: str
    mean: float | None
    scored: int
    unscored: int
    not_applicable: int
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """One figure about an arm's embeddings; shown, never judged.

    ``of`` names what was looked at: a collection, a file of sentence pairs, or a benchmark's task; ``size`` counts its documents or
    pairs (0: not known). ``against`` is the arm that this one is compared with, "" where the figure is the arm's alone. ``value`` is
    None where there is none; ``note`` says why.
    """

    what: Figure
    of: str
    arm: str
    value: float | None
    size: int = 0
    against: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class TaskRun:
    """What a task of lm-eval came to for one candidate (``arm``); ``task`` is "" for all of a suite together, which weigh alike.

    Means and their ``difference`` are of the ``items`` that both arms have a score of, from 0 to 1. ``lower`` and ``upper`` are the
    bounds of the check on this task, None where there is none. ``lost`` are the items that the baseline does better, right where the
    candidate is wrong; ``won`` those of the candidate. ``note`` says why there is no data.
    """

    task: str
    metric: str
    arm: str
    items: int
    baseline: float | None
    candidate: float | None
    difference: float | None
    lower: float | None = None
    upper: float | None = None
    lost: tuple[str, ...] = ()
    won: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """One suite of the run. ``fingerprint`` covers its cases, checks, margins, and collection.

    ``cases`` and ``intents`` count the suite-wide slice. ``note`` says what the suite leaves out. ``made`` are the slices of
    perturbed and attacked cases, by name. ``moved`` is what a suite of kind forgetting tells of the arms' embeddings, and ``tasks``
    what lm-eval's tasks came to. ``corrected`` are the metrics that human labels correct, and ``unlabelled`` counts the cases that were
    asked for a judge alone.
    """

    name: str
    kind: str
    fingerprint: str
    collection: str
    split: str
    collection_fingerprint: str
    cases: int
    intents: int
    description: str = ""
    means: tuple[Mean, ...] = ()
    made: tuple[str, ...] = ()
    moved: tuple[Moved, ...] = ()
    note: str = ""
    tasks: tuple[TaskRun, ...] = ()
    corrected: tuple[str, ...] = ()
    unlabelled: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """A ranked document as the report shows it: its grade in the qrels is None where it was not judged."""

    id: str
    score: float
    grade: int | None = None


@dataclass(frozen=True, slots=True)
class CaseRun:
    """One case: what was asked and expected, how each arm scored, and the head of its ranking.

    ``aside`` marks a case that is there to be compared with, and stands in no suite-wide figure; ``unlabelled`` one that is there for a
    judge alone, and stands in none but the checks that human labels correct. ``answers`` are those of the arms that
    answer, and ``contexts`` the ids of the documents that they were given. ``task`` is the lm-eval task that the case is an item of.
    ``expected`` is what ought to be said, where anything is: a query's golden answer, or what an item of a task wants. ``judged`` is what
    judges said, by arm and metric, one judgement for each answer that was drawn; ``labels`` what people said, in the metric's unit, where
    they labelled any answer to the case (None: not this one).
    """

    id: str
    suite: str
    text: str
    intent: str
    tags: tuple[str, ...]
    slices: tuple[str, ...]
    relevant: Mapping[str, int]
    scores: Mapping[str, Mapping[str, Score]]
    rankings: Mapping[str, tuple[Shown, ...]]
    errors: Mapping[str, str] = field(default_factory=dict)
    aside: bool = False
    answers: Mapping[str, Answer] = field(default_factory=dict)
    contexts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    task: str = ""
    expected: str = ""
    judged: Mapping[str, Mapping[str, tuple[Judgement, ...]]] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    unlabelled: bool = False


@dataclass(frozen=True, slots=True)
class JudgeRun:
    """A judge of the run, and what it came to over all arms and suites, whether it was asked in this run or before.

    ``fingerprint`` covers all that its verdicts hang on; scores of different ones are never compared. ``metrics`` are those that it gave.
    ``answers`` counts what it was to judge, ``verdicts`` how often it did, those that came to nothing included, and ``failed`` these by
    kind; ``turns`` is, by suite and metric, how often each answer was judged. ``tokens`` are those that all verdicts cost. Of a judge that
    was shown pairs in both orders, ``first_won_twice`` and ``second_won_twice`` are the shares where the same place won both times (None:
    there were none).
    """

    name: str
    type: str
    model: str
    fingerprint: str
    metrics: tuple[str, ...] = ()
    answers: int = 0
    verdicts: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)
    turns: Mapping[str, int] = field(default_factory=dict)
    tokens: int = 0
    first_won_twice: float | None = None
    second_won_twice: float | None = None


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """The few fields of a document that a report prints; ``planted`` names the attack that put it there."""

    title: str = ""
    version: str = ""
    status: str = ""
    product: str = ""
    planted: str = ""


@dataclass(frozen=True, slots=True)
class Times:
    """The only part of a report that differs between two runs of the same thing. ``seconds`` are of wall clock, by arm/suite/stage.

    ``memory`` is the highest resident memory of the process in bytes, None where it cannot be measured; ``reach`` says of what the
    peaks of the stages are the highest. ``tokens`` are those that each judge spent in this run, by its name.
    """

    started: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    stages: tuple[Stage, ...] = ()
    latencies: tuple[Latency, ...] = ()
    answering: tuple[Answering, ...] = ()
    memory: int | None = None
    reach: Reach = ""
    tokens: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sequential:
    """How a gate that may stop early went: whether it ``stopped``, after how many ``batches``, and how many of the candidate's ``cases``
    it ``asked``. ``spared`` counts the different questions that were never asked, and ``answers_spared`` the answers that a generator would
    have made to them. ``alpha`` is the plan's; the report's own is the half that the processes, and the fixed rule, each have.
    """

    stopped: bool
    batches: int
    asked: int
    cases: int
    spared: int
    answers_spared: int
    alpha: float


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run. ``question`` is the hash of margins, alpha, endpoints, and seeds, taken before anything was scored; ``answer`` is
    that of the run (that of the promoted candidate if any is, else the gravest); ``best`` is the best of several promoted candidates.
    ``error_rates`` are there where they were measured for what is demanded here, on this run or one before: see ``ragguard error-rates``.
    ``sequential`` is there where the gate might stop early.
    """

    plan: str
    run: str
    question: str
    ragguard: str
    seed: int
    alpha: float
    looks: int
    answer: Decided
    exit_code: int
    arms: tuple[Arm, ...]
    suites: tuple[SuiteRun, ...]
    decisions: tuple[Decision, ...]
    cases: tuple[CaseRun, ...]
    documents: Mapping[str, ShownDocument] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    best: str = ""
    judges: tuple[JudgeRun, ...] = ()
    error_rates: tuple[ErrorRates, ...] = ()
    sequential: Sequential | None = None
    times: Times = Times()
    schema_version: int = SCHEMA_VERSION
