"""Roll-outs, events and looks as rows, and back."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from ragguard.history.texts import clean
from ragguard.records.canary import Canary, GuardrailState, Look
from ragguard.records.event import Noted

WAITING = "waiting"
"""The status of an event that has not been counted yet."""

_JSON = ("rules", "expected")


@dataclass(frozen=True, slots=True)
class Stored:
    """An event as the history has it. ``status``: waiting, entered, late (its unit had entered), after (its unit's window was over), or
    before (of one arm, from before the roll-out).
    """

    noted: Noted
    status: str


def dump(value: Any) -> str:
    """JSON in which the order of keys does not matter."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def of_canary(canary: Canary) -> dict[str, Any]:
    """A roll-out's row, without its number."""
    values = {field.name: getattr(canary, field.name) for field in fields(Canary) if field.name != "id"}
    return {key: dump(value) if key in _JSON else clean(value) if isinstance(value, str) else value for key, value in values.items()}


def to_canary(row: Mapping[Any, Any]) -> Canary:
    """A roll-out of its row."""
    values = {field.name: row[field.name] for field in fields(Canary)}
    return Canary(**{key: json.loads(value) if key in _JSON else value for key, value in values.items()})


def of_noted(canary: int, noted: Noted) -> dict[str, Any]:
    """An event's row."""
    return {
        "canary_id": canary,
        "side": noted.side,
        "id": clean(noted.id),
        "at": noted.at,
        "cluster": clean(noted.cluster),
        "status": WAITING,
        "failed": noted.failed,
        "unsafe": noted.unsafe,
        "served": dump(dict(noted.served)),
        "signals": dump(dict(noted.values)),
        "kept": clean(noted.kept),
    }


def to_stored(row: Mapping[Any, Any]) -> Stored:
    """An event of its row."""
    read = {name: row[name] for name in ("id", "side", "at", "cluster", "failed", "unsafe", "kept")}
    return Stored(Noted(**read, values=json.loads(row["signals"]), served=json.loads(row["served"])), row["status"])


def of_look(look: Look) -> str:
    """A look as JSON."""
    return dump(asdict(look))


def to_look(text: str) -> Look:
    """A look of its JSON."""
    row = json.loads(text)
    states = tuple(GuardrailState(**each) for each in row["guardrails"])
    return Look(**{**row, "reasons": tuple(row["reasons"]), "hints": tuple(row["hints"]), "guardrails": states})
