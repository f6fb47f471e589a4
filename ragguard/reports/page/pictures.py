"""The smaller pictures of a page: how scores are spread, where cases are lost, how a training went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ragguard.reports import figures, words
from ragguard.reports.page.stages import STAGES, Row, Stage
from ragguard.reports.web import drawing
from ragguard.reports.web.drawing import ERROR, FAIL, INK, LINE, MARK, PAPER, PASS, SOFT

if TYPE_CHECKING:
    from markupsafe import Markup

_SIZE = (480.0, 220.0)
_BOX = (0.09, 0.12, 0.88, 0.74)
_BINS = 20
_STRENGTH: Mapping[Stage, float] = {
    "not retrieved": 1.0, "ranked too low": 0.78, "wrong answer": 0.58, "wrong version": 0.4, "wrong citation": 0.24,
}  # fmt: skip
"""How strong a stage's colour is: the earlier, the stronger."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Cases by their score: ``edges`` of the bins, and how many cases of each arm lie in each."""

    edges: tuple[float, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]


def spread(before: Sequence[float], after: Sequence[float], low: float | None, high: float | None) -> Spread:
    """Count scores in bins of equal width, over the metric's range, or that of the scores where it has none."""
    both = [*before, *after]
    ends = (min(both) if low is None else low, max(both) if high is None else high)
    edges = np.linspace(*(ends if ends[0] < ends[1] else (ends[0] - 0.5, ends[0] + 0.5)), _BINS + 1)
    counts = (tuple(int(n) for n in np.histogram(values, edges)[0]) for values in (before, after))
    return Spread(tuple(map(float, edges)), *counts)


def scores(found: Spread, arms: tuple[str, str], metric: str, name: str) -> "Markup":
    """Both arms' scores, the candidate's filled, the baseline's as a line."""
    figure = drawing.figure(*_SIZE)
    axes = drawing.axes(figure, _BOX)
    edges = np.array(found.edges)
    axes.stairs(found.after, edges, fill=True, color=MARK, alpha=0.28)
    axes.stairs(found.after, edges, color=MARK, linewidth=1.8)
    axes.stairs(found.before, edges, color=INK, linewidth=1.4, linestyle=(0, (4, 2)))
    axes.set_xlim(edges[0], edges[-1])
    axes.yaxis.get_major_locator().set_params(integer=True, nbins=4)
    _legend(figure, [("╌", INK, arms[0]), ("■", MARK, arms[1])])
    return drawing.svg(figure, name, f"How many cases have which {metric}", "The numbers stand in the table below.")


def differences(values: Sequence[float], metric: str, name: str) -> "Markup":
    """The gains and losses of single cases: losses to the left, wins to the right; ties are not drawn, for they would hide the rest."""
    figure = drawing.figure(*_SIZE)
    axes = drawing.axes(figure, _BOX)
    found = np.array(values)
    moved = found[np.abs(found) > 1e-9]
    most = max(0.05, float(np.abs(moved).max()) if moved.size else 0.05)
    edges = np.linspace(-most, most, _BINS + 1)
    heights: NDArray[np.int64] = np.histogram(moved, edges)[0]
    middles, width = (edges[:-1] + edges[1:]) / 2, edges[1] - edges[0]
    for colour, side in ((FAIL, middles < 0), (PASS, middles > 0)):
        axes.bar(middles[side], heights[side], width * 0.86, color=colour)
    axes.axvline(0, color=SOFT, linewidth=1)
    axes.yaxis.get_major_locator().set_params(integer=True, nbins=4)
    lost, won = int((moved < 0).sum()), int((moved > 0).sum())
    tied = len(found) - lost - won
    _legend(figure, [("■", FAIL, f"{lost:,} lost"), ("", SOFT, f"{tied:,} tied"), ("■", PASS, f"{won:,} won")])
    return drawing.svg(figure, name, f"Which cases gained and lost how much {metric}", f"{lost:,} lost, {tied:,} tied, {won:,} won.")


def _legend(figure: Any, entries: Sequence[tuple[str, str, str]]) -> None:
    """Signs and words in a line above a picture, each as far right as the one before needs."""
    sheet = drawing.sheet(figure, *_SIZE)
    x = 4.0
    for sign, colour, text in entries:
        if sign:
            drawing.words(sheet, x, 14, sign, color=colour, fontsize=12)
            x += 16
        shown = words.clip(text, 28)
        drawing.words(sheet, x, 14, shown, fontsize=12)
        x += 7.2 * len(shown) + 18


def losses(rows: Mapping[str, Sequence[Row]], arms: tuple[str, str], name: str, *, wide: bool) -> "Markup":
    """Where each suite's cases are lost, the baseline above the candidate; ``rows`` are by suite."""
    width, left = (1020.0, 250.0) if wide else (360.0, 0.0)
    label, bar, gap, head = (0, 22, 22, 34) if wide else (20, 20, 18, 62)
    height = head + sum(2 * (bar + 4 + label) + gap + (0 if wide else 20) for _ in rows)
    figure = drawing.figure(width, height)
    sheet = drawing.sheet(figure, width, height)
    _stage_legend(sheet, width)
    y = float(head)
    for suite, made in rows.items():
        total = max(1, sum(row.baseline for row in made))
        drawing.words(sheet, 0, y + 15, words.clip(suite, 24), fontsize=13, fontweight="bold")
        y += 0 if wide else 20
        for arm, counts in ((arms[0], [row.baseline for row in made]), (arms[1], [row.candidate for row in made])):
            y += label
            at = (left - 12, y + 15.5, "right") if wide else (0, y - 4, "left")
            drawing.words(sheet, at[0], at[1], words.clip(arm, 16 if wide else 40), fontsize=12, color=SOFT, ha=at[2])
            _bar(sheet, counts, total, (left, width), y, bar)
            y += bar + 4
        y += gap
    return drawing.svg(figure, name, "Where cases are lost, by suite, baseline above candidate", "The numbers stand in the table below.")


def _bar(sheet: Any, counts: Sequence[int], total: int, sides: tuple[float, float], y: float, thick: float) -> None:
    x, scale = sides[0], (sides[1] - sides[0]) / total
    for stage, count in zip(STAGES, counts, strict=True):
        if not count:
            continue
        colour, strength = _paint(stage)
        drawing.bar(sheet, x, x + count * scale - 1, y, thick, color=colour, alpha=strength)
        if count * scale > 9 * len(f"{count:,}") + 4:
            ink = PAPER if strength > 0.7 and stage != "fine" else INK
            drawing.words(sheet, x + 6, y + thick - 6.5, f"{count:,}", fontsize=11.5, color=ink)
        x += count * scale


def _paint(stage: Stage) -> tuple[str, float]:
    return (ERROR, 1.0) if stage == "error" else (LINE, 0.75) if stage == "fine" else (FAIL, _STRENGTH[stage])


def _stage_legend(sheet: Any, width: float) -> None:
    x, y = 0.0, 12.0
    for stage in STAGES:
        colour, strength = _paint(stage)
        room = 7.0 * len(stage) + 34
        if x + room > width:
            x, y = 0.0, y + 20
        drawing.bar(sheet, x, x + 11, y - 9, 11, color=colour, alpha=strength)
        drawing.words(sheet, x + 16, y + 1, stage, fontsize=12, color=SOFT)
        x += room


def curve(points: Sequence[tuple[float, float]], what: str, name: str) -> "Markup":
    """How a figure of a training went, step by step."""
    figure = drawing.figure(*_SIZE)
    axes = drawing.axes(figure, _BOX)
    steps, values = zip(*points, strict=True)
    axes.plot(steps, values, color=MARK, linewidth=1.8, marker="o" if len(points) < 12 else "", markersize=4)
    axes.xaxis.get_major_locator().set_params(integer=True)
    _legend(figure, [("", INK, what)])
    told = f"From {figures.mean(values[0])} at step {steps[0]:,.0f} to {figures.mean(values[-1])} at step {steps[-1]:,.0f}."
    return drawing.svg(figure, name, f"{what} by step of the training", told)
