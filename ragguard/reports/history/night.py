"""A report as a night of the history: its numbers, without its cases."""

from collections.abc import Iterator, Mapping, Sequence

from ragguard.metrics.catalog import DEFINITIONS
from ragguard.records.night import Accepted, ArmNight, Checked, Cost, Decided, JudgeNight, Measured, Night, SuiteNight
from ragguard.records.report import CaseRun, Mean, Report
from ragguard.records.verdict import Verdict
from ragguard.statistics.paired import hall_bounds
from ragguard.statistics.strata import pooled_mean, pooled_moments

BEYOND = 0.025
"""How much lies beyond each bound of a mean: both are an interval of 95 %."""

_ALIKE = 1e-9


def night(report: Report, day: str, accepted: Accepted | None = None, note: str = "") -> Night:
    """Return what the history keeps of a report. ``day`` is the night's, ``accepted`` what ``ragguard.lock`` names on it."""
    return Night(
        plan=report.plan,
        day=day,
        run=report.run,
        started=report.times.started,
        answer=report.answer,
        exit_code=report.exit_code,
        question=report.question,
        ragguard=report.ragguard,
        definitions=DEFINITIONS,
        note=note,
        accepted=accepted,
        arms=tuple(ArmNight(arm.name, arm.role, arm.fingerprint) for arm in report.arms),
        suites=tuple(
            SuiteNight(each.name, each.fingerprint, each.collection, each.collection_fingerprint, each.cases, each.intents)
            for each in report.suites
        ),
        judges=tuple(JudgeNight(judge.name, judge.model, judge.fingerprint, judge.metrics) for judge in report.judges),
        measures=tuple(_measures(report)),
        checks=tuple(_check(decision.candidate, each) for decision in report.decisions for each in decision.verdicts),
        decisions=tuple(Decided(each.candidate, each.answer, each.reasons) for each in report.decisions),
        costs=tuple(_costs(report)),
    )


def failed(plan: str, day: str, started: str, message: str, exit_code: int, accepted: Accepted | None = None, note: str = "") -> Night:
    """Return a night that could not be judged."""
    return Night(plan, day, "", started, "error", exit_code, message=message, note=note, accepted=accepted)


def _measures(report: Report) -> Iterator[Measured]:
    checked = {(each.check.suite, str(each.check.metric), each.check.slice) for d in report.decisions for each in d.verdicts}
    for suite in report.suites:
        cases = [case for case in report.cases if case.suite == suite.name]
        members = {name: [case for case in cases if _belongs(case, name)] for name in {mean.slice for mean in suite.means}}
        for mean in suite.means:
            main = not mean.slice or (suite.name, mean.metric, mean.slice) in checked
            lower, upper = _bounds(mean, members[mean.slice])
            counts = (mean.scored, mean.unscored, mean.not_applicable)
            yield Measured(suite.name, mean.metric, mean.slice, mean.arm, mean.mean, lower, upper, *counts, mean.unit, main)


def _belongs(case: CaseRun, slice_: str) -> bool:
    return slice_ in case.slices and not case.unlabelled if slice_ else not (case.aside or case.unlabelled)


def _bounds(mean: Mean, cases: Sequence[CaseRun]) -> tuple[float | None, float | None]:
    """Hall's bounds of a mean over intents, within its range where that is from 0 to 1; none where the report's mean is made otherwise."""
    groups: dict[tuple[str, str], list[float]] = {}
    for case in cases:
        value = case.scores.get(mean.arm, {}).get(mean.metric)
        if isinstance(value, float):
            groups.setdefault((case.intent, case.task), []).append(value)
    values, strata = [sum(each) / len(each) for each in groups.values()], [task for _, task in groups]
    if len(values) < 2 or mean.mean is None or abs(pooled_mean(values, strata) - mean.mean) > _ALIKE * max(1.0, abs(mean.mean)):
        return None, None
    lower, upper = (float(bound) for bound in hall_bounds(pooled_moments(values, strata), BEYOND))
    shares = not mean.unit and min(values) >= 0 and max(values) <= 1
    return (max(lower, 0.0), min(upper, 1.0)) if shares else (lower, upper)


def _check(candidate: str, verdict: Verdict) -> Checked:
    check, estimate, scale = verdict.check, verdict.estimate, verdict.estimate.scale
    return Checked(
        candidate=candidate,
        against=verdict.against,
        suite=check.suite,
        metric=str(check.metric),
        slice=check.slice,
        tier=check.tier,
        margin=check.margin,
        outcome=verdict.outcome,
        degraded=verdict.degraded,
        higher_is_better=scale.higher_is_better,
        width=scale.width if None not in (scale.low, scale.high) else None,
        baseline_mean=estimate.baseline_mean,
        candidate_mean=estimate.candidate_mean,
        difference=estimate.difference,
        lower=estimate.lower,
        upper=estimate.upper,
        alpha=estimate.alpha,
        cases=estimate.cases,
        intents=estimate.intents,
        unscored=estimate.unscored,
    )


def _costs(report: Report) -> Iterator[Cost]:
    for stage in report.times.stages:
        yield Cost(stage.arm, stage.name, "seconds", stage.seconds)
    for each in report.times.latencies:
        figures: Mapping[str, float] = {"p50": each.p50, "p95": each.p95, "p99": each.p99}
        yield from (Cost(each.arm, each.stage, figure, value) for figure, value in figures.items())
    for arm in report.times.answering:
        if arm.tokens is not None:
            yield Cost(arm.arm, "generate", "tokens", arm.tokens)
    for judge, tokens in sorted(report.times.tokens.items()):
        yield Cost("", f"judge {judge}", "tokens", float(tokens))
