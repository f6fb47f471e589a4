"""Many roll-outs at once, looked at after every pair: the rules of ``decision.rollout`` on matrices of differences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from populations import Array

from ragguard.decision.rollout import MARGIN, Rules
from ragguard.statistics.sequential import within_margin, worse

RULES = Rules()
NEVER = 10**9
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Played:
    """After how many pairs each roll-out would be rolled back, and left each stage; ``NEVER`` where it is not."""

    rolled: Counts
    left: tuple[Counts, ...]

    @property
    def rolled_back(self) -> NDArray[np.bool_]:
        """Rolled back before all traffic was the candidate's, as happens when both would come at one look."""
        return (self.rolled < NEVER) & (self.rolled <= self.left[-1])

    @property
    def promoted(self) -> NDArray[np.bool_]:
        return (self.left[-1] < NEVER) & ~self.rolled_back


def first(mask: NDArray[np.bool_]) -> Counts:
    """The number of the first look of each row at which ``mask`` holds, from 1 on."""
    return np.where(mask.any(axis=1), mask.argmax(axis=1) + 1, NEVER)


def played(guardrails: Sequence[Array], rules: Rules = RULES) -> Played:
    """Play roll-outs (rows) of paired differences (columns), one matrix a guardrail."""
    looks = np.arange(1, guardrails[0].shape[1] + 1)
    needed, rolled = np.log(len(guardrails) / rules.alpha), np.zeros(guardrails[0].shape, dtype=bool)
    for each in guardrails:
        means = np.cumsum(each, axis=1) / looks
        rolled |= (worse(each) >= needed) & (means <= -MARGIN / 2)
        rolled |= (looks >= rules.emergency_pairs) & (means <= -rules.emergency)
    left: list[Counts] = []
    for stage in rules.stages:
        sure = np.logical_and.reduce([within_margin(each, stage.margin) >= -np.log(rules.alpha) for each in guardrails])
        after = left[-1][:, None] if left else 0
        left.append(first(sure & (looks >= stage.pairs) & (looks > after)))
    return Played(first(rolled), tuple(left))
