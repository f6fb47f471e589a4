"""Means over suites and slices that no check judges, side by side."""

from collections.abc import Mapping
from dataclasses import dataclass

from ragguard.records.metric import TASK_SCORE
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
    keys = dict.fromkeys((each.metric, each.slice) for each in _of_queries(suite) if (each.metric, each.slice) not in judged)
    found = {(each.metric, each.slice, each.arm): each for each in suite.means}
    made = []
    for metric, slice_ in sorted(keys, key=lambda key: key[1]):
        cells = [found.get((metric, slice_, arm)) for arm in arms(report, decision)]
        scored = {cell.scored for cell in cells if cell is not None}
        if scored:
            made.append(Row(metric, slice_, tuple(map(_mean, cells)), " to ".join(f"{n:,}" for n in sorted({min(scored), max(scored)}))))
    return made


@dataclass(frozen=True, slots=True)
class SliceRow:
    """One slice ("" for the whole suite): the cases of it that any metric scored, and each metric's means of all arms as one text."""

    slice: str
    scored: int
    cells: Mapping[str, str]


def by_slice(report: Report, decision: Decision, suite: SuiteRun) -> list[SliceRow]:
    """All means of a suite, a row a slice, slices without a scored case left out; metrics in the order they were recorded."""
    shown = _of_queries(suite)
    found = {(each.metric, each.slice, each.arm): each for each in shown}
    metrics = dict.fromkeys(each.metric for each in shown)
    made = []
    for name in sorted({each.slice for each in shown}):
        scored = max(each.scored for each in shown if each.slice == name)
        cells = {metric: " -> ".join(_mean(found.get((metric, name, arm))) for arm in arms(report, decision)) for metric in metrics}
        if scored:
            made.append(SliceRow(name, scored, cells))
    return made


def _of_queries(suite: SuiteRun) -> list[Mean]:
    """Without lm-eval's tasks, which have a table of their own."""
    tasks = {row.task for row in suite.tasks}
    return [each for each in suite.means if each.metric != TASK_SCORE and (not each.slice or each.slice not in tasks)]


def _mean(cell: Mean | None) -> str:
    return figures.NONE if cell is None else figures.mean(cell.mean, cell.unit)
