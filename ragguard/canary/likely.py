"""What a canary's signals are like before there is any traffic: as a stored run shows, as the caller says, or by assumption."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ragguard.canary import known
from ragguard.decision.playouts import Signal
from ragguard.decision.rollouts import Watched
from ragguard.errors import InputError, Problem, suggest
from ragguard.plan.canary import CanaryPlan, GuardrailPlan
from ragguard.records.report import Report
from ragguard.statistics.paired import Array

LEVEL = 0.9
"""Share of requests that a baseline gets right, by assumption."""

CHANGED = 0.05
"""Share of requests that only the candidate gets right, and that only the baseline does, by assumption (shadow)."""

RATED = 0.05
"""Share of requests that users rate, by assumption."""

_ENOUGH = 30
"""Cases that tell what a signal is like."""

_FINENESS = 1_000


@dataclass(frozen=True)
class Before:
    """What is known beforehand: ``report`` is a stored run; ``levels`` and ``values`` are what the caller says, by signal."""

    report: Report | None
    levels: Mapping[str, float]
    values: Mapping[str, float]


def signals(rules: CanaryPlan, before: Before, *, paired: bool) -> list[Signal]:
    """Return every guardrail as it is to be simulated.

    Raises:
        InputError: a level or share is said of what is no guardrail, or is no share.
    """
    names = [each.signal for each in rules.guardrails]
    problems = [*_said(before.levels, names, "--level"), *_said(before.values, names, "--values")]
    if problems:
        raise InputError(problems)
    return [_signal(each, before, paired=paired) for each in rules.guardrails]


def _said(said: Mapping[str, float], names: list[str], option: str) -> Iterator[Problem]:
    for name, value in said.items():
        if name not in names:
            yield Problem(option, f"{name!r} is no guardrail of the plan", suggest(name, names))
        elif not 0 < value <= 1:
            yield Problem(option, f"{name}={value:g} is no share", "give one above 0, and at most 1")


def _signal(rule: GuardrailPlan, before: Before, *, paired: bool) -> Signal:
    watched = Watched(rule.margin, rule.tier, rule.minimum)
    values = before.values.get(rule.signal, RATED if rule.signal == "Feedback" else 1.0)
    seen = None if rule.signal in before.levels or before.report is None else _seen(rule.signal, before.report, paired=paired)
    if seen is not None:
        baseline, candidate, source = seen
        return Signal(rule.signal, watched, baseline, candidate, values, source)
    level = before.levels.get(rule.signal, LEVEL)
    said = "as said" if rule.signal in before.levels else ""
    baseline, candidate = _shadowed(level) if paired else (_shares(level), None)
    return Signal(rule.signal, watched, baseline, candidate, values, said)


def _shares(level: float) -> Array:
    """Requests that an arm gets right, or not."""
    return (np.arange(_FINENESS) < round(level * _FINENESS)).astype(np.float64)


def _shadowed(level: float) -> tuple[Array, Array]:
    """Requests that both arms get right, one does, or none."""
    changed = min(CHANGED, level, 1 - level)
    both, one = round((level - changed) * _FINENESS), round(changed * _FINENESS)
    none = _FINENESS - both - 2 * one
    return np.repeat([1.0, 1.0, 0.0, 0.0], [both, one, one, none]), np.repeat([1.0, 0.0, 1.0, 0.0], [both, one, one, none])


def _seen(signal: str, report: Report, *, paired: bool) -> tuple[Array, Array | None, str] | None:
    """Values that a stored run has of a signal; of golden queries if they have enough, else of the suite with the most cases.

    A run in which every case was right tells nothing of how far values spread: production will not be as good.
    """
    told, arms = known.signal(signal), _arms(report)
    if told.how == "own" or (paired and len(arms) < 2):
        return None
    found = {each.name: _values(report, each.name, arms if paired else arms[:1], told) for each in report.suites}
    golden = [each.name for each in report.suites if each.kind == "golden" and len(found[each.name]) >= _ENOUGH]
    suite = golden[0] if golden else max(found, key=lambda name: len(found[name]), default="")
    values = found.get(suite)
    if values is None or len(values) < _ENOUGH or not values.std():
        return None
    source = f"run {report.run}, {suite}: {len(values)} cases"
    return values[:, 0], (values[:, 1] if paired else None), source


def _arms(report: Report) -> list[str]:
    """The baseline, and the candidate that was judged first."""
    return [next(arm.name for arm in report.arms if arm.role == "baseline"), *(each.candidate for each in report.decisions[:1])]


def _values(report: Report, suite: str, arms: list[str], signal: known.Signal) -> Array:
    """One row a case, one column an arm; shares of the range, higher is better."""
    cases = [case for case in report.cases if case.suite == suite and not (case.unlabelled or case.aside)]
    rows = [[case.scores.get(arm, {}).get(signal.name) for arm in arms] for case in cases]
    told = [[signal.share(score) for score in row if isinstance(score, float)] for row in rows]
    return np.array([row for row in told if len(row) == len(arms)], dtype=np.float64).reshape(-1, len(arms))
