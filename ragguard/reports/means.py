"""Means over suites and slices that no check judges, side by side."""

from dataclasses import dataclass

from ragguard.records.report import Mean, Report, SuiteRun
from ragguard.records.verdict import Decision
from ragguard.reports import figures, words


@dataclass(frozen=True, slots=True)
class Row:
    """One metric on one slice ("" for the whole suite): the arms' means as text, in the order of ``arms``, and the cases scored."""

    metric: str
    slice: str
    means: tuple[str, ...]
    scored: str


def arms(report: Report, decision: Decision) -> list[str]:
    """The baseline, the anchors, the candidate."""
    anchors = [arm.name for arm in report.arms if arm.role == "anchor"]
    return [words.baseline(report), *anchors, decision.candidate]


def rows(report: Report, decision: Decision, suite: SuiteRun) -> list[Row]:
    """The means that stand in no check of this decision, the whole suite's first, then by slice, in the order they were recorded."""
    judged = {(str(each.check.metric), each.check.slice) for each in words.verdicts(decision, suite.name)}
    keys = dict.fromkeys((each.metric, each.slice) for each in suite.means if (each.metric, each.slice) not in judged)
    found = {(each.metric, each.slice, each.arm): each for each in suite.means}
    made = []
    for metric, slice_ in sorted(keys, key=lambda key: key[1]):
        cells = [found.get((metric, slice_, arm)) for arm in arms(report, decision)]
        scored = {cell.scored for cell in cells if cell is not None}
        if scored:
            made.append(Row(metric, slice_, tuple(map(_mean, cells)), " to ".join(f"{n:,}" for n in sorted({min(scored), max(scored)}))))
    return made


def _mean(cell: Mean | None) -> str:
    return figures.NONE if cell is None else figures.mean(cell.mean, cell.unit)
