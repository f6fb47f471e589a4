"""A roll-out as the history keeps it: what goes out, how far it is, what was decided on which evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["running", "rolled back", "done", "aborted"]


@dataclass(frozen=True, slots=True)
class Canary:
    """A roll-out of a plan's candidate; a plan has one at a time that is ``running``.

    ``run`` and ``decision`` are those of the report that it started from (``forced``: it was not promoted, or another plan's; ``reason`` is
    why, as the person said). ``fingerprint`` is the candidate's and ``baseline`` that of what it replaces; ``expected`` is what the
    candidate's server should say it serves, for instance ``{"adapter": "..."}``. ``rules`` is the canary section as it was at
    the start, all of which counts until the end. ``stage`` is numbered from 0 (the number of stages: all traffic), ``since`` when it began
    and ``started`` when the roll-out did (seconds since 1970). ``id`` is the history's number, 0 before it has one.
    """

    plan: str
    candidate: str
    run: str
    decision: str
    fingerprint: str
    baseline: str
    started: float
    rules: Mapping[str, Any]
    since: float = 0.0
    stage: int = 0
    state: State = "running"
    forced: bool = False
    reason: str = ""
    expected: Mapping[str, str] = field(default_factory=dict)
    id: int = 0


@dataclass(frozen=True, slots=True)
class GuardrailState:
    """What is known of a guardrail at a look: ``pairs``, the ``mean`` difference (candidate - baseline, higher is better, a share of the
    signal's range), the evidence that it fell (``loss``; ``needed`` rolls back), and that it did not fall by the stage's ``margin``
    (``within``; ``1 / alpha`` advances).
    """

    name: str
    tier: str
    pairs: int
    mean: float
    loss: float
    needed: float
    margin: float
    within: float
    baseline_mean: float | None = None
    candidate_mean: float | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """A decision at ``at`` (seconds since 1970), on the evidence there was: rollback, hold, advance, done; or abort, a person's. ``moved``:
    it changed the stage or ended the roll-out.

    ``counts`` are the events by side (baseline, candidate, both) and by what became of them (waiting, entered, late, after, before,
    future), the candidate's (requests, failed, unsafe), the units that entered at this look (entering), and each arm's in this stage
    (baseline units, candidate units). ``hints`` say what may be the cause (the runbook's order), and change nothing.
    """

    at: float
    action: str
    stage: int
    reasons: tuple[str, ...]
    person: bool = False
    moved: bool = False
    guardrails: tuple[GuardrailState, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a batch of events: how many were ``new``, were there already (``duplicates``), and were refused with a reason."""

    new: int
    duplicates: int
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a roll-out is: the ``percent`` of the traffic that its candidate is to get now, the last ``look`` (None: none yet), how many
    ``looks`` there were, the ``history`` that keeps it, and what is to be known of it beside (``notes``).
    """

    canary: Canary
    percent: float
    stages: int
    look: Look | None
    looks: int
    history: str
    notes: tuple[str, ...] = ()
