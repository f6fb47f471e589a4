"""What a judge's values are worth, drawn: inline SVG whose colours the page's style sheet sets."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ragguard.records.calibration import Calibration, JudgedAnswer
from ragguard.reports.judge import words
from ragguard.reports.web import drawing
from ragguard.reports.web.drawing import INK, LINE, MARK, SOFT
from ragguard.statistics.agreement import YES
from ragguard.statistics.clusters import Clusters
from ragguard.statistics.proportions import exact

if TYPE_CHECKING:
    from markupsafe import Markup

_BINS = 5
_SIZE = (300.0, 280.0)


def roc(calibration: Calibration) -> "Markup | None":
    """The ROC curve with the threshold marked; None where people say yes, or no, to all."""
    yes, judge = _told(calibration)
    if yes.all() or not yes.any():
        return None
    points = [(1.0, 1.0), *(_rates(yes, judge, float(value)) for value in np.unique(judge)), (0.0, 0.0)]
    figure, axes = _axes("1 - specificity", "sensitivity")
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=(0, (4, 3)))
    axes.plot(*zip(*points, strict=True), color=MARK, linewidth=2)
    used = _rates(yes, judge, calibration.agreement.threshold)
    axes.plot(*used, marker="o", markersize=9, color=MARK, markeredgecolor=INK)
    right = used[0] > 0.55
    axes.annotate(
        f"from {calibration.agreement.threshold:g} on",
        used,
        xytext=(-12 if right else 12, -14),
        textcoords="offset points",
        ha="right" if right else "left",
        color=INK,
    )
    return drawing.svg(figure, "roc", f"ROC curve, area {words.value(calibration.agreement.auroc)}")


def values(calibration: Calibration) -> "Markup | None":
    """For what the judge gives, what people say: the share of yes, or the mean of grades; None without answers.

    The intervals are those of shares, which are never too narrow for grades.
    """
    if not calibration.answers:
        return None
    label, judge = (np.array(each) for each in zip(*((row.label, row.judge) for row in calibration.answers), strict=True))
    graded = not np.isin(label, (0, 1)).all()
    figure, axes = _axes("the judge's value", "people's mean label" if graded else "share that people say yes to")
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=(0, (4, 3)))
    intents = Clusters([row.intent for row in calibration.answers])
    for rows in _bins(judge):
        at, mean, count = float(judge[rows].mean()), float(label[rows].mean()), int(rows.sum())
        lower, upper = exact(mean, count / intents.among(rows).effect(label[rows] - mean), calibration.agreement.level)
        axes.plot([at, at], [lower, upper], color=LINE, linewidth=3, solid_capstyle="round")
        axes.plot(at, mean, marker="o", markersize=4 + 8 * count / len(label), color=MARK, markeredgecolor=INK)
        axes.annotate(f"{count:,}", (at, mean), xytext=(9, 4), textcoords="offset points", color=INK)
    return drawing.svg(figure, "values", "What people say of answers, by the value that the judge gave them")


def _told(calibration: Calibration) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    rows: Sequence[JudgedAnswer] = [row for row in calibration.answers if not row.tied]
    return np.array([row.label >= YES for row in rows], dtype=np.bool_), np.array([row.judge for row in rows], dtype=np.float64)


def _rates(yes: NDArray[np.bool_], judge: NDArray[np.float64], threshold: float) -> tuple[float, float]:
    """Where a threshold lies: the share of no that the judge says yes to, and that of yes."""
    return float((judge[~yes] >= threshold).mean()), float((judge[yes] >= threshold).mean())


def _bins(judge: NDArray[np.float64]) -> list[NDArray[np.bool_]]:
    """Answers by what the judge gave: each value alone where there are few, else as many answers to a bin as can be."""
    distinct = np.unique(judge)
    if len(distinct) <= _BINS + 1:
        return [judge == value for value in distinct]
    edges = np.unique(np.quantile(judge, np.linspace(0, 1, _BINS + 1)))
    numbers = np.clip(np.searchsorted(edges, judge, side="right") - 1, 0, len(edges) - 2)
    return [numbers == number for number in np.unique(numbers)]


def _axes(across: str, up: str) -> tuple[Any, Any]:
    figure = drawing.figure(*_SIZE)
    axes = drawing.axes(figure, (0.16, 0.15, 0.8, 0.8))
    axes.set(xlim=(-0.04, 1.04), ylim=(-0.04, 1.04), xlabel=across, ylabel=up, aspect="equal")
    return figure, axes
