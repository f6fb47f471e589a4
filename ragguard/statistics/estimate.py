"""The paired comparison of one check: picks the method, and handles what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ragguard.errors import InputError, Problem
from ragguard.records.evidence import PairedScores
from ragguard.records.metric import Scale
from ragguard.records.verdict import Estimate
from ragguard.statistics.binary import mcnemar_uneven, mcnemar_worse, tango_bounds
from ragguard.statistics.corrected import correct
from ragguard.statistics.limits import p_meets_binary, p_meets_graded
from ragguard.statistics.must import must_rule
from ragguard.statistics.noise import noise_of
from ragguard.statistics.paired import Moments, hall_bounds, p_below, phantom_bound
from ragguard.statistics.possible import possible
from ragguard.statistics.power import guard, mde, needed
from ragguard.statistics.rows import Pair, Row, complete_pairs, imputed_pairs, intent_means, intent_strata, oriented, ranged, read_rows
from ragguard.statistics.strata import even, pooled_mean, pooled_moments, worth
from ragguard.statistics.tail import by_quantile

_TIE = 1e-12
"""Differences of intent means smaller than this are rounding."""

BINARY = "Tango's score interval, exact McNemar test"
GRADED = "Hall's skew-corrected t interval, t-test with a phantom gain"
ALIKE = "tasks of unlike size counted alike"
NO_RANGE = "Hall's skew-corrected t interval; shown only: the metric has no range, so missing scores cannot be imputed"


def estimate(pairs: PairedScores, *, alpha: float, endpoints: int) -> Estimate:
    """Compare the arms on one check.

    ``alpha`` is the one-sided error rate of the pass side, already divided by candidates and looks; ``endpoints`` the number of
    blocking endpoints of the plan, among which the power is shared.

    Raises:
        InputError: the scores are not what the scale says, a blocking or veto metric has no range, or the limit lies outside it.
    """
    return possible(_estimated(pairs, alpha, endpoints))


def _estimated(pairs: PairedScores, alpha: float, endpoints: int) -> Estimate:
    rows = read_rows(pairs)
    plain = _counted(pairs, rows, alpha)
    if pairs.check.tier == "must":
        return must_rule(plain, rows)
    _refuse_unusable(plain)
    if pairs.scale.quantile is not None:
        return by_quantile(plain, rows, endpoints)
    plain = replace(plain, noise=noise_of(rows, pairs.scale))
    if pairs.truths:
        return correct(plain, rows, endpoints)
    complete = complete_pairs(rows)
    if not complete:
        return plain
    exact, sample = plain.method.startswith(BINARY), _Sample.of(complete, plain.scale)
    seen = _with_means(plain, complete, sample)
    if seen.intents > 1:
        seen = _with_bounds(seen, rows, sample, endpoints, exact=exact)
    return _with_tests(seen, complete, sample, exact=exact) if ranged(pairs.scale) else seen


def _counted(pairs: PairedScores, rows: Sequence[Row], alpha: float) -> Estimate:
    no_baseline = {row.case for row in rows if row.baseline is None}
    no_candidate = {row.case for row in rows if row.candidate is None}
    strata = intent_strata(complete_pairs(rows))
    return Estimate(
        check=pairs.check,
        scale=pairs.scale,
        alpha=alpha,
        method=_method(pairs, rows),
        cases=len({row.case for row in rows}),
        intents=len(strata),
        worth=None if even(strata) else worth(strata),
        guard=guard(alpha, pairs.check.margin),
        unscored=len(no_baseline | no_candidate),
        missing_baseline=len(no_baseline),
        missing_candidate=len(no_candidate),
        missing_p=mcnemar_uneven(len(no_baseline - no_candidate), len(no_candidate - no_baseline)),
    )


def _method(pairs: PairedScores, rows: Sequence[Row]) -> str:
    if not ranged(pairs.scale):
        return NO_RANGE
    one_row_per_intent = len({row.intent for row in rows}) == len(rows)
    alike = even([row.stratum for row in rows])
    name = BINARY if pairs.scale.binary and one_row_per_intent and alike else GRADED
    return "; ".join(filter(None, [name, "" if alike else ALIKE, "strict" if pairs.check.strict else ""]))


def _refuse_unusable(plain: Estimate) -> None:
    check, scale = plain.check, plain.scale
    if check.tier != "advisory" and not ranged(scale) and scale.quantile is None:
        what = f"{check.metric} has no range, so a margin has no meaning and a missing score no worst value"
        raise InputError(Problem(check.identity, what, "make the check advisory, or declare the metric's low and high"))
    if check.limit is not None and ranged(scale) and not 0 <= oriented(check.limit, scale) <= 1:
        what = f"the limit {check.limit} lies outside the metric's range {scale.low} to {scale.high}"
        raise InputError(Problem(check.identity, what, "give the limit in the metric's own unit"))


@dataclass(frozen=True, slots=True)
class _Sample:
    """The differences of some pairs, one an intent, with the task of each, and their moments."""

    differences: list[float]
    strata: list[str]
    moments: Moments

    @classmethod
    def of(cls, pairs: Sequence[Pair], scale: Scale) -> "_Sample":
        differences = intent_means(pairs, lambda pair: oriented(pair.candidate, scale) - oriented(pair.baseline, scale))
        strata = intent_strata(pairs)
        return cls(differences, strata, pooled_moments(differences, strata))


def _with_means(plain: Estimate, complete: Sequence[Pair], sample: _Sample) -> Estimate:
    differences, strata = sample.differences, sample.strata
    return replace(
        plain,
        baseline_mean=pooled_mean(intent_means(complete, lambda pair: pair.baseline), strata),
        candidate_mean=pooled_mean(intent_means(complete, lambda pair: pair.candidate), strata),
        difference=pooled_mean(differences, strata),
        wins=sum(value > _TIE for value in differences),
        ties=sum(abs(value) <= _TIE for value in differences),
        losses=sum(value < -_TIE for value in differences),
    )


def _with_bounds(seen: Estimate, rows: Sequence[Row], sample: _Sample, endpoints: int, *, exact: bool) -> Estimate:
    alpha, margin = seen.alpha, seen.check.margin
    sd = float(sample.moments.sd)
    lower, upper = _bounds(sample, seen, exact=exact)
    seen = replace(seen, lower=lower, upper=upper, sd=sd)
    if seen.scale.best is None or seen.scale.worst is None:
        return seen
    pass_lower, pass_mean = lower, seen.candidate_mean
    if seen.unscored:
        filled = imputed_pairs(rows, seen.scale.best, seen.scale.worst)
        pass_lower = _bounds(_Sample.of(filled, seen.scale), seen, exact=exact)[0]
        pass_mean = pooled_mean(intent_means(filled, lambda pair: pair.candidate), intent_strata(filled))
    return replace(
        seen,
        pass_lower=pass_lower,
        pass_mean=pass_mean,
        mde=mde(sd, seen.evidence, alpha),
        needed=needed(sd, alpha, margin, endpoints),
        needed_as_observed=needed(sd, alpha, margin, endpoints, seen.difference or 0.0),
    )


def _bounds(sample: _Sample, seen: Estimate, *, exact: bool) -> tuple[float, float]:
    differences, found, alpha = sample.differences, sample.moments, seen.alpha
    lower, upper = tango_bounds(*_discordant(differences), len(differences), alpha) if exact else map(float, hall_bounds(found, alpha))
    return (min(lower, float(phantom_bound(found, alpha))) if seen.check.strict else lower), upper


def _discordant(differences: Sequence[float]) -> tuple[int, int]:
    return sum(value > _TIE for value in differences), sum(value < -_TIE for value in differences)


def _with_tests(seen: Estimate, complete: Sequence[Pair], sample: _Sample, *, exact: bool) -> Estimate:
    p_worse = mcnemar_worse(*_discordant(sample.differences)) if exact else p_below(sample.moments, 0.0)
    return replace(seen, p_worse=float(p_worse), p_limit=_p_limit(seen, complete, exact=exact))


def _p_limit(seen: Estimate, complete: Sequence[Pair], *, exact: bool) -> float | None:
    if seen.check.limit is None:
        return None
    limit = oriented(seen.check.limit, seen.scale)
    scores = intent_means(complete, lambda pair: oriented(pair.candidate, seen.scale))
    sample = pooled_moments(scores, intent_strata(complete))
    return float(p_meets_binary(round(sum(scores)), len(scores), limit) if exact else p_meets_graded(sample, limit))
