"""What a roll-out's state means to those who route traffic: Argo Rollouts and Flagger. Pure."""

from dataclasses import dataclass
from typing import Literal

from ragguard.records.canary import Canary, Look

Result = Literal["Successful", "Failed", "Inconclusive"]
Hook = Literal["confirm-rollout", "pre-rollout", "rollout", "confirm-traffic-increase", "confirm-promotion", "rollback"]
"""Flagger's hooks that ask; ``post-rollout`` and ``event`` only tell."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A roll-out as the history has it, with its last decision (None before the first)."""

    canary: Canary
    look: Look | None = None


def percent(canary: Canary) -> float:
    """Share of the traffic that the candidate may get now, in percent."""
    if canary.state == "done":
        return 100.0
    if canary.state != "running":
        return 0.0
    stages = canary.rules["stages"]
    return float(stages[canary.stage]["percent"]) if canary.stage < len(stages) else 100.0


def result(canary: Canary, beyond: float | None = None) -> Result:
    """Failed once it is rolled back or aborted. Successful once it is done, or may get more than ``beyond`` percent."""
    if canary.state in ("rolled back", "aborted"):
        return "Failed"
    if canary.state == "done" or (beyond is not None and percent(canary) > beyond):
        return "Successful"
    return "Inconclusive"


def passes(hook: Hook, canary: Canary, weight: float | None) -> bool:
    """Whether a hook of Flagger's is answered 200. Only ``rollback`` is a question whose yes is bad news.

    ``weight`` is the candidate's share now, in percent: more than that is asked for.
    """
    failed = result(canary) == "Failed"
    if hook == "rollback":
        return failed
    if hook == "confirm-traffic-increase":
        return weight is not None and not failed and percent(canary) > weight
    if hook == "confirm-promotion":
        return percent(canary) >= 100
    return canary.state == "running" or (hook == "rollout" and not failed)


def why(standing: Standing) -> tuple[str, ...]:
    """The reasons of the last decision; of an aborted roll-out what the person said."""
    if standing.canary.state == "aborted":
        return (f"aborted: {standing.canary.reason}" if standing.canary.reason else "aborted by a person",)
    return standing.look.reasons if standing.look is not None else ("nothing was decided yet",)
