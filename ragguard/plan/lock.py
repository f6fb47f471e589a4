"""``ragguard.lock``: the accepted baseline, written by ``ragguard accept`` and read where a plan says ``baseline: accepted``."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ragguard.errors import InputError, NotComparable, Problem
from ragguard.plan.source import display
from ragguard.plan.systems import SystemPlan

NAME = "ragguard.lock"


@dataclass(frozen=True)
class Lock:
    """What was accepted: the system as the plan wrote it (``${NAME}`` unexpanded), its fingerprint, the run that judged it, the decision.

    ``forced`` is true where the system was accepted without having been promoted. ``checkpoints`` names the folder, in the store, of
    what was trained for it, by the place of the trained part: it is taken from there, and not trained again by newer libraries.
    ``judges`` are the fingerprints of those that judged it then, by name: where they are others now, its answers are judged anew.
    """

    candidate: str
    system: dict[str, Any]
    fingerprint: str
    run: str
    decision: str
    accepted_at: str
    forced: bool = False
    checkpoints: dict[str, str] = field(default_factory=dict)
    judges: dict[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The file's content."""
        return (json.dumps(asdict(self), indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def read(folder: Path) -> Lock:
    """Read the lock beside a plan.

    Raises:
        InputError: there is none, or it is not one.
    """
    path = folder / NAME
    try:
        return TypeAdapter(Lock).validate_json(path.read_bytes())
    except FileNotFoundError:
        raise InputError(
            Problem(display(path), "baseline: accepted, but nothing has been accepted", "run: ragguard accept CANDIDATE")
        ) from None
    except ValidationError as error:
        raise InputError(
            Problem(display(path), f"is not a lock that ragguard wrote ({_first(error)})", "accept a candidate again")
        ) from error


def _first(error: ValidationError) -> str:
    details = error.errors(include_url=False)[0]
    return ": ".join(filter(None, [".".join(map(str, details["loc"])), details["msg"]]))


def system(lock: Lock, expanded: dict[str, Any]) -> SystemPlan:
    """The accepted system as a plan's model."""
    try:
        return SystemPlan.model_validate(expanded)
    except ValidationError as error:
        raise InputError(
            Problem(NAME, f"the system of {lock.candidate!r} is not one of this version's", "accept a candidate again")
        ) from error


def verify(lock: Lock, fingerprint: str) -> None:
    """Make sure that the system built from the lock is the one that was accepted.

    Raises:
        NotComparable: it is another: weights, settings, or libraries have changed since.
    """
    if fingerprint != lock.fingerprint:
        what = f"the accepted system {lock.candidate!r} has fingerprint {fingerprint[:12]} now, not {lock.fingerprint[:12]} as accepted"
        raise NotComparable(Problem(NAME, what, "restore its model and checkpoint, or accept a candidate again"))
