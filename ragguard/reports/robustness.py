"""Which perturbation, or attack, hurt which system, and by how much."""

from dataclasses import dataclass

from ragguard.records.metric import Metric
from ragguard.records.report import Report, SuiteRun
from ragguard.records.verdict import Decision
from ragguard.reports import figures, means

DROP = "Drop"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one perturbation cost the arms, in their order: the mean over its queries as they stand -> as perturbed, and the loss."""

    name: str
    cases: int
    changes: tuple[str, ...]
    losses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Costs:
    """All perturbations of a suite by one metric, what hurt the last arm most first."""

    metric: str
    arms: tuple[str, ...]
    rows: tuple[Cost, ...]


def costs(report: Report, decision: Decision, suite: SuiteRun) -> Costs | None:
    """Put the costs of a suite's perturbations together, from the first ``Drop`` that it recorded; None where it has none."""
    drop = next((each.metric for each in suite.means if Metric.parse(each.metric).base == DROP), None)
    if drop is None:
        return None
    metric = str(_inner(Metric.parse(drop)))
    arms = tuple(means.arms(report, decision))
    found = {(each.metric, each.slice, each.arm): each for each in suite.means}
    rows = []
    for name in suite.made:
        lost = [found.get((drop, name, arm)) for arm in arms]
        after = [found.get((metric, name, arm)) for arm in arms]
        numbers = [(a.mean, b.mean) for a, b in zip(lost, after, strict=True) if a and b and a.mean is not None and b.mean is not None]
        if len(numbers) == len(arms):
            changes = tuple(f"{figures.mean(score + cost)} -> {figures.mean(score)}" for cost, score in numbers)
            cases = max(each.scored for each in lost if each is not None)
            rows.append((numbers[-1][0], Cost(name, cases, changes, tuple(figures.signed(-cost) for cost, _ in numbers))))
    return Costs(metric, arms, tuple(row for _, row in sorted(rows, key=lambda pair: (-pair[0], pair[1].name)))) if rows else None


def _inner(drop: Metric) -> Metric:
    return Metric(drop.parameter("of", ""), drop.cutoff, tuple(pair for pair in drop.parameters if pair[0] != "of"))
