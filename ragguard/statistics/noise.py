"""How far a judge disagrees with itself: how often it must be asked of the same answer, and how much of what a check saw is that.

The interval of a check goes over intents. What it sees of an intent is the true difference plus the judge's error on it; where those
errors are independent from intent to intent, their variance is part of the spread between intents, and the interval covers the mean of
what the judge says on average, however noisy it is: more noise, a wider interval. Nothing is added for it; ``noise_of`` says how wide.
That the baseline's verdicts were kept from another night changes nothing: they were drawn once and stay, independent of the candidate's.
What no spread shows is an error that all verdicts share: a judge that is wrong on average (labels correct that), or that was not the same
on both nights (its fingerprint has to say so).
"""

from collections import defaultdict
from collections.abc import Sequence
from math import ceil, fsum, isclose, sqrt

import numpy as np

from ragguard.records.evidence import Spread, Turns
from ragguard.records.judgement import Judgement
from ragguard.records.metric import Scale
from ragguard.records.verdict import Noise
from ragguard.statistics.paired import moments
from ragguard.statistics.rows import Row, complete_pairs, intent_means, oriented

TOLERATED = 0.1
"""Share of the variance of a case's mean that may be the judge's own."""


def turns(verdict_values: Sequence[Sequence[float]], most: int) -> int:
    """Return how many verdicts each answer needs, from 2 to ``most``: so many that the judge's own variance is at most a tenth of that
    of a case's mean.

    Each row holds what the judge said of one answer, the same question asked again; rows of less than two values say nothing, and
    without any other there is no telling: 2. With ``w`` the mean variance within a row and ``b`` that of the true values between them
    (the variance of the rows' means, less what ``w`` adds to it), the answer is the least m with w/m <= 0.1 * (b + w/m). It looks at one
    arm alone, so it cannot follow a difference between arms. A judge that disagrees with itself and with nothing else needs ``most``.
    """
    rows = [list(row) for row in verdict_values if len(row) > 1]
    if not rows:
        return min(2, most)
    within = fsum(float(np.var(row, ddof=1)) for row in rows) / len(rows)
    if isclose(within, 0.0, abs_tol=1e-12):
        return min(2, most)
    means = [fsum(row) / len(row) for row in rows]
    added = fsum(within / len(row) for row in rows) / len(rows)
    between = max((float(np.var(means, ddof=1)) if len(means) > 1 else 0.0) - added, 0.0)
    wanted = within * (1 - TOLERATED) / (TOLERATED * between) if between > 0 else float(most)
    return min(most, max(2, ceil(min(wanted, float(most)) - 1e-9)))


def spread_of(baseline: Sequence[Judgement], candidate: Sequence[Judgement], *, same: bool) -> Spread | None:
    """Return how far a judge disagreed with itself on both answers to a case; None where it was asked of neither.

    ``same`` says that the two answers are the same text: equal verdicts are then one verdict, that was given once and kept.
    """
    turns = _turns(baseline), _turns(candidate)
    shared = same and [each.verdicts for each in baseline] == [each.verdicts for each in candidate]
    return Spread(*turns, shared) if any(turns) else None


def _turns(judgements: Sequence[Judgement]) -> Turns | None:
    """What a judge said of the answers that were drawn to a case, those left out that nobody had to be asked of."""
    values = [each.values for each in judgements if each.judge and each.values]
    if not values:
        return None
    freedom = sum(len(each) - 1 for each in values)
    squares = fsum(float(np.var(each)) * len(each) for each in values)
    return Turns(sum(map(len, values)), squares / freedom if freedom else None)


def noise_of(rows: Sequence[Row], scale: Scale) -> Noise | None:
    """Return how much of the paired differences is the judge disagreeing with itself; None where no answer was judged twice.

    Each answer's variance over its turns counts with the square of what the answer weighs in its intent's mean; that of an answer with
    one turn is taken to be the mean of the others'. Two arms that share a verdict have no noise between them.
    """
    told = [turns for row in rows if row.spread for turns in _asked(row.spread)]
    freedom = sum(turns.count - 1 for turns in told if turns.variance is not None)
    if not freedom:
        return None
    usual = fsum((turns.count - 1) * turns.variance for turns in told if turns.variance is not None) / freedom
    complete = [row for row in rows if row.baseline is not None and row.candidate is not None]
    differences = intent_means(complete_pairs(complete), lambda pair: oriented(pair.candidate, scale) - oriented(pair.baseline, scale))
    spread = float(moments(differences).sd) ** 2 * scale.width**2 if len(differences) > 1 else 0.0
    share = min(_added(complete, usual) / spread, 1.0) if spread else 0.0
    turns = fsum(each.count for each in told) / len(told)
    odds = (1 - TOLERATED) / TOLERATED * share * turns
    return Noise(sqrt(usual), turns, share, max(1, ceil(odds / (1 - share) - 1e-9)) if share < 1 else None)


def _asked(spread: Spread) -> list[Turns]:
    return [turns for turns in (spread.baseline, None if spread.shared else spread.candidate) if turns is not None]


def _added(rows: Sequence[Row], usual: float) -> float:
    """The mean, over intents, of the variance that the judge's noise gives their differences."""
    intents: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        turns = _asked(row.spread) if row.spread is not None and not row.spread.shared else []
        intents[row.intent][row.case].append(fsum((usual if each.variance is None else each.variance) / each.count for each in turns))
    by_intent = [fsum(fsum(case) / len(case) ** 2 for case in cases.values()) / len(cases) ** 2 for cases in intents.values()]
    return fsum(by_intent) / len(by_intent) if by_intent else 0.0
