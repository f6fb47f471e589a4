"""From the estimates of one candidate's checks to a verdict on each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ragguard.decision import reasons
from ragguard.records.verdict import Estimate, Outcome, Verdict
from ragguard.statistics.family import holm
from ragguard.statistics.rows import ranged

MAX_MISSING = 0.02
"""Share of unscored cases above which a check cannot pass."""

UNLIKE = 0.001
"""p-value of "the judge scores labelled and unlabelled intents alike" at or below which a check cannot pass."""

UNEVEN = 0.01
"""p-value of "missing evenly between the arms" at or below which a check cannot pass."""

FAMILY = ("blocking", "veto")


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The Holm-adjusted p-values of a check's two fail tests; None where there was nothing to test."""

    worse: float | None = None
    limit: float | None = None

    @property
    def least(self) -> float | None:
        """The smaller of the two."""
        return min((p for p in (self.worse, self.limit) if p is not None), default=None)


def judge(estimates: Sequence[tuple[str, Estimate]], *, alpha: float) -> tuple[Verdict, ...]:
    """Judge all checks of one candidate, in the order given.

    ``estimates`` pairs each with its reference arm ("baseline" or "anchor"). ``alpha`` is the chance of a false ``fail`` over the
    whole family, which is all blocking and veto checks. Advisory checks are adjusted among themselves, so that a long list of
    them does not cry wolf, and their p-values stay out of the verdicts.
    """
    adjusted = [Adjusted()] * len(estimates)
    for tiers in (FAMILY, ("advisory",)):
        members = [index for index, (_, estimate) in enumerate(estimates) if estimate.check.tier in tiers]
        for index, found in zip(members, _adjust([estimates[index][1] for index in members]), strict=True):
            adjusted[index] = found
    return tuple(_verdict(against, estimate, p, alpha) for (against, estimate), p in zip(estimates, adjusted, strict=True))


def _adjust(estimates: Sequence[Estimate]) -> list[Adjusted]:
    raw = [p for estimate in estimates for p in (estimate.p_worse, estimate.p_limit)]
    present = [p for p in raw if p is not None]
    adjusted = iter(holm(np.asarray(present)).tolist()) if present else iter(())
    both = [None if p is None else next(adjusted) for p in raw]
    return [Adjusted(worse, limit) for worse, limit in zip(both[::2], both[1::2], strict=True)]


def _verdict(against: str, estimate: Estimate, p: Adjusted, alpha: float) -> Verdict:
    outcome, degraded, words = _must(estimate) if estimate.check.tier == "must" else _compare(against, estimate, p, alpha)
    return Verdict(
        check=estimate.check,
        outcome=outcome,
        reasons=words,
        estimate=estimate,
        against=against,
        degraded=degraded,
        p_adjusted=p.least if estimate.check.tier in FAMILY else None,
        misses=estimate.misses,
    )


_Judged = tuple[Outcome, bool, tuple[str, ...]]


def _must(estimate: Estimate) -> _Judged:
    if estimate.misses:
        return "fail", False, (reasons.missed(estimate),)
    if _too_few(estimate.missing_candidate, estimate):
        return "error", False, (reasons.unscorable(estimate),)
    if estimate.missing_candidate:
        return "inconclusive", False, (reasons.must_unscored(estimate),)
    return "pass", False, (reasons.all_met(estimate),)


def _compare(against: str, estimate: Estimate, p: Adjusted, alpha: float) -> _Judged:
    unlabelled = estimate.correction is not None and not estimate.intents
    if (not estimate.intents and not unlabelled) or _too_few(estimate.unscored, estimate):
        return "error", False, (reasons.unscorable(estimate),)
    if unlabelled:
        return "inconclusive", False, (reasons.no_labels(against, estimate),)
    failures = () if _out_of_date(estimate) else _failures(against, estimate, p, alpha)
    if failures:
        return "fail", False, failures
    doubts = _doubts(estimate)
    if doubts:
        return "inconclusive", False, (f"{reasons.change(against, estimate, p.worse)}: {'; '.join(doubts)}",)
    degraded = estimate.upper is not None and estimate.upper < 0
    return "pass", degraded, (reasons.passed(against, estimate, degraded=degraded),)


def _too_few(unscored: int, estimate: Estimate) -> bool:
    return not estimate.cases or unscored / estimate.cases > estimate.check.max_unscored


def _out_of_date(estimate: Estimate) -> bool:
    """Whether labels are missing of answers that have changed: those that are left are then no fair sample, for better or worse."""
    if estimate.correction is None:
        return False
    stale = estimate.correction.stale
    return stale / max(stale + estimate.intents, 1) > MAX_MISSING


def _unlike(estimate: Estimate) -> bool:
    p = estimate.correction.alike_p if estimate.correction is not None else None
    return p is not None and p <= UNLIKE


def _failures(against: str, estimate: Estimate, p: Adjusted, alpha: float) -> tuple[str, ...]:
    found = []
    really_worse = estimate.difference is not None and estimate.difference <= -estimate.check.margin
    if p.worse is not None and p.worse <= alpha and really_worse:
        found.append(reasons.change(against, estimate, p.worse))
    if p.limit is not None and p.limit <= alpha:
        found.append(reasons.beyond_limit(estimate, p.limit))
    return tuple(found)


def _doubts(estimate: Estimate) -> list[str]:
    if not ranged(estimate.scale) and estimate.scale.quantile is None:
        return [reasons.no_range()]
    lower_held = estimate.pass_lower is not None and estimate.pass_lower > -estimate.check.margin
    tests = [
        (estimate.evidence < estimate.guard, reasons.below_guard),
        (not lower_held and estimate.evidence >= estimate.guard, reasons.bound_too_low),
        (not _meets_limit(estimate), reasons.limit_not_met),
        (estimate.unscored / estimate.cases > MAX_MISSING, reasons.too_many_missing),
        (estimate.missing_p < UNEVEN, reasons.uneven),
        (_out_of_date(estimate), reasons.stale),
        (_unlike(estimate), reasons.unlike),
    ]
    return [words(estimate) for doubted, words in tests if doubted]


def _meets_limit(estimate: Estimate) -> bool:
    if estimate.check.limit is None or estimate.pass_mean is None:
        return estimate.check.limit is None
    above = estimate.pass_mean >= estimate.check.limit
    return above if estimate.scale.higher_is_better else estimate.pass_mean <= estimate.check.limit
