"""Roll-outs and events made by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ragguard.plan.canary import CanaryPlan
from ragguard.records.canary import Canary
from ragguard.records.event import Noted, Side

START = 1_800_000_000.0
MINUTE, HOUR = 60.0, 3_600.0


def canary(started: float = START, plan: str = "made", **rules: Any) -> Canary:
    """A roll-out of two guardrails, unless ``rules`` say otherwise."""
    given = {"guardrails": [{"signal": "UnsupportedValue"}, {"signal": "Feedback", "tier": "veto"}], **rules}
    return Canary(
        plan=plan,
        candidate="tuned",
        run="run1",
        decision="promote",
        fingerprint="f-tuned",
        baseline="f-base",
        started=started,
        since=started,
        rules=CanaryPlan.model_validate(given).model_dump(mode="json"),
        expected={"adapter": "support-v3"},
    )


def noted(number: int, side: Side = "both", at: float = START, cluster: str = "", **more: Any) -> Noted:
    """An event of which nothing is known but its time, unless ``more`` says otherwise; it is a unit by itself."""
    id_ = f"{side}-{number}"
    return replace(Noted(id_, side, at, cluster or id_, {}), **more)


def shadowed(differences: Sequence[float], signal: str = "UnsupportedValue", first: float = START, apart: float = 1.0) -> list[Noted]:
    """Requests that both arms answered, one after the other, with these differences."""
    return [noted(number, at=first + apart * number, values={signal: each}) for number, each in enumerate(differences)]


def split(side: Side, values: Sequence[Mapping[str, float]], first: float = START, apart: float = 1.0, begin: int = 0) -> list[Noted]:
    """Requests of one arm, one after the other."""
    return [noted(begin + number, side, first + apart * number, values=each) for number, each in enumerate(values)]
