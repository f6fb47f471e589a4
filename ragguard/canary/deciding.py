"""A look at a roll-out: what is over enters the evidence, the rules speak, and what they say is kept, in one transaction."""

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ragguard.canary import hints
from ragguard.canary.folding import Folded, Signal, Span, Waiting, fold
from ragguard.canary.hints import Marks, nothing
from ragguard.canary.opening import open_
from ragguard.canary.rules import Keeping, of_canary
from ragguard.decision import rollout
from ragguard.decision.rollout import Guardrail, Next, Traffic
from ragguard.history.canaries import Canaries
from ragguard.history.turn import Requests, Turn
from ragguard.plan.load import LoadedPlan
from ragguard.records.canary import Canary, GuardrailState, Look, State

AHEAD = 300.0
"""Seconds that a server's clock may go before this one; what is later waits."""

MOST = 50.0
"""The log of the most evidence that is told."""

SPENT = "spent"
"""The key of the time since which the labels are used up, beside the signals."""


def decide(plan: Path | LoadedPlan, now: float, history: str = "") -> tuple[Canary, Look]:
    """Decide on a plan's roll-out at ``now`` (seconds since 1970); return it as it is then, and the look.

    Of one that has ended the last look is returned again, and nothing is decided.

    Raises:
        InputError: there is none.
        CannotJudge: the history cannot be reached.
    """
    opened = open_(plan, history)
    canary = opened.last()
    last = opened.canaries.look(canary.id)
    if canary.state != "running" and last is not None:
        return canary, last
    return decide_on(opened.canaries, canary, now, opened.marks)


def decide_on(canaries: Canaries, canary: Canary, now: float, marks: Marks = nothing) -> tuple[Canary, Look]:
    """Decide on a roll-out that is running; ``marks`` is what hints know of documents. A time before the last look is that of the last
    look: clocks may be set back.

    Raises:
        Ended: it is not running any more.
    """
    keeping = of_canary(canary)
    with canaries.deciding(canary.id) as turn:
        last = turn.last()
        return _look(turn, keeping, max(now, turn.canary.since, last.at if last is not None else 0.0), marks)


def _look(turn: Turn, keeping: Keeping, now: float, marks: Marks) -> tuple[Canary, Look]:
    signals = keeping.signals(turn.evidence.get("signals", {}))
    folded = _folded(turn, keeping, signals, now)
    guardrails = {
        each.signal: Guardrail(signals[each.signal].evidence, each.margin, each.tier, each.minimum, folded.early[each.signal])
        for each in keeping.plan.guardrails
    }
    spent = _spent(turn.evidence.get(SPENT), keeping, guardrails, now)
    requests = turn.requests(now + AHEAD)
    traffic = _traffic(turn, keeping, requests, now, spent)
    told = rollout.decide(keeping.rules, turn.canary.stage, guardrails, traffic)
    canary = _moved(turn.canary, told, now)
    look = Look(
        at=now,
        action=told.action,
        stage=told.stage,
        reasons=told.reasons,
        person=told.person,
        moved=canary != turn.canary,
        guardrails=_states(keeping, min(turn.canary.stage, keeping.stages - 1), guardrails, signals),
        counts=_counts(turn, folded, requests, traffic, now),
        hints=_hints(turn, told, now, marks),
    )
    turn.keep(canary, {"signals": {name: each.kept() for name, each in signals.items()}, SPENT: spent}, look)
    return canary, look


def _hints(turn: Turn, told: Next, now: float, marks: Marks) -> tuple[str, ...]:
    """What may be the cause, where there is something to look for; the collection is read for a rollback alone, which comes once."""
    if told.action == "rollback":
        return hints.of(turn, now, marks)
    return hints.of(turn, now) if told.person else ()


def _folded(turn: Turn, keeping: Keeping, signals: dict[str, Signal], now: float) -> Folded:
    """Enter what is over, and note what became of the events."""
    plan = keeping.plan
    waiting = (Waiting(row.id, row.side, row.at, row.cluster, json.loads(row.signals), row.entered) for row in turn.waiting(now + AHEAD))
    folded = fold(signals, waiting, Span(now, 60 * plan.window, 60 * plan.lateness, turn.canary.started))
    turn.enter((unit.side, unit.cluster, unit.at) for unit in folded.entered)
    for status, events in folded.fates.items():
        turn.fate(status, events)
    return folded


def _spent(since: float | None, keeping: Keeping, guardrails: Mapping[str, Guardrail], now: float) -> float | None:
    """Since when the labels are used up."""
    return since if since is not None or rollout.used(guardrails) < keeping.rules.labels else now


def _traffic(turn: Turn, keeping: Keeping, requests: Requests, now: float, spent: float | None) -> Traffic:
    plan, canary = keeping.plan, turn.canary
    since = canary.since + 60 * plan.settle
    units = turn.units(since, now - 60 * plan.lateness, (canary.since - 60 * plan.window, since))
    return Traffic(
        baseline=units["baseline"],
        candidate=units["candidate"],
        requests=requests.seen,
        failed=requests.failed,
        unsafe=requests.unsafe,
        silent=max(0.0, now - max(canary.started, requests.last or 0.0)) / 60,
        held=(now - spent) / 3600 if spent is not None else 0.0,
        paired=not any(units.values()),
    )


def _moved(canary: Canary, told: Next, now: float) -> Canary:
    ends: Mapping[str, State] = {"rollback": "rolled back", "done": "done"}
    if told.action in ends:
        return replace(canary, state=ends[told.action])
    return replace(canary, stage=told.stage, since=now) if told.stage != canary.stage else canary


def _states(keeping: Keeping, stage: int, guardrails: Mapping[str, Guardrail], signals: Mapping[str, Signal]) -> tuple[GuardrailState, ...]:
    found = []
    for name, each in guardrails.items():
        margin = rollout.scaled(keeping.rules.stages[stage].margin, each.margin)
        seen, signal = each.evidence, signals[name]
        found.append(
            GuardrailState(
                name, each.tier, seen.pairs, seen.mean, _told(seen.log_loss), rollout.needed(keeping.rules, guardrails), margin,
                _told(seen.log_within(margin)), signal.mean("baseline"), signal.mean("candidate"),
            )
        )  # fmt: skip
    return tuple(found)


def _told(log: float) -> float:
    return math.exp(min(log, MOST))


def _counts(turn: Turn, folded: Folded, requests: Requests, traffic: Traffic, now: float) -> dict[str, int]:
    """The events by side and by what became of them, and the units of this stage."""
    return {
        **turn.statuses(),
        "future": turn.ahead(now + AHEAD),
        "requests": requests.seen,
        "failed": requests.failed,
        "unsafe": requests.unsafe,
        "entering": len(folded.entered),
        "baseline units": traffic.baseline,
        "candidate units": traffic.candidate,
    }
