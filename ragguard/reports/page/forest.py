"""The picture that tells it all: every check as a paired difference with its bounds, against its margin."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ragguard.records.evidence import Tier
from ragguard.records.report import Report
from ragguard.records.verdict import Decision, Outcome, Verdict
from ragguard.reports import figures, words
from ragguard.reports.web import drawing
from ragguard.reports.web.drawing import ERROR, FAIL, INK, LINE, PAPER, PASS, SHADE, SOFT, UNSURE

if TYPE_CHECKING:
    from markupsafe import Markup

TIERS: tuple[Tier, ...] = ("blocking", "must", "veto", "advisory")
COLOURS: dict[Outcome, str] = {"pass": PASS, "fail": FAIL, "inconclusive": UNSURE, "error": ERROR}
_MARKERS: dict[Outcome, str] = {"pass": "o", "fail": "D", "inconclusive": "o", "error": "x"}


@dataclass(frozen=True, slots=True)
class Group:
    """A suite and its checks, the blocking ones first."""

    suite: str
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class _Shape:
    """Where things stand on the sheet, in its units: the sides of the plot, the height of a row, and its line within."""

    width: float
    left: float
    right: float
    row: float
    line: float
    head: float
    clip: int
    wide: bool

    def high(self, verdict: Verdict) -> float:
        """Without anything to draw, a narrow row is its words alone."""
        return self.row if self.wide or drawable(verdict) else self.line - 10


_WIDE = _Shape(1020, 370, 770, 27, 13.5, 40, 48, wide=True)
_NARROW = _Shape(360, 6, 354, 50, 34, 36, 49, wide=False)
_TOP, _FOOT = 4, 52


def groups(report: Report, decision: Decision) -> list[Group]:
    """A decision's checks by suite, the suite with the worst verdict first."""
    made = ((suite.name, words.verdicts(decision, suite.name)) for suite in words.suites(report, decision))
    return [Group(name, tuple(sorted(each, key=lambda verdict: TIERS.index(verdict.check.tier)))) for name, each in made if each]


def drawable(verdict: Verdict) -> bool:
    """Whether a check has a difference on the common scale: as a share of its metric's range."""
    scale = verdict.estimate.scale
    return verdict.estimate.difference is not None and None not in (scale.low, scale.high) and verdict.check.tier != "must"


def describe(report: Report, decision: Decision) -> str:
    """The picture in a sentence, for those who do not see it."""
    made = [each for group in groups(report, decision) for each in group.verdicts]
    counts = {word: sum(each.outcome == word for each in made) for word in ("fail", "error", "inconclusive", "pass")}
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    failed = [each.check.identity for each in made if each.outcome == "fail"]
    named = f" Failed: {words.listed(failed, 6)}." if failed else ""
    return f"{figures.count(len(made), 'check')}: {told}.{named} The numbers stand in the tables of the suites below."


def picture(report: Report, decision: Decision, name: str, *, wide: bool) -> "Markup":
    """Draw it, for a wide window or a narrow one."""
    shape = _WIDE if wide else _NARROW
    made = groups(report, decision)
    low, high = _span([each for group in made for each in group.verdicts])
    height = _TOP + sum(shape.head + sum(shape.high(verdict) for verdict in group.verdicts) for group in made) + _FOOT
    figure = drawing.figure(shape.width, height)
    sheet = drawing.sheet(figure, shape.width, height)
    pen = _Pen(sheet, shape, low, high)
    bottom = height - _FOOT
    y = float(_TOP)
    for group in made:
        y = _group(pen, report, group, y)
    if shape.wide:
        sheet.plot([pen.x(0)] * 2, [_TOP + shape.head * 0.6, bottom + 6], color=SOFT, linewidth=1, zorder=1)
    _ruler(pen, bottom + 6)
    title = f"{decision.candidate} against {words.baseline(report)}: every check's difference with its bounds"
    return drawing.svg(figure, name, title, describe(report, decision))


@dataclass(frozen=True, slots=True)
class _Pen:
    sheet: Any
    shape: _Shape
    low: float
    high: float

    def x(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.shape.left + share * (self.shape.right - self.shape.left)


def _span(verdicts: Sequence[Verdict]) -> tuple[float, float]:
    """The ends of the common scale: all bounds and margins, and a little more."""
    found = list(_ends(each for each in verdicts if drawable(each)))
    low, high = min([-0.06, *found]), max([0.06, *found])
    room = 0.04 * (high - low)
    return max(-1.02, low - room), min(1.02, high + room)


def _ends(verdicts: Iterator[Verdict]) -> Iterator[float]:
    for verdict in verdicts:
        estimate = verdict.estimate
        yield from (value for value in (estimate.lower, estimate.upper, estimate.difference, -verdict.check.margin) if value is not None)


def _group(pen: _Pen, report: Report, group: Group, y: float) -> float:
    """Draw a suite from ``y`` on; return where the next begins."""
    shape = pen.shape
    drawing.words(pen.sheet, 0, y + shape.head - 12, words.clip(group.suite, 60), fontsize=14, fontweight="bold")
    y += shape.head
    for verdict in group.verdicts:
        _row(pen, report, verdict, y)
        y += shape.high(verdict)
    return y


def _row(pen: _Pen, report: Report, verdict: Verdict, top: float) -> None:
    shape, estimate, outcome = pen.shape, verdict.estimate, verdict.outcome
    colour, line = COLOURS[outcome], top + shape.line
    _labels(pen, report, verdict, top)
    if not drawable(verdict):
        return
    edge = pen.x(-verdict.check.margin)
    drawing.bar(pen.sheet, shape.left, edge, line - 9, 18, color=SHADE, zorder=0)
    pen.sheet.plot([edge, edge], [line - 9, line + 9], color=SOFT, linewidth=1.4, zorder=2, clip_on=False)
    if not shape.wide:
        pen.sheet.plot([pen.x(0)] * 2, [line - 9, line + 9], color=SOFT, linewidth=1, zorder=1, clip_on=False)
    if estimate.lower is not None and estimate.upper is not None:
        thick = 3.4 if verdict.check.tier == "blocking" else 2
        pen.sheet.plot([pen.x(estimate.lower), pen.x(estimate.upper)], [line, line], color=colour, linewidth=thick, zorder=3, clip_on=False)
    filled = PAPER if outcome == "inconclusive" else colour
    size = 9 if verdict.check.tier == "blocking" else 7
    pen.sheet.plot(
        pen.x(estimate.difference or 0), line, marker=_MARKERS[outcome], markersize=size, markerfacecolor=filled, markeredgecolor=colour,
        markeredgewidth=1.8, zorder=4, clip_on=False,
    )  # fmt: skip


def _labels(pen: _Pen, report: Report, verdict: Verdict, top: float) -> None:
    shape, check = pen.shape, verdict.check
    weight = "bold" if check.tier == "blocking" else "normal"
    ink = SOFT if check.tier == "advisory" else INK
    word, change = words.outcome(verdict), words.change(verdict)
    title = " ".join(part for part in words.title(verdict, report) if part != "(lower is better)")  # + is better, whatever the metric
    name = words.clip(title, shape.clip if shape.wide else shape.clip - len(word) - len(change[0]))
    if shape.wide:
        middle = top + shape.line + 4.5
        drawing.words(pen.sheet, 0, middle, name, fontsize=13, fontweight=weight, color=ink)
        drawing.words(pen.sheet, shape.left - 14, middle, check.tier, fontsize=11.5, color=SOFT, ha="right")
        drawing.words(pen.sheet, shape.right + 22, middle, word, fontsize=13, fontweight="bold", color=COLOURS[verdict.outcome])
        drawing.words(pen.sheet, shape.width, middle, change[0], fontsize=13, ha="right", color=ink)
        return
    drawing.words(pen.sheet, 0, top + 15, name, fontsize=12.5, fontweight=weight, color=ink)
    drawing.words(
        pen.sheet, shape.width, top + 15, f"{word}  {change[0]}", fontsize=12, fontweight="bold", color=COLOURS[verdict.outcome], ha="right"
    )


def _ruler(pen: _Pen, y: float) -> None:
    from matplotlib.ticker import MaxNLocator

    shape = pen.shape
    pen.sheet.plot([shape.left, shape.right], [y, y], color=LINE, linewidth=1)
    for tick in MaxNLocator(6 if shape.wide else 5, steps=[1, 2, 5, 10]).tick_values(pen.low, pen.high):
        if pen.low <= tick <= pen.high:
            pen.sheet.plot([pen.x(tick)] * 2, [y, y + 4], color=SOFT, linewidth=1, clip_on=False)
            drawing.words(pen.sheet, pen.x(tick), y + 18, figures.signed(float(tick), 2), color=SOFT, fontsize=11.5, ha="center")
    drawing.words(pen.sheet, pen.x(0) - 10, y + 37, "← worse", color=SOFT, fontsize=12, ha="right")
    drawing.words(pen.sheet, pen.x(0) + 10, y + 37, "better →", color=SOFT, fontsize=12)
