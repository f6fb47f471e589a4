"""Roll-outs with looks that the real rules decided, on differences that are drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ragguard.decision.rollout import Guardrail, Rules, Traffic, decide, needed, scaled
from ragguard.plan.canary import CanaryPlan
from ragguard.records.canary import Canary, GuardrailState, Look
from ragguard.statistics.betting import unseen

STARTED = 1_767_225_600.0
"""2026-01-01T00:00:00Z."""

EVERY = 600.0
"""Seconds between looks."""


@dataclass(frozen=True)
class Made:
    """A roll-out and its looks."""

    canary: Canary
    looks: tuple[Look, ...]


def begun(rules: CanaryPlan | None = None, candidate: str = "tuned") -> Canary:
    """A roll-out that begins."""
    return Canary(
        plan="support",
        candidate=candidate,
        run="0123abcd",
        decision="promote",
        fingerprint="f" * 64,
        baseline="b" * 64,
        started=STARTED,
        since=STARTED,
        rules=(rules or CanaryPlan()).model_dump(mode="json"),
        expected={"adapter": "support-v3"},
        id=7,
    )


def rolled_out(
    drops: Mapping[str, float] | None = None, *, lost_at: int = 10**9, a_look: int = 12, looks: int = 400, until: str = "", seed: int = 3
) -> Made:
    """Play a roll-out, ``a_look`` pairs between looks; ``drops`` are lost from the look ``lost_at`` on. ``until`` ends it by hand."""
    plan = CanaryPlan()
    rules, canary, rng = Rules(), begun(plan), np.random.default_rng(seed)
    states = {each.signal: Guardrail(unseen(rules.margins(each.margin)), each.margin, each.tier, each.minimum) for each in plan.guardrails}
    means, told, stage, counts = dict.fromkeys(states, (0.95, 0.95)), list[Look](), 0, {"baseline": 0, "candidate": 0}
    for number in range(looks):
        percent = plan.stages[stage].percent if stage < len(plan.stages) else 100
        for name, each in states.items():
            pairs = a_look if name != "Feedback" else int(rng.random() < 0.5)
            drop = (drops or {}).get(name, 0.0) if number >= lost_at else 0.0
            pairs_seen = (rng.random(pairs) < 0.95 - drop).astype(float) - (rng.random(pairs) < 0.95)
            states[name] = replace(each, evidence=each.evidence.seen(pairs_seen))
            means[name] = (0.95, 0.95 - drop)
        counts = {"candidate": counts["candidate"] + a_look, "baseline": counts["baseline"] + int(a_look * (100 - percent) / percent)}
        at = STARTED + EVERY * (number + 1)
        if until and number == looks - 1:
            told.append(Look(at, "abort", stage, (until,), moved=True))
            return Made(replace(canary, state="aborted", stage=stage), tuple(told))
        found = decide(rules, stage, states, Traffic(paired=True))
        moved = found.stage != stage or found.action in ("rollback", "done")
        told.append(
            Look(
                at, found.action, found.stage, found.reasons, found.person, moved, _states(rules, min(stage, 2), states, means),
                {**counts, "entered": counts["candidate"] * 2, "late": number // 40, "candidate units": counts["candidate"],
                 "baseline units": int(counts["candidate"] * (100 - percent) / percent), "requests": counts["candidate"]},
                ("the adapter is not loaded: of 40 answers that say what is served, 40 came from adapter none (40); expected support-v3",)
                if found.action == "rollback" else (),
            )
        )  # fmt: skip
        stage = found.stage
        if found.action == "rollback":
            return Made(replace(canary, state="rolled back", stage=stage), tuple(told))
        if found.action == "done":
            return Made(replace(canary, state="done", stage=stage), tuple(told))
    return Made(replace(canary, stage=stage), tuple(told))


def _states(rules: Rules, stage: int, states: Mapping[str, Guardrail], means: Mapping[str, Sequence[float]]) -> tuple[GuardrailState, ...]:
    found = []
    for name, each in states.items():
        margin, seen = scaled(rules.stages[stage].margin, each.margin), each.evidence
        found.append(
            GuardrailState(
                name, each.tier, seen.pairs, seen.mean, _told(seen.log_loss), needed(rules, states), margin,
                _told(seen.log_within(margin)), means[name][0], means[name][1],
            )
        )  # fmt: skip
    return tuple(found)


def _told(log: float) -> float:
    return float(np.exp(min(log, 50.0)))
