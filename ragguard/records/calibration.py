"""What a judge is worth, measured on answers that people labelled. Labels and judge's values run from 0 (worst) to 1 (best)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, with a two-sided interval at the calibration's level.

    ``value`` is None where it cannot be told, and ``lower`` and ``upper`` where nothing can be said of its error; ``note`` says why, or
    how to read it. ``n`` counts the answers (or pairs, or raters' labels) that it is made of, ``intents`` what those belong to.
    ``needed`` maps half a width (``0.1``, ``0.05``) to the labelled answers with which the interval would be that narrow, if the
    further answers are like these.
    """

    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    n: int = 0
    intents: int = 0
    note: str = ""
    needed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Confusion:
    """Answers by who says yes: people (``label``), and the judge at the threshold."""

    both_yes: int = 0
    judge_only: int = 0
    people_only: int = 0
    both_no: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.both_yes + self.judge_only + self.people_only + self.both_no


@dataclass(frozen=True, slots=True)
class BestThreshold:
    """The threshold with the largest sum of sensitivity and specificity on these very answers: optimistic, as any best of many is."""

    threshold: float
    sensitivity: float
    specificity: float


@dataclass(frozen=True, slots=True)
class Position:
    """Pairs of answers that were judged in both orders.

    ``first`` are the pairs in which whichever answer stood first was preferred, ``second`` those in which the other was; ``share`` is
    that of both together, the pairs that position decided. ``p_value`` is of "neither place is preferred" (exact binomial, two-sided).
    """

    pairs: int
    first: int
    second: int
    share: Figure
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class People:
    """How well people agree with each other, where several labelled the same answers: what a judge can be expected to reach.

    ``alpha`` is Krippendorff's, of their own labels; ``judge`` is the judge's kappa (quadratic weights) with each single label of the
    same answers, at the threshold where labels only say yes or no; that is fair to set beside it. ``answers`` have more than one label.
    """

    answers: int
    raters: int
    alpha: Figure
    judge: Figure


@dataclass(frozen=True, slots=True)
class Prediction:
    """How many labelled intents prediction-powered inference would need with this judge, to compare two systems within ``margin``.

    ``sd`` is the standard deviation of the labels' differences between two answers of one intent, ``residual`` that of label - weight *
    judge, with the ``weight`` that makes it least. ``with_judge`` and ``labels_alone`` are the intents that follow. ``paired`` tells
    whether differences were seen, or assumed to be of two answers that have nothing in common. ``alpha`` is one-sided, and
    ``endpoints`` counts the blocking checks among which the power is shared.
    """

    margin: float
    alpha: float
    endpoints: int
    intents: int
    sd: float
    residual: float
    weight: float
    with_judge: int
    labels_alone: int
    paired: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """All that labels and a judge's values tell of each other.

    ``weighted`` is kappa with quadratic weights on the values as they are; ``kappa``, ``agreement``, ``sensitivity`` and
    ``specificity`` are of yes and no, at the threshold. ``prevalence`` is the share of answers that people say yes to; ``bias`` the
    mean of judge - label over intents: above 0, the judge is too lenient. ``length`` is what the judge gives to an answer that is twice
    as long, at an equal label.
    """

    level: float
    threshold: float
    answers: int
    intents: int
    graded: bool
    confusion: Confusion
    tied: int
    kappa: Figure
    weighted: Figure
    agreement: Figure
    sensitivity: Figure
    specificity: Figure
    auroc: Figure
    prevalence: Figure
    bias: Figure
    length: Figure
    best: BestThreshold | None = None
    position: Position | None = None
    people: People | None = None
    prediction: Prediction | None = None


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """One answer that people and the judge have a value of; ``labels`` are the raters' own. ``tied`` are neither yes nor no."""

    query: str
    intent: str
    answer_sha256: str
    label: float
    judge: float
    labels: tuple[float, ...] = ()
    tied: bool = False


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An answer of which people and judge say most unlike things, with what the judge said in its own words."""

    query: str
    question: str
    answer: str
    label: float
    judge: float
    labels: int = 1
    reason: str = ""
    against: str = ""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What ``ragguard judge calibrate`` found; ``calibration.json`` is this record, key by key.

    ``judge`` is the judge's name in the plan and ``judge_fingerprint`` its own, "" where the file itself holds the judge's values.
    ``open`` counts rows without a label, ``unjudged`` labelled answers without a judge's value, by reason. ``summary`` is the verdict
    in words.
    """

    labels: str
    labels_fingerprint: str
    ragguard: str
    agreement: Agreement
    metric: str = ""
    judge: str = ""
    judge_fingerprint: str = ""
    raters: int = 0
    open: int = 0
    unjudged: Mapping[str, int] = field(default_factory=dict)
    summary: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    worst: tuple[Disagreement, ...] = ()
    answers: tuple[JudgedAnswer, ...] = ()
    schema_version: int = SCHEMA_VERSION
