"""How often a gate is wrong, on the data that it was given: counted in simulated gates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["swapped", "redrawn", "planted"]
Manner = Literal["", "evenly", "broken"]


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` gates of ``of``, with the 95 % interval of Clopper and Pearson for the share."""

    count: int
    of: int
    lower: float
    upper: float

    @property
    def value(self) -> float:
        """The share."""
        return self.count / self.of


@dataclass(frozen=True, slots=True)
class Simulated:
    """What became of the candidates of one kind; those neither promoted nor blocked were held.

    ``swapped``: equal, the intents as they are, a coin for each says which arm is which. ``redrawn``: equal, intents drawn anew, the mean
    difference taken off every one. ``planted``: intents drawn anew and swapped, and then worse by ``margins`` times the margin of the check
    ``check``, in that check alone: ``evenly`` over its intents, or in a few that are ``broken`` (0 margins: equal in all). ``loss`` is the
    planted loss as a share of the metric's range.
    """

    kind: Kind
    promoted: Share
    blocked: Share
    check: str = ""
    margins: float = 0.0
    loss: float = 0.0
    manner: Manner = ""


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """The error rates of a plan's gate on the scores that ``candidate`` and the baseline really had in the run ``run``.

    ``key`` is the fingerprint of what is demanded (cases, checks, margins, alpha), by which reports find it; ``data`` the SHA-256 of the
    scores. ``summary`` says the two that matter most in a sentence. ``passing`` is, for each blocking check, the share of equal
    candidates that pass it. ``conditions`` say what the rates hold for, and ``left_out`` which checks are not in them, and why.
    """

    plan: str
    run: str
    candidate: str
    key: str
    data: str
    gates: int
    summary: str
    simulated: tuple[Simulated, ...] = ()
    passing: Mapping[str, Share] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
