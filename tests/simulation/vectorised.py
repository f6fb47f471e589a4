"""Estimates of many simulated samples at once, from the functions that ``estimate`` itself calls."""

import numpy as np
from populations import Array

from ragguard.records.evidence import Check
from ragguard.records.metric import Scale
from ragguard.records.verdict import Estimate
from ragguard.statistics.binary import mcnemar_worse, tango_bounds
from ragguard.statistics.paired import hall_bounds, moments_of_rows, p_below
from ragguard.statistics.power import guard, mde, needed


def estimates(check: Check, baseline: Array, candidate: Array, *, alpha: float, endpoints: int, binary: bool = False) -> list[Estimate]:
    """One estimate per row of the scores (samples x intents), in [0, 1], higher is better, none missing."""
    differences = candidate - baseline
    found, n = moments_of_rows(differences), differences.shape[1]
    wins, losses = (differences > 0).sum(axis=1), (differences < 0).sum(axis=1)
    if binary:
        p_worse = mcnemar_worse(wins, losses)
        table = {pair: tango_bounds(*pair, n, alpha) for pair in set(zip(wins.tolist(), losses.tolist(), strict=True))}
        lower, upper = np.array([table[pair] for pair in zip(wins.tolist(), losses.tolist(), strict=True)]).T
    else:
        p_worse = p_below(found, 0.0)
        lower, upper = hall_bounds(found, alpha)
    before, after = baseline.mean(axis=1), candidate.mean(axis=1)
    return [
        Estimate(
            check=check,
            scale=Scale(binary=binary),
            alpha=alpha,
            method="",
            cases=n,
            intents=n,
            guard=guard(alpha, check.margin),
            baseline_mean=float(before[row]),
            candidate_mean=float(after[row]),
            difference=float(found.mean[row]),
            lower=float(lower[row]),
            upper=float(upper[row]),
            pass_lower=float(lower[row]),
            pass_mean=float(after[row]),
            sd=float(found.sd[row]),
            mde=mde(float(found.sd[row]), n, alpha),
            p_worse=float(p_worse[row]),
            wins=int(wins[row]),
            ties=int(n - wins[row] - losses[row]),
            losses=int(losses[row]),
            needed=needed(float(found.sd[row]), alpha, check.margin, endpoints),
            needed_as_observed=needed(float(found.sd[row]), alpha, check.margin, endpoints, float(found.mean[row])),
        )
        for row in range(len(differences))
    ]
