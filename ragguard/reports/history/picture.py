"""A metric over the nights, drawn: a line for each system with its interval, what changed, and where it drifted."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from ragguard.records.history import History, Mark, Point, Series
from ragguard.reports import figures
from ragguard.reports.history import words
from ragguard.reports.web import drawing
from ragguard.reports.web.drawing import BEFORE, ERROR, FAIL, INK, LINE, MARK, PASS, SOFT, UNSURE, WARM

if TYPE_CHECKING:
    from markupsafe import Markup

SIZE = (330.0, 190.0)
BAND = 90
"""Points of a band, at most: the lines have all."""

BOX = (0.15, 0.15, 0.83, 0.72)
_DASHES: Mapping[str, Any] = {"solid": "-", "dashed": (0, (5, 2)), "dotted": (0, (1, 1.6)), "dash-dotted": (0, (6, 2, 1, 2))}
_CANDIDATES = ((MARK, "solid"), (PASS, "dotted"), (ERROR, "dash-dotted"), (WARM, "solid"))
_SHORT = {"deployed": ("D", MARK), "baseline": ("B", WARM), "questions": ("N", SOFT), "judge": ("N", SOFT), "definitions": ("N", SOFT)}
_OUTCOMES = {"pass": ("o", PASS), "fail": ("X", FAIL), "inconclusive": ("s", UNSURE), "error": ("D", ERROR)}


@dataclass(frozen=True)
class Pen:
    """How a system's line is drawn."""

    arm: str
    colour: str
    dash: str

    @property
    def variable(self) -> str:
        """The colour as the page's style sheet knows it."""
        return drawing.css(self.colour)


def pens(history: History) -> list[Pen]:
    """A pen for every system: the references grey, the candidates in colours, all told apart by their dashes too."""
    roles = {arm.name: arm.role for night in history.nights for arm in night.arms}
    arms = list(dict.fromkeys(each.arm for each in history.series))
    candidates = [arm for arm in arms if roles.get(arm) == "candidate"]
    found = {arm: Pen(arm, *_CANDIDATES[number % len(_CANDIDATES)]) for number, arm in enumerate(candidates)}
    found |= {arm: Pen(arm, BEFORE if arm == "baseline" else UNSURE, "dashed") for arm in arms if arm not in found}
    return [found[arm] for arm in arms]


def line(history: History, series: Sequence[Series], drawn_by: Sequence[Pen], name: str) -> "Markup":
    """One metric: the same suite, metric and slice of several systems."""
    made = drawing.figure(*SIZE)
    axes = drawing.axes(made, BOX, 10)
    by_arm = {pen.arm: pen for pen in drawn_by}
    for each in series:
        _draw(axes, each, by_arm[each.arm])
    _marks(axes, [mark for mark in history.marks if _about(mark, series[0].suite)])
    _across(axes, history)
    title = words.title(series[0].suite, series[0].metric, series[0].slice)
    last = ", ".join(f"{each.arm} {figures.mean(each.points[-1].mean, each.unit)} ({words.state(each)})" for each in series)
    return drawing.svg(made, name, f"{title} over the nights", f"Last: {last}.")


def _draw(axes: Any, series: Series, pen: Pen) -> None:
    for stretch in dict.fromkeys(point.stretch for point in series.points):
        points = [point for point in series.points if point.stretch == stretch]
        at, means = [_at(point) for point in points], [point.mean for point in points]
        known = [(x, point.lower, point.upper) for x, point in zip(at, points, strict=True) if point.lower is not None]
        if known:
            known = [*known[:: math.ceil(len(known) / BAND)], known[-1]]
            axes.fill_between(*zip(*known, strict=True), color=pen.colour, alpha=0.13, linewidth=0)
        dot = "o" if len(points) == 1 else ""
        axes.plot(at, means, color=pen.colour, linewidth=1.7, linestyle=_DASHES[pen.dash], marker=dot, markersize=4)
    places = {point.night: _at(point) for point in series.points}
    for drift in series.drifts:
        if drift.ended and drift.ended not in places:
            continue  # it was over before the first night that is shown
        begin, end = places.get(drift.since, min(places.values())), places.get(drift.ended, max(places.values()))
        axes.axvspan(begin, end, color=FAIL, alpha=0.10, linewidth=0)
        for point in (point for point in series.points if point.night == drift.reported):
            axes.plot([places[point.night]], [point.mean], marker="v", markersize=8, color=FAIL, linestyle="none", clip_on=False)


def difference(history: History, key: tuple[str, str, str], candidate: str, name: str) -> "Markup | None":
    """A check's paired difference with its bounds night by night, against its margin; None where it was never estimated."""
    rows = list(_differences(history, key, candidate))
    if not rows:
        return None
    made = drawing.figure(*SIZE)
    axes = drawing.axes(made, BOX, 10)
    axes.axhline(0, color=LINE, linewidth=1)
    axes.plot([rows[0][0], rows[-1][0]], [-rows[-1][4]] * 2, color=FAIL, linewidth=1.2, linestyle=_DASHES["dashed"])
    for outcome, (shape, colour) in _OUTCOMES.items():
        mine = [row for row in rows if row[5] == outcome]
        if mine:
            at, values, lowers, uppers = ([row[place] for row in mine] for place in range(4))
            axes.vlines(at, lowers, uppers, color=colour, linewidth=1.2, alpha=0.55)
            axes.plot(at, values, marker=shape, markersize=3.2, color=colour, linestyle="none")
    _marks(axes, [mark for mark in history.marks if _about(mark, key[0])])
    _across(axes, history)
    title = f"{candidate}: {words.title(*key)}, difference from the baseline"
    return drawing.svg(made, name, title, f"Last: {figures.signed(rows[-1][1])}, {rows[-1][5]}.")


def costs(history: History, drawn_by: Sequence[Pen], figure: str, stage: str, name: str, factor: float = 1.0) -> "Markup | None":
    """A figure of what each system took, night by night, times ``factor``; seconds of stages are summed up. None where there is none."""
    rows: dict[str, list[tuple[float, float]]] = {}
    for night in history.nights:
        told: dict[str, float] = {}
        for cost in night.costs:
            if cost.figure == figure and stage in ("", cost.stage):
                told[cost.arm] = told.get(cost.arm, 0.0) + factor * cost.value
        for arm, value in told.items():
            rows.setdefault(arm, []).append((_x(night.day, night.name), value))
    by_arm = {pen.arm: pen for pen in drawn_by}
    drawn = {arm: points for arm, points in rows.items() if arm in by_arm}
    if not drawn:
        return None
    made = drawing.figure(*SIZE)
    axes = drawing.axes(made, BOX, 10)
    for arm, points in drawn.items():
        pen = by_arm[arm]
        dot = "o" if len(points) == 1 else ""
        axes.plot(*zip(*points, strict=True), color=pen.colour, linewidth=1.7, linestyle=_DASHES[pen.dash], marker=dot, markersize=4)
    axes.set_ylim(bottom=0)
    _marks(axes, [mark for mark in history.marks if mark.kind in ("deployed", "baseline")])
    _across(axes, history)
    last = ", ".join(f"{arm} {points[-1][1]:.3g}" for arm, points in drawn.items())
    return drawing.svg(made, name, f"{figure} {stage}".rstrip() + " over the nights", f"Last: {last}.")


def _differences(history: History, key: tuple[str, str, str], candidate: str) -> Iterator[tuple[float, float, float, float, float, str]]:
    for night in history.nights:
        for check in night.checks:
            about = (check.suite, check.metric, check.slice) == key and check.candidate == candidate and check.against == "baseline"
            if about and check.difference is not None and check.lower is not None and check.upper is not None:
                yield _x(night.day, night.name), check.difference, check.lower, check.upper, check.margin, check.outcome


def _at(point: Point) -> float:
    return _x(point.day, point.night)


def _x(day: str, night: str) -> float:
    """Days from the calendar's beginning; further nights of a day stand a little behind its first."""
    _, _, second = night.partition(".")
    return date.fromisoformat(day).toordinal() + (min(int(second) - 1, 3) * 0.25 if second else 0.0)


def _about(mark: Mark, suite: str) -> bool:
    """Whether a mark is one of a suite's: a system's is everybody's, new questions are their suite's."""
    return mark.kind in _SHORT and (mark.kind != "questions" or mark.what.startswith(f"{suite} "))


def _marks(axes: Any, marks: Sequence[Mark]) -> None:
    places: dict[float, list[str]] = {}
    for mark in marks:
        places.setdefault(_x(mark.day, mark.night), []).append(mark.kind)
    for x, kinds in places.items():
        letters = "".join(dict.fromkeys(_SHORT[kind][0] for kind in kinds))
        axes.axvline(x, color=_SHORT[kinds[0]][1], linewidth=1, linestyle=_DASHES["dashed"], alpha=0.8)
        drawing.words(axes, x, 1.02, letters, transform=axes.get_xaxis_transform(), ha="center", va="bottom", fontsize=10, color=INK)


def _across(axes: Any, history: History) -> None:
    """The days below: the first, the middle and the last."""
    first, last = (_x(history.nights[place].day, history.nights[place].day) for place in (0, -1))
    room = max(last - first, 1.0)
    axes.set_xlim(first - 0.02 * room - 0.5, last + 0.02 * room + 0.5)
    ticks = sorted({first, first + round((last - first) / 2), last})
    axes.set_xticks(ticks, [date.fromordinal(int(tick)).isoformat()[2 if first // 366 == last // 366 else 0 :] for tick in ticks])
    for label, side in zip(axes.get_xticklabels(), ("left", "center", "right") if len(ticks) == 3 else ("center",) * 3, strict=False):
        label.set_ha(side)
    axes.locator_params(axis="y", nbins=4)
