"""From what both arms made of the cases of a check to scores that stand side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

from ragguard.records.evidence import Check, PairedScores, Score, Spread, Truth
from ragguard.records.judgement import Judgement
from ragguard.records.metric import Scale
from ragguard.statistics.noise import spread_of


@dataclass(frozen=True, slots=True)
class Place:
    """A case, the intent that it belongs to, and the lm-eval task that it is an item of ("": none)."""

    case: str
    intent: str
    task: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of one arm on one case, under the check's metric.

    ``judgements`` are what the score was made of, where a judge gave it, and ``said`` is the answer's text (None: there is none).
    ``named`` says that people labelled some answer to the case; ``label`` is what they say of this one, in the metric's unit.
    """

    score: Score
    judgements: tuple[Judgement, ...] = ()
    said: str | None = None
    named: bool = False
    label: float | None = None


def paired(
    check: Check, scale: Scale, places: Sequence[Place], baseline: Sequence[Told], candidate: Sequence[Told], *, corrected: bool
) -> PairedScores:
    """Set both arms side by side, case by case; ``corrected`` says that human labels correct the check's judge."""
    return PairedScores(
        check=check,
        scale=scale,
        cases=tuple(place.case for place in places),
        intents=tuple(place.intent for place in places),
        baseline=tuple(each.score for each in baseline),
        candidate=tuple(each.score for each in candidate),
        strata=tuple(place.task for place in places),
        truths=tuple(map(_truth, baseline, candidate)) if corrected else (),
        spreads=tuple(map(_spread, baseline, candidate)) if check.metric.judge else (),
    )


def _truth(before: Told, after: Told) -> Truth | None:
    return Truth(before.label, after.label) if before.named or after.named else None


def _spread(before: Told, after: Told) -> Spread | None:
    return spread_of(before.judgements, after.judgements, same=before.said is not None and before.said == after.said)
