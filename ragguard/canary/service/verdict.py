"""What a roll-out's state means to those who route traffic: Argo Rollouts and Flagger. Pure."""

from typing import Literal

from ragguard.records.canary import Standing

Result = Literal["Successful", "Failed", "Inconclusive"]
Hook = Literal["confirm-rollout", "pre-rollout", "rollout", "confirm-traffic-increase", "confirm-promotion", "rollback"]
"""Flagger's hooks that ask; ``post-rollout`` and ``event`` only tell."""


def result(standing: Standing, beyond: float | None = None, stage: int | None = None) -> Result:
    """Failed once it is rolled back or aborted. Successful once it is done, may get more than ``beyond`` percent, or has left ``stage``."""
    state = standing.canary.state
    if state in ("rolled back", "aborted"):
        return "Failed"
    asked = [*([standing.percent > beyond] if beyond is not None else []), *([standing.canary.stage > stage] if stage is not None else [])]
    return "Successful" if state == "done" or (asked and all(asked)) else "Inconclusive"


def passes(hook: Hook, standing: Standing, weight: float | None) -> bool:
    """Whether a hook of Flagger's is answered 200. Only ``rollback`` is a question whose yes is bad news.

    ``weight`` is the candidate's share now, in percent: more than that is asked for.
    """
    failed = result(standing) == "Failed"
    if hook == "rollback":
        return failed
    if hook == "confirm-traffic-increase":
        return weight is not None and not failed and standing.percent > weight
    if hook == "confirm-promotion":
        return standing.percent >= 100
    return standing.canary.state == "running" or (hook == "rollout" and not failed)


def why(standing: Standing) -> tuple[str, ...]:
    """The reasons of the last decision."""
    return standing.look.reasons if standing.look is not None else ("nothing was decided yet",)
