"""What to do with a candidate in production: roll back, hold, advance, or done; and why.

Pure: from the guardrails' states, the traffic's counts and the stage. It may be asked as often as one likes, and what arrived in another
order is decided alike. The order of the rules: what is unsafe, traffic that cannot be trusted, evidence of a loss, then how to go on.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ragguard.statistics.betting import Evidence
from ragguard.statistics.shares import log_above, log_other

Action = Literal["rollback", "hold", "advance", "done"]


@dataclass(frozen=True, slots=True)
class Stage:
    """A share of the traffic in ``percent``, and what it takes to leave it for the next: ``margin`` excluded, after ``pairs``."""

    percent: float
    margin: float
    pairs: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What a roll-out keeps to. ``delta`` is the margin, ``alpha`` the error budget of false rollbacks and, apart, of false promotions.

    ``emergency``: a mean drop that acts at once, from ``emergency_pairs`` on, outside ``alpha`` (simulated, one equal guardrail: it
    adds nothing at a standard deviation of the differences of 0.45, 0.1 points at 0.6, 2 points at 0.77). ``errors``: the share of
    failed requests that acts at once when it is surely exceeded. ``unsafe``: unsafe answers that are let pass. ``sure``: the chance of
    a false alarm of the limit on errors, and of the sample ratio over all stages. ``labels``: pairs judged before a person must look,
    who has ``grace`` hours. ``silence``: minutes without a candidate's event after which traffic counts as vanished.
    """

    stages: tuple[Stage, ...] = (Stage(1, 0.20, 50), Stage(10, 0.10, 100), Stage(50, 0.05, 200))
    alpha: float = 0.05
    delta: float = 0.05
    emergency: float = 0.30
    emergency_pairs: int = 30
    errors: float = 0.05
    unsafe: int = 0
    sure: float = 0.001
    labels: int = 6_400
    grace: float = 24.0
    silence: float = 30.0

    @property
    def margins(self) -> tuple[float, ...]:
        """The margins that a guardrail's state follows."""
        return tuple(stage.margin for stage in self.stages)


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was counted: requests (or users, where users are split) of each arm in this stage; the candidate's requests, failures and unsafe
    answers of all stages; minutes since its last event; hours since the labels were used up (0 if they are not). ``paired`` traffic (both
    arms answer each request) has no ratio.
    """

    baseline: int = 0
    candidate: int = 0
    requests: int = 0
    failed: int = 0
    unsafe: int = 0
    silent: float = 0.0
    held: float = 0.0
    paired: bool = False


@dataclass(frozen=True, slots=True)
class Next:
    """What to do, the stage's number after it (``len(stages)`` is all traffic), why, and whether a person is needed."""

    action: Action
    stage: int
    reasons: tuple[str, ...]
    person: bool = False


def decide(rules: Rules, stage: int, guardrails: Mapping[str, Evidence], traffic: Traffic) -> Next:
    """Decide at the ``stage`` numbered from 0 (``len(stages)``: all traffic). ValueError without guardrails or on an unknown stage."""
    if not guardrails:
        raise ValueError("a roll-out without guardrails cannot be decided; name at least one")
    if not 0 <= stage <= len(rules.stages):
        raise ValueError(f"there is no stage {stage}; a roll-out has 0 to {len(rules.stages)}")
    if reasons := (*_unsafe(rules, traffic), *_emergencies(rules, guardrails)):
        return Next("rollback", stage, reasons)
    if reasons := _untrusted(rules, stage, traffic):
        return Next("hold", stage, reasons, person=True)
    if reasons := _losses(rules, guardrails):
        return Next("rollback", stage, reasons)
    if stage == len(rules.stages):
        return Next("done", stage, ("all traffic goes to the candidate",))
    return _onwards(rules, stage, guardrails, traffic)


def _onwards(rules: Rules, stage: int, guardrails: Mapping[str, Evidence], traffic: Traffic) -> Next:
    if traffic.silent >= rules.silence:
        why = f"no event of the candidate for {traffic.silent:g} minutes (limit {rules.silence:g}): look whether it is routed and logged"
        return Next("hold", stage, (why,), person=True)
    lacking = _lacking(rules.stages[stage], rules.alpha, guardrails)
    if not lacking:
        return Next("advance", stage + 1, (_advanced(rules, stage),))
    return _out_of_labels(rules, stage, guardrails, traffic, lacking) or Next("hold", stage, lacking)


def _out_of_labels(rules: Rules, stage: int, guardrails: Mapping[str, Evidence], traffic: Traffic, lacking: tuple[str, ...]) -> Next | None:
    used = max(each.pairs for each in guardrails.values())
    if used < rules.labels:
        return None
    spent = f"{used} pairs of {rules.labels} are judged, and it is not sure enough to go on"
    if traffic.held >= rules.grace:
        return Next("rollback", stage, (f"{spent}; nobody decided within {rules.grace:g} hours", *lacking), person=True)
    left = f"{spent}: raise the budget or roll back; rolled back by itself in {rules.grace - traffic.held:g} hours"
    return Next("hold", stage, (left, *lacking), person=True)


def _unsafe(rules: Rules, traffic: Traffic) -> tuple[str, ...]:
    found = []
    if traffic.unsafe > rules.unsafe:
        found.append(f"{traffic.unsafe} unsafe answers of the candidate (limit {rules.unsafe})")
    failed, requests = traffic.failed, traffic.requests
    if requests and failed > rules.errors * requests and log_above(failed, requests, rules.errors) >= -math.log(rules.sure):
        found.append(f"{failed} of {requests} requests of the candidate failed, surely more than {rules.errors:.1%}: look at its errors")
    return tuple(found)


def _emergencies(rules: Rules, guardrails: Mapping[str, Evidence]) -> tuple[str, ...]:
    return tuple(
        f"{name} fell by {-each.mean:.3f} over {each.pairs} pairs, beyond the emergency margin {rules.emergency:g}"
        for name, each in sorted(guardrails.items())
        if each.pairs >= rules.emergency_pairs and each.mean <= -rules.emergency
    )


def _untrusted(rules: Rules, stage: int, traffic: Traffic) -> tuple[str, ...]:
    """The sample ratio of this stage; ``sure`` is shared by all stages that split traffic."""
    if traffic.paired or stage == len(rules.stages):
        return ()
    share, total = rules.stages[stage].percent / 100, traffic.baseline + traffic.candidate
    if log_other(traffic.candidate, total, share) < math.log(len(rules.stages) / rules.sure):
        return ()
    seen = f"the candidate got {traffic.candidate} of {total} ({traffic.candidate / total:.2%})"
    return (f"sample-ratio mismatch: {seen} where {share:.2%} was planned; the arms cannot be compared: look at routing and lost events",)


def _losses(rules: Rules, guardrails: Mapping[str, Evidence]) -> tuple[str, ...]:
    needed = math.log(len(guardrails) / rules.alpha)
    return tuple(
        f"{name} fell by {-each.mean:.3f} over {each.pairs} pairs (evidence {math.exp(min(each.log_loss, 50)):.3g}, "
        f"needed {len(guardrails) / rules.alpha:.3g})"
        for name, each in sorted(guardrails.items())
        if each.log_loss >= needed and each.mean <= -rules.delta / 2
    )


def _lacking(stage: Stage, alpha: float, guardrails: Mapping[str, Evidence]) -> tuple[str, ...]:
    """What each guardrail still lacks for the next stage."""
    found = []
    for name, each in sorted(guardrails.items()):
        if each.pairs < stage.pairs:
            found.append(f"{name}: {each.pairs} of {stage.pairs} pairs")
        elif each.log_within(stage.margin) < -math.log(alpha):
            evidence = math.exp(each.log_within(stage.margin))
            found.append(f"{name}: a drop of {stage.margin:g} is not excluded (evidence {evidence:.3g} of {1 / alpha:.3g})")
    return tuple(found)


def _advanced(rules: Rules, stage: int) -> str:
    onto = rules.stages[stage + 1].percent if stage + 1 < len(rules.stages) else 100
    return f"every guardrail excludes a drop of {rules.stages[stage].margin:g}: from {rules.stages[stage].percent:g} % to {onto:g} %"
