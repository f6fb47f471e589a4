"""What a judge's values are worth, drawn: inline SVG whose colours the page's style sheet sets."""

import io
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragguard.records.calibration import Calibration, JudgedAnswer
from ragguard.statistics.agreement import YES
from ragguard.statistics.clusters import Clusters
from ragguard.statistics.proportions import exact

_COLOURS = {"#010101": "var(--ink)", "#020202": "var(--soft)", "#030303": "var(--mark)", "#040404": "var(--line)"}
_INK, _SOFT, _MARK, _LINE = _COLOURS
"""Stand-ins, for matplotlib knows no CSS variables."""

_BINS = 5
_SIZE = (4.2, 3.9)
"""Inches, of 72 units each; the page scales it."""


def roc(calibration: Calibration) -> str:
    """The ROC curve with the threshold marked; empty where people say yes, or no, to all."""
    yes, judge = _told(calibration)
    if yes.all() or not yes.any():
        return ""
    points = [(1.0, 1.0), *(_rates(yes, judge, float(value)) for value in np.unique(judge)), (0.0, 0.0)]
    figure, axes = _axes("1 - specificity", "sensitivity")
    axes.plot([0, 1], [0, 1], color=_SOFT, linewidth=1, linestyle=(0, (4, 3)))
    axes.plot(*zip(*points, strict=True), color=_MARK, linewidth=2)
    used = _rates(yes, judge, calibration.agreement.threshold)
    axes.plot(*used, marker="o", markersize=9, color=_MARK, markeredgecolor=_INK)
    right = used[0] > 0.55
    axes.annotate(
        f"from {calibration.agreement.threshold:g} on",
        used,
        xytext=(-12 if right else 12, -14),
        textcoords="offset points",
        ha="right" if right else "left",
        color=_INK,
    )
    return _svg(figure, "roc")


def values(calibration: Calibration) -> str:
    """For what the judge gives, what people say: the share of yes, or the mean of grades; empty without answers.

    The intervals are those of shares, which are never too narrow for grades.
    """
    if not calibration.answers:
        return ""
    label, judge = (np.array(each) for each in zip(*((row.label, row.judge) for row in calibration.answers), strict=True))
    graded = not np.isin(label, (0, 1)).all()
    figure, axes = _axes("the judge's value", "people's mean label" if graded else "share that people say yes to")
    axes.plot([0, 1], [0, 1], color=_SOFT, linewidth=1, linestyle=(0, (4, 3)))
    intents = Clusters([row.intent for row in calibration.answers])
    for rows in _bins(judge):
        at, mean, count = float(judge[rows].mean()), float(label[rows].mean()), int(rows.sum())
        lower, upper = exact(mean, count / intents.among(rows).effect(label[rows] - mean), calibration.agreement.level)
        axes.plot([at, at], [lower, upper], color=_LINE, linewidth=3, solid_capstyle="round")
        axes.plot(at, mean, marker="o", markersize=4 + 8 * count / len(label), color=_MARK, markeredgecolor=_INK)
        axes.annotate(f"{count:,}", (at, mean), xytext=(9, 4), textcoords="offset points", color=_INK)
    return _svg(figure, "values")


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
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, layout="constrained")
    figure.patch.set_alpha(0)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0)
    axes.set(xlim=(-0.04, 1.04), ylim=(-0.04, 1.04), xlabel=across, ylabel=up, aspect="equal")
    axes.tick_params(colors=_INK)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(_INK)
    for name, spine in axes.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color(_SOFT)
    return figure, axes


def _svg(figure: Any, name: str) -> str:
    """The drawing as inline SVG: no request to anywhere, text as text, the same bytes each time."""
    import matplotlib as mpl

    made = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": f"ragguard {name}", "font.family": "sans-serif"}):
        figure.savefig(made, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = made.getvalue().partition("<svg")[2]
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)  # inline, it would be the whole page's
    for old, new in {'id="': f'id="{name}-', "url(#": f"url(#{name}-", 'href="#': f'href="#{name}-', **_COLOURS}.items():
        text = text.replace(old, new)
    head, _, rest = text.partition(">")
    unsized = re.sub(' (width|height)="[^"]*"', "", head)  # the page says how large
    return f"<svg{unsized}>{rest}"
