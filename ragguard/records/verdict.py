"""From scores to a decision: estimate, verdict, decision."""

from dataclasses import dataclass
from typing import Literal

from ragguard.records.evidence import Check
from ragguard.records.metric import Scale

Outcome = Literal["pass", "fail", "inconclusive", "error"]
Answer = Literal["promote", "block", "hold", "error"]


@dataclass(frozen=True, slots=True)
class Noise:
    """How much of what a check saw is its judge disagreeing with itself.

    ``sd`` is the standard deviation of its verdicts on one answer, from turn to turn, in the metric's unit; ``turns`` how often an answer
    was judged, on average; ``share`` the part of the variance of the intents' differences that is the judge's, at that many turns; and
    ``wanted`` the turns at which it would be a tenth (None: no number of them, for nothing else varies).
    """

    sd: float
    turns: float
    share: float
    wanted: int | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """How human labels correct a judge: what people say of the labelled intents, carried over to all that the judge scored.

    ``unlabelled`` counts the intents that the judge alone scored. ``weight``, from 0 to 1, is how far its word counts (0: the labels stand
    alone). ``judged`` is the mean difference that the judge alone sees over all intents, ``labelled`` that of the labels alone, oriented
    and scaled as ``Estimate.difference`` is. ``stale`` counts the cases of which answers were labelled, but not both as they are now.
    ``alike_p`` is the p-value of "the judge scores the baseline's answers to labelled and unlabelled intents alike", None where it says
    the same of all.
    """

    unlabelled: int
    weight: float
    judged: float | None = None
    labelled: float | None = None
    stale: int = 0
    alike_p: float | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """The paired comparison of one check.

    Means are in the metric's unit. ``difference``, ``lower``, ``upper``, ``sd`` and ``mde`` are oriented so that higher is better
    and divided by the width of the metric's range, as margins are. ``lower`` and ``upper`` are one-sided bounds, each at ``alpha``.
    Whatever formulas say, means are given within the metric's range, differences and their bounds within [-1, 1]. None stands where
    there is nothing to compute from.

    ``cases`` counts the applicable cases, scored or not, ``unscored`` those of them without a score in one arm or the other, and
    ``intents`` those with a case scored in both arms, over which the means go.

    ``pass_lower`` is the lower bound, and ``pass_mean`` the candidate's mean, with missing candidate scores counted as worst and
    missing baseline scores as best (equal to ``lower`` and ``candidate_mean`` when none is missing; None where the metric has no
    range); ``p_worse`` is the p-value of "not worse than the baseline", ``p_limit`` of "meets its limit";
    ``guard`` is the least number of intents that can pass; ``needed`` the intents that would settle the check if the candidate
    equals the baseline, ``needed_as_observed`` if the observed difference is the true one (None: more cases will not help).
    ``worth`` is how many intents these would be worth if each counted alike, where they do not because tasks of unlike size count
    alike (None: they do).
    ``missing_p`` is the McNemar p-value of "scores are missing evenly between the arms".

    ``noise`` is there where a judge was asked several times. ``correction`` is there where people labelled answers: ``intents`` are then
    the labelled ones, ``sd`` is the standard error times the square root of their number, wins, ties and losses are what people say,
    and ``needed`` counts labelled intents, if the unlabelled ones grow with them.
    """

    check: Check
    scale: Scale
    alpha: float
    method: str
    cases: int
    intents: int
    guard: int
    baseline_mean: float | None = None
    candidate_mean: float | None = None
    difference: float | None = None
    lower: float | None = None
    upper: float | None = None
    pass_lower: float | None = None
    pass_mean: float | None = None
    sd: float | None = None
    mde: float | None = None
    p_worse: float | None = None
    p_limit: float | None = None
    wins: int = 0
    ties: int = 0
    losses: int = 0
    unscored: int = 0
    missing_baseline: int = 0
    missing_candidate: int = 0
    missing_p: float = 1.0
    needed: int | None = None
    needed_as_observed: int | None = None
    misses: tuple[str, ...] = ()
    worth: int | None = None
    noise: Noise | None = None
    correction: Correction | None = None

    @property
    def evidence(self) -> int:
        """The intents, or what they are worth."""
        return self.intents if self.worth is None else self.worth


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be thought of one check, and why, in words.

    ``against`` names the reference arm; ``degraded`` marks a pass whose whole interval lies below 0; ``p_adjusted`` is the smaller
    Holm-adjusted p-value of the check's two fail tests, None outside the family; ``misses`` are the cases a ``must`` check lost.
    """

    check: Check
    outcome: Outcome
    reasons: tuple[str, ...]
    estimate: Estimate
    against: str = "baseline"
    degraded: bool = False
    p_adjusted: float | None = None
    misses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with a candidate, with reasons a person can act on, most important first."""

    candidate: str
    answer: Answer
    reasons: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    not_run: tuple[str, ...] = ()
