"""The rules of a roll-out, as they were at its start."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ragguard.canary.folding import Signal, restored
from ragguard.decision.rollout import Rules, Stage
from ragguard.errors import InputError, Problem
from ragguard.plan.canary import CanaryPlan
from ragguard.records.canary import Canary
from ragguard.statistics.betting import unseen


@dataclass(frozen=True)
class Keeping:
    """What a roll-out keeps to: the plan's words, and the rules that decide."""

    plan: CanaryPlan
    rules: Rules

    @property
    def stages(self) -> int:
        """How many there are before all traffic."""
        return len(self.plan.stages)

    def percent(self, stage: int) -> float:
        """The candidate's share of the traffic at a stage, in percent."""
        return self.plan.stages[stage].percent if stage < self.stages else 100.0

    def signals(self, kept: Mapping[str, Any]) -> dict[str, Signal]:
        """The guardrails' signals as they are kept; those of which nothing is kept yet are empty. Raises InputError on one that is none."""
        try:
            return {each.signal: self._signal(each.signal, each.margin, kept.get(each.signal)) for each in self.plan.guardrails}
        except ValueError as error:
            fix = "use the ragguard that began it, or abort it and begin again"
            raise InputError(Problem("the canary's evidence", f"cannot be read: {error}", fix)) from error

    def _signal(self, name: str, margin: float, kept: Mapping[str, Any] | None) -> Signal:
        empty = Signal(unseen(self.rules.margins(margin)))
        if kept is None:
            return empty
        found = restored(kept)
        if found.evidence.margins != empty.evidence.margins:
            raise ValueError(f"{name} follows the margins {found.evidence.margins}, not {empty.evidence.margins}")
        return found


def of_plan(plan: CanaryPlan) -> Keeping:
    """What a plan's canary section makes."""
    return Keeping(
        plan,
        Rules(
            stages=tuple(Stage(each.percent, each.margin, each.pairs) for each in plan.stages),
            alpha=plan.alpha,
            emergency=plan.emergency,
            emergency_pairs=plan.emergency_pairs,
            errors=plan.errors,
            unsafe=plan.unsafe,
            labels=plan.labels,
            grace=plan.grace,
            silence=plan.silence,
        ),
    )


def of_canary(canary: Canary) -> Keeping:
    """What a roll-out keeps to, whatever the plan says by now.

    Raises:
        InputError: it was begun by a ragguard whose rules this one does not know.
    """
    try:
        return of_plan(CanaryPlan.model_validate(canary.rules))
    except ValidationError as error:
        what = f"has rules that this ragguard does not know: {error.errors()[0]['loc']}"
        raise InputError(Problem(f"canary {canary.id}", what, "use the ragguard that began it, or abort it and begin again")) from error
