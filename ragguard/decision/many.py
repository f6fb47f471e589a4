"""The decision on many simulated candidates at once: the rule of ``judge`` and ``decide``, for checks of which no score is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ragguard.decision.judge import FAMILY
from ragguard.records.evidence import Check
from ragguard.statistics.family import holm
from ragguard.statistics.many import Sampled


@dataclass(frozen=True, slots=True)
class Decided:
    """Which of the candidates are promoted, and which are blocked; the others are held."""

    promoted: NDArray[np.bool_]
    blocked: NDArray[np.bool_]


def decided(checks: Sequence[tuple[Check, Sampled]], *, alpha: float) -> Decided:
    """Decide on each candidate; ``alpha`` is the chance of a false ``fail`` over the family, which is all blocking and veto checks.

    Checks of tier must fail where they do not pass; advisory ones are not looked at. At least one is blocking.
    """
    family = [(check, found) for check, found in checks if check.tier in FAMILY]
    p_worse = [found.p_worse for _, found in family]
    p_limit = [found.p_limit for _, found in family if found.p_limit is not None]
    significant = holm(np.stack([*p_worse, *p_limit], axis=1)) <= alpha
    matters = np.stack([found.difference <= -check.margin for check, found in family], axis=1)
    count = len(family)
    failed = (significant[:, :count] & matters).any(axis=1) | significant[:, count:].any(axis=1)
    for found in (found for check, found in checks if check.tier == "must"):
        failed = failed | ~found.passes
    passed = np.stack([found.passes for check, found in family if check.tier == "blocking"], axis=1).all(axis=1)
    return Decided(np.asarray(passed & ~failed), np.asarray(failed))
