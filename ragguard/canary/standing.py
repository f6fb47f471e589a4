"""Where a roll-out is: what is shown of it, and what routes its traffic."""

from collections.abc import Iterator
from pathlib import Path

from ragguard.canary import known
from ragguard.canary.opening import Opened, open_
from ragguard.canary.rules import of_canary
from ragguard.plan.load import LoadedPlan
from ragguard.records.canary import Canary, Look, Standing


def standing(plan: Path | LoadedPlan, history: str = "") -> Standing:
    """Return where the roll-out of a plan is that runs, or ran last.

    Raises:
        InputError: there was none.
        CannotJudge: the history cannot be reached.
    """
    opened = open_(plan, history)
    canary = opened.last()
    return of(opened, canary, opened.canaries.look(canary.id))


def of(opened: Opened, canary: Canary, look: Look | None) -> Standing:
    """Where a roll-out is after a look."""
    keeping = of_canary(canary)
    ended = {"running": keeping.percent(canary.stage), "done": 100.0}
    looks = opened.canaries.count_looks(canary.id)
    notes = tuple(_notes(opened, canary, look))
    return Standing(canary, ended.get(canary.state, 0.0), keeping.stages, look, looks, opened.canaries.place.shown, notes)


def abort(plan: Path | LoadedPlan, reason: str, now: float, history: str = "") -> Standing:
    """End the roll-out of a plan by hand, for a reason that is kept.

    Raises:
        InputError: none is running.
    """
    opened = open_(plan, history)
    ended = opened.canaries.end(opened.running().id, reason, now)
    return of(opened, ended, opened.canaries.look(ended.id))


def _notes(opened: Opened, canary: Canary, look: Look | None) -> Iterator[str]:
    if canary.forced:
        yield f"forced: the gate decided {canary.decision!r} (run {canary.run}); the reason given: {canary.reason}"
    if canary.rules != opened.loaded.plan.canary.model_dump(mode="json"):
        yield "the plan's canary section is not what it was at the start, which counts until the end"
    if not any(system.answers for system in opened.loaded.plan.candidates.values()) and (waiting := _unanswered(canary, look)):
        names = " and ".join(waiting)
        yield f"no candidate of the plan answers: unless production's events have answers, {names} wait for ever; name other guardrails"


def _unanswered(canary: Canary, look: Look | None) -> list[str]:
    """The blocking guardrails about answers that nothing has come of yet."""
    seen = {each.name: each.pairs for each in look.guardrails} if look is not None else {}
    named = (each.signal for each in of_canary(canary).plan.guardrails if each.tier == "blocking")
    return [name for name in named if not seen.get(name) and known.of_answers(name)]
