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
Tier = Literal["blocking", "veto", "advisory"]

MARGIN = 0.05
"""The margin of a guardrail for which the stages' margins are written; they scale with a guardrail's own."""

WIDEST = 0.99
"""No margin of a stage is wider than this, however wide a guardrail's own is."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A share of the traffic in ``percent``, and what it takes to leave it for the next: ``margin`` excluded, after ``pairs``."""

    percent: float
    margin: float
    pairs: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What a roll-out keeps to. ``alpha`` is the error budget of false rollbacks, which all guardrails share, and, apart, of promotions of
    what lost the margin.

    ``emergency``: a mean drop that acts at once, from ``emergency_pairs`` on, outside ``alpha`` (simulated, one equal guardrail: it
    adds nothing at a standard deviation of the differences of 0.45, 0.1 points at 0.6, 2 points at 0.77). ``errors``: the share of
    failed requests that acts at once when it is surely exceeded. ``unsafe``: unsafe answers that are let pass. ``sure``: the chance of
    a false alarm of the limit on errors, and of the sample ratio over all stages. ``labels``: pairs judged before a person must look,
    who has ``grace`` hours. ``silence``: minutes without a candidate's event after which traffic counts as vanished.
    """

    stages: tuple[Stage, ...] = (Stage(1, 0.20, 50), Stage(10, 0.10, 100), Stage(50, 0.05, 200))
    alpha: float = 0.05
    emergency: float = 0.30
    emergency_pairs: int = 30
    errors: float = 0.05
    unsafe: int = 0
    sure: float = 0.001
    labels: int = 6_400
    grace: float = 24.0
    silence: float = 30.0

    def margins(self, margin: float = MARGIN) -> tuple[float, ...]:
        """The margins that the evidence of a guardrail with this margin follows, each once."""
        return tuple(dict.fromkeys(scaled(stage.margin, margin) for stage in self.stages))


def scaled(stage: float, margin: float) -> float:
    """What a stage's margin is for a guardrail whose own is ``margin``."""
    return min(stage * (margin / MARGIN), WIDEST)


@dataclass(frozen=True, slots=True)
class Guardrail:
    """What is known of a signal, and what it may do: ``blocking`` ones roll back, and must be sure before a stage is left; ``veto`` ones
    may only roll back, ``advisory`` ones nothing. ``margin`` is the drop that must not pass, ``minimum`` the pairs from which it may roll
    back. ``early`` is the number of pairs and their mean with those that are not final yet, which the emergency margin is held against.
    """

    evidence: Evidence
    margin: float = MARGIN
    tier: Tier = "blocking"
    minimum: int = 0
    early: tuple[int, float] | None = None


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


def decide(rules: Rules, stage: int, guardrails: Mapping[str, Guardrail], traffic: Traffic) -> Next:
    """Decide at the ``stage`` numbered from 0 (``len(stages)``: all traffic). ValueError without a blocking guardrail, or on an unknown
    stage.
    """
    acting = {name: each for name, each in sorted(guardrails.items()) if each.tier != "advisory"}
    if all(each.tier != "blocking" for each in acting.values()):
        raise ValueError("a roll-out without a blocking guardrail cannot be decided; name at least one")
    if not 0 <= stage <= len(rules.stages):
        raise ValueError(f"there is no stage {stage}; a roll-out has 0 to {len(rules.stages)}")
    if reasons := (*_unsafe(rules, traffic), *_emergencies(rules, acting)):
        return Next("rollback", stage, reasons)
    if reasons := _untrusted(rules, stage, traffic):
        return Next("hold", stage, reasons, person=True)
    if reasons := _losses(rules, acting):
        return Next("rollback", stage, reasons)
    if stage == len(rules.stages):
        return Next("done", stage, ("all traffic goes to the candidate",))
    return _onwards(rules, stage, acting, traffic)


def needed(rules: Rules, guardrails: Mapping[str, Guardrail]) -> float:
    """The evidence of a loss that rolls back: those that may act share the error budget."""
    return sum(each.tier != "advisory" for each in guardrails.values()) / rules.alpha


def _onwards(rules: Rules, stage: int, guardrails: Mapping[str, Guardrail], traffic: Traffic) -> Next:
    if traffic.silent >= rules.silence:
        why = f"no event of the candidate for {traffic.silent:.4g} minutes (limit {rules.silence:g}): look whether it is routed and logged"
        return Next("hold", stage, (why,), person=True)
    lacking = _lacking(rules.stages[stage], rules.alpha, guardrails)
    if not lacking:
        return Next("advance", stage + 1, (_advanced(rules, stage),))
    return _out_of_labels(rules, stage, guardrails, traffic, lacking) or Next("hold", stage, lacking)


def used(guardrails: Mapping[str, Guardrail]) -> int:
    """The labels that are used: pairs of the guardrail that has the most, of those that may act."""
    return max((each.evidence.pairs for each in guardrails.values() if each.tier != "advisory"), default=0)


def _out_of_labels(
    rules: Rules, stage: int, guardrails: Mapping[str, Guardrail], traffic: Traffic, lacking: tuple[str, ...]
) -> Next | None:
    pairs = used(guardrails)
    if pairs < rules.labels:
        return None
    spent = f"{pairs} pairs of {rules.labels} are judged, and it is not sure enough to go on"
    if traffic.held >= rules.grace:
        return Next("rollback", stage, (f"{spent}; nobody decided within {rules.grace:g} hours", *lacking), person=True)
    left = f"{spent}: a person must decide; rolled back by itself in {rules.grace - traffic.held:.4g} hours"
    return Next("hold", stage, (left, *lacking), person=True)


def _unsafe(rules: Rules, traffic: Traffic) -> tuple[str, ...]:
    found = []
    if traffic.unsafe > rules.unsafe:
        found.append(f"{traffic.unsafe} unsafe answers of the candidate (limit {rules.unsafe})")
    failed, requests = traffic.failed, traffic.requests
    if requests and failed > rules.errors * requests and log_above(failed, requests, rules.errors) >= -math.log(rules.sure):
        found.append(f"{failed} of {requests} requests of the candidate failed, surely more than {rules.errors:.1%}: look at its errors")
    return tuple(found)


def _emergencies(rules: Rules, guardrails: Mapping[str, Guardrail]) -> tuple[str, ...]:
    found = []
    for name, each in guardrails.items():
        pairs, mean = each.early or (each.evidence.pairs, each.evidence.mean)
        if pairs >= max(rules.emergency_pairs, each.minimum) and mean <= -rules.emergency:
            found.append(f"{name} fell by {-mean:.3f} over {pairs} pairs, beyond the emergency margin {rules.emergency:g}")
    return tuple(found)


def _untrusted(rules: Rules, stage: int, traffic: Traffic) -> tuple[str, ...]:
    """The sample ratio of this stage; ``sure`` is shared by all stages that split traffic."""
    if traffic.paired or stage == len(rules.stages):
        return ()
    share, total = rules.stages[stage].percent / 100, traffic.baseline + traffic.candidate
    if log_other(traffic.candidate, total, share) < math.log(len(rules.stages) / rules.sure):
        return ()
    seen = f"the candidate got {traffic.candidate} of {total} ({traffic.candidate / total:.2%})"
    return (f"sample-ratio mismatch: {seen} where {share:.2%} was planned; the arms cannot be compared: look at routing and lost events",)


def _losses(rules: Rules, guardrails: Mapping[str, Guardrail]) -> tuple[str, ...]:
    enough = needed(rules, guardrails)
    found = []
    for name, each in guardrails.items():
        seen = each.evidence
        if seen.pairs >= each.minimum and seen.log_loss >= math.log(enough) and seen.mean <= -each.margin / 2:
            told = f"(evidence {math.exp(min(seen.log_loss, 50)):.3g}, needed {enough:.3g})"
            found.append(f"{name} fell by {-seen.mean:.3f} over {seen.pairs} pairs {told}")
    return tuple(found)


def _lacking(stage: Stage, alpha: float, guardrails: Mapping[str, Guardrail]) -> tuple[str, ...]:
    """What each blocking guardrail still lacks for the next stage."""
    found = []
    for name, each in guardrails.items():
        margin = scaled(stage.margin, each.margin)
        if each.tier != "blocking":
            continue
        if each.evidence.pairs < stage.pairs:
            found.append(f"{name}: {each.evidence.pairs} of {stage.pairs} pairs")
        elif each.evidence.log_within(margin) < -math.log(alpha):
            evidence = math.exp(each.evidence.log_within(margin))
            found.append(f"{name}: a drop of {margin:g} is not excluded (evidence {evidence:.3g} of {1 / alpha:.3g})")
    return tuple(found)


def _advanced(rules: Rules, stage: int) -> str:
    onto = rules.stages[stage + 1].percent if stage + 1 < len(rules.stages) else 100
    return f"every guardrail excludes its drop of this stage: from {rules.stages[stage].percent:g} % to {onto:g} %"
