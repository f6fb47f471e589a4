"""From the scores of a check to rows that can be compared, and from rows to one value per intent."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ragguard.errors import InputError, Problem
from ragguard.records.evidence import NotApplicable, PairedScores, Score, Spread, Truth, Unscored
from ragguard.records.metric import Scale

_ROUNDING = 1e-6
"""How far outside its range a score may lie and still be read as the end of the range (float32 metrics)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One scored attempt at one case by both arms, in the metric's own unit; None where the score is missing."""

    case: str
    intent: str
    baseline: float | None
    candidate: float | None
    stratum: str = ""
    truth: Truth | None = None
    spread: Spread | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """A row with both scores, in the metric's own unit."""

    case: str
    intent: str
    baseline: float
    candidate: float
    stratum: str = ""


def read_rows(pairs: PairedScores) -> tuple[Row, ...]:
    """Return the applicable rows, sorted by case id. Rows of one case id are repeats; without strata, all are of one.

    Raises:
        InputError: rows of unequal number, a score that is not finite, outside the range or (binary) between its ends, a case
            that is not applicable in one arm only, or a case of two intents. All problems at once.
    """
    nothing, strata = (None,) * len(pairs.cases), pairs.strata or ("",) * len(pairs.cases)
    truths, spreads = pairs.truths or nothing, pairs.spreads or nothing
    if len({*map(len, (pairs.cases, pairs.intents, pairs.baseline, pairs.candidate, strata, truths, spreads))}) > 1:
        raise InputError(Problem(pairs.check.identity, "cases, intents and scores differ in number", "pair them case by case"))
    found = list(zip(pairs.cases, pairs.intents, pairs.baseline, pairs.candidate, strict=True))
    problems = [Problem(pairs.check.identity, what) for row in found for what in _faults(*row, pairs.scale)] + _torn(pairs)
    if problems:
        raise InputError(problems)
    rows = (
        Row(case, intent, _number(b, pairs.scale), _number(c, pairs.scale), stratum, truth, spread)
        for (case, intent, b, c), stratum, truth, spread in zip(found, strata, truths, spreads, strict=True)
        if _applies(b, c)
    )
    return tuple(sorted(rows, key=lambda row: row.case))


def ranged(scale: Scale) -> bool:
    """Whether the metric has a range, so that a margin has a meaning and a missing score can be imputed."""
    return scale.low is not None and scale.high is not None and scale.high > scale.low


def oriented(value: float, scale: Scale) -> float:
    """Map a score to 0 (worst of the range) to 1 (best); without a range, only turn it so that higher is better."""
    if scale.best is None or scale.worst is None:
        return value if scale.higher_is_better else -value
    return (value - scale.worst) / (scale.best - scale.worst)


def complete_pairs(rows: Iterable[Row]) -> list[Pair]:
    """Return the rows that both arms have a score of."""
    found = ((row, row.baseline, row.candidate) for row in rows)
    return [Pair(row.case, row.intent, b, c, row.stratum) for row, b, c in found if b is not None and c is not None]


def imputed_pairs(rows: Iterable[Row], best: float, worst: float) -> list[Pair]:
    """Return all rows, with a missing baseline score counted as ``best`` and a missing candidate score as ``worst``."""
    return [
        Pair(r.case, r.intent, best if r.baseline is None else r.baseline, worst if r.candidate is None else r.candidate, r.stratum)
        for r in rows
    ]


def intent_means(pairs: Iterable[Pair], value: Callable[[Pair], float]) -> list[float]:
    """Average ``value`` over the repeats of a case, then over the cases of an intent; one mean per intent, sorted by intent."""
    intents: dict[str, dict[str, list[float]]] = {}
    for pair in pairs:
        intents.setdefault(pair.intent, {}).setdefault(pair.case, []).append(value(pair))
    return [mean([mean(repeats) for repeats in cases.values()]) for _, cases in sorted(intents.items())]


def intent_strata(pairs: Iterable[Pair]) -> list[str]:
    """Return the stratum of each intent, in the order of ``intent_means``."""
    return [stratum for _, stratum in sorted({pair.intent: pair.stratum for pair in pairs}.items())]


def mean(values: Sequence[float]) -> float:
    """Return the mean by a compensated sum: the same bits in any order of the values.

    Raises:
        ValueError: there are none.
    """
    if not values:
        raise ValueError("there is no value to take a mean of")
    return values[0] if len(values) == 1 else math.fsum(values) / len(values)


def _applies(*scores: Score) -> bool:
    return not any(isinstance(score, NotApplicable) for score in scores)


def _number(score: Score, scale: Scale) -> float | None:
    if not isinstance(score, float | int):
        return None
    low = -math.inf if scale.low is None else scale.low
    return float(min(max(score, low), math.inf if scale.high is None else scale.high))


def _faults(case: str, _intent: str, baseline: Score, candidate: Score, scale: Scale) -> Sequence[str]:
    one_arm = {isinstance(baseline, NotApplicable), isinstance(candidate, NotApplicable)} == {True, False}
    faults = [f"{arm} score of case {case!r} {what}" for arm, score in (("baseline", baseline), ("candidate", candidate))
              if (what := _fault(score, scale))]  # fmt: skip
    if one_arm and not any(isinstance(score, Unscored) for score in (baseline, candidate)):
        faults.append(f"case {case!r} is not applicable in one arm only; applicability is decided by the case alone")
    return faults


def _fault(score: Score, scale: Scale) -> str:
    if not isinstance(score, float | int):
        return ""
    if not math.isfinite(score):
        return f"is {score}, not a finite number"
    ends = [end for end in (scale.low, scale.high) if end is not None]
    if (scale.low is not None and score < scale.low - _ROUNDING) or (scale.high is not None and score > scale.high + _ROUNDING):
        return f"is {score}, outside the metric's range {scale.low} to {scale.high}"
    if scale.binary and score not in ends:
        return f"is {score}, but the metric is binary ({scale.low} or {scale.high})"
    return ""


def _torn(pairs: PairedScores) -> list[Problem]:
    intents: dict[str, set[str]] = {}
    for case, intent in zip(pairs.cases, pairs.intents, strict=True):
        intents.setdefault(case, set()).add(intent)
    return [
        Problem(pairs.check.identity, f"case {case!r} belongs to several intents: {', '.join(sorted(found))}", "give it one")
        for case, found in sorted(intents.items())
        if len(found) > 1
    ]
