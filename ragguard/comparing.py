"""What a run's arms scored, compared: estimates, verdicts and decisions; and what the run took."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ragguard.decision.decide import decide
from ragguard.decision.judge import judge
from ragguard.metrics import efficiency
from ragguard.records.report import Times
from ragguard.records.verdict import Decision, Estimate
from ragguard.reports import judged
from ragguard.reports.assemble import ArmScores
from ragguard.reports.pairs import pairs
from ragguard.running import Run
from ragguard.statistics.estimate import estimate
from ragguard.suites.resolve import Suite


def decision(state: Run, name: str) -> Decision:
    """Compare a candidate with its references, and decide."""
    state.workshop.meter.turn_to(name)
    with state.workshop.meter.stage("compare"):
        return _compared(state, name)


def _compared(state: Run, name: str) -> Decision:
    ran = [suite for suite in state.resolved.suites if name in state.scores(suite)]
    not_run = tuple(suite.name for suite in state.resolved.suites if suite not in ran)
    if state.stopped:
        return decide(name, state.stopped)
    references = ["baseline", *(["anchor"] if "anchor" in state.arms else [])]
    estimates = [(reference, estimated) for reference in references for estimated in _estimates(state, ran, reference, name)]
    found = decide(name, judge(estimates, alpha=state.resolved.alpha_fail), not_run)
    return found if name not in state.outages else _with_outage(found, f"{name} could not be run: {state.outages[name]}")


def times(started: str, state: Run, scores: Mapping[str, Mapping[str, ArmScores]]) -> Times:
    """What the run took: stages as they were metered, latencies and lengths of answers over all suites that an arm went through."""
    ran = {arm: [by_arm[arm] for by_arm in scores.values() if arm in by_arm] for arm in state.arms}
    seen = {arm: [observation for each in found for observation in each.costs.values()] for arm, found in ran.items()}
    return Times(
        started,
        state.seconds,
        state.workshop.meter.stages(),
        tuple(latency for arm, costs in seen.items() for latency in efficiency.latencies(arm, costs)),
        tuple(answering for arm, costs in seen.items() for answering in efficiency.answering(arm, costs)),
        state.workshop.meter.memory.highest,
        state.workshop.meter.memory.reach,
        judged.spent(state.panel) if state.panel is not None else {},
    )


def _with_outage(found: Decision, reason: str) -> Decision:
    """An outage is the reason of an error; but what failed before it stays failed."""
    return replace(found, reasons=(*found.reasons, reason) if found.answer == "block" else (reason,))


def _estimates(state: Run, suites: Sequence[Suite], reference: str, name: str) -> Iterator[Estimate]:
    resolved = state.resolved
    for suite in suites:
        arms = state.scores(suite)
        for check in suite.checks:
            found = pairs(resolved, suite, check, arms[reference], arms[name])
            yield estimate(found, alpha=resolved.alpha_pass, endpoints=resolved.endpoints)
