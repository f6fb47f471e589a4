"""The paired comparison of a check whose scores are a judge's word, where people labelled some of the answers."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtr

from ragguard.records.verdict import Correction, Estimate
from ragguard.statistics.limits import p_meets_graded
from ragguard.statistics.paired import SMALLEST, Array, Moments, hall_bounds, moments, p_below, phantom_bound
from ragguard.statistics.power import mde, needed
from ragguard.statistics.ppi import Split, alone, corrected, diluted, guarded_bound, rectified, trusted
from ragguard.statistics.rows import Pair, Row, complete_pairs, intent_means, mean, oriented

METHOD = "a judge corrected by human labels (PPI++), Hall's skew-corrected t interval, t-test with a phantom gain"
LABELS_ALONE = "human labels alone, Hall's skew-corrected t interval, t-test with a phantom gain"

_TIE = 1e-12
"""Differences of intent means smaller than this are rounding."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What both arms have a score of: the labelled cases, as people and as the judge see them, and the cases of all other intents."""

    human: Sequence[Pair]
    judged: Sequence[Pair]
    others: Sequence[Pair]

    def split(self, value: Callable[[Pair], float]) -> Split:
        """A value of each intent, as a correction takes it."""
        return Split(*(np.asarray(intent_means(pairs, value), dtype=np.float64) for pairs in (self.human, self.judged, self.others)))


def correct(plain: Estimate, rows: Sequence[Row], endpoints: int) -> Estimate:
    """Compare the arms by what people say of some answers and a judge of all; ``plain`` is the estimate without any numbers.

    An intent is labelled if a case of it is, in both arms; its other cases are then left out. Without any labelled intent there is
    nothing but counts.
    """
    seen, scale = seen_of(rows), plain.scale

    def difference(pair: Pair) -> float:
        return oriented(pair.candidate, scale) - oriented(pair.baseline, scale)

    split = seen.split(difference)
    weight = trusted(split, plain.alpha)
    counted = replace(plain, intents=split.sizes[0], worth=None, method=_method(plain, weight))
    counted = replace(counted, correction=_correction(rows, seen, split, weight))
    if not split.sizes[0]:
        return counted
    sample = corrected(split, weight)
    found = _with_means(counted, seen, split, weight, sample)
    if split.sizes[0] > 1:
        found = _with_bounds(found, rows, split, sample, endpoints)
    return replace(found, p_worse=float(p_below(sample, 0.0)), p_limit=_p_limit(found, seen, weight))


def seen_of(rows: Sequence[Row]) -> Seen:
    """Sort the rows that both arms have a score of by who scored them."""
    complete = [(row, pair) for row in rows for pair in complete_pairs([row])]
    human = [
        replace(pair, baseline=row.truth.baseline, candidate=row.truth.candidate)
        for row, pair in complete
        if row.truth is not None and row.truth.baseline is not None and row.truth.candidate is not None
    ]
    both, intents = {pair.case for pair in human}, {pair.intent for pair in human}
    return Seen(human, [pair for _, pair in complete if pair.case in both], [pair for _, pair in complete if pair.intent not in intents])


def _method(plain: Estimate, weight: Array) -> str:
    return "; ".join(filter(None, [METHOD if weight.any() else LABELS_ALONE, "strict" if plain.check.strict else ""]))


def _correction(rows: Sequence[Row], seen: Seen, split: Split, weight: Array) -> Correction:
    n, unlabelled = split.sizes
    torn = {
        row.case
        for row in rows
        if row.truth is not None
        and None not in (row.baseline, row.candidate)
        and (row.truth.baseline is None or row.truth.candidate is None)
    }
    every = [*split.judged.tolist(), *split.unlabelled.tolist()]
    before = seen.split(lambda pair: pair.baseline)
    return Correction(
        unlabelled=unlabelled,
        weight=float(weight.mean()) if n else 0.0,
        judged=mean(every) if every else None,
        labelled=mean(split.human.tolist()) if n else None,
        stale=len(torn),
        alike_p=_alike(before.judged.tolist(), before.unlabelled.tolist()),
    )


def _alike(one: Sequence[float], other: Sequence[float]) -> float | None:
    """The two-sided p-value of Welch's test that two samples have one mean; None where it cannot tell."""
    if len(one) < 2 or len(other) < 2:
        return None
    samples = [moments(one), moments(other)]
    variances = [float(each.sd) ** 2 / each.n for each in samples]
    if not sum(variances):
        return None
    df = sum(variances) ** 2 / math.fsum(v * v / (each.n - 1) for v, each in zip(variances, samples, strict=True))
    t = abs(float(samples[0].mean - samples[1].mean)) / math.sqrt(sum(variances))
    return max(2 * float(stdtr(df, -t)), SMALLEST)


def _with_means(counted: Estimate, seen: Seen, split: Split, weight: Array, sample: Moments) -> Estimate:
    """The arms' own means are corrected with the weights of the differences, so that they differ by the difference."""
    human = split.human.tolist()
    baseline, candidate = (
        mean(rectified(seen.split(arm), weight).tolist()) for arm in (lambda pair: pair.baseline, lambda pair: pair.candidate)
    )
    return replace(
        counted,
        baseline_mean=baseline,
        candidate_mean=candidate,
        difference=float(sample.mean),
        wins=sum(value > _TIE for value in human),
        ties=sum(abs(value) <= _TIE for value in human),
        losses=sum(value < -_TIE for value in human),
    )


def _with_bounds(found: Estimate, rows: Sequence[Row], split: Split, sample: Moments, endpoints: int) -> Estimate:
    alpha, margin, sd, labels = found.alpha, found.check.margin, float(sample.sd), alone(split)
    missing, intents = _missing(rows)
    worst = 0.0 if found.scale.worst is None else found.scale.worst
    after = 0.0 if found.candidate_mean is None else found.candidate_mean
    return replace(
        found,
        lower=_lower(found, sample, labels),
        upper=float(hall_bounds(sample, alpha)[1]),
        sd=sd,
        pass_lower=_lower(found, *(diluted(each, missing, intents, -1.0) for each in (sample, labels))),
        pass_mean=(1 - missing) * after + missing * worst,
        mde=mde(sd, found.intents, alpha),
        needed=needed(sd, alpha, margin, endpoints),
        needed_as_observed=needed(sd, alpha, margin, endpoints, found.difference or 0.0),
    )


def _lower(found: Estimate, sample: Moments, labels: Moments) -> float:
    lower = float(guarded_bound(sample, labels, found.alpha))
    return min(lower, float(phantom_bound(sample, found.alpha))) if found.check.strict else lower


def _missing(rows: Sequence[Row]) -> tuple[float, int]:
    """The share of the intents that lacks a score in one arm or the other, an intent's cases counting alike, and how many there are."""
    intents: dict[str, list[float]] = {}
    for row in rows:
        intents.setdefault(row.intent, []).append(float(row.baseline is None or row.candidate is None))
    return mean([mean(lacking) for _, lacking in sorted(intents.items())]), len(intents)


def _p_limit(found: Estimate, seen: Seen, weight: Array) -> float | None:
    if found.check.limit is None:
        return None
    scores = corrected(seen.split(lambda pair: oriented(pair.candidate, found.scale)), weight)
    return float(p_meets_graded(scores, oriented(found.check.limit, found.scale)))
