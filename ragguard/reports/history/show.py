"""A history on a terminal: what drifts, each watched metric as a line of blocks, what changed and when."""

from rich.console import Console
from rich.table import Table

from ragguard.records.history import Changes, History, Night, Series
from ragguard.reports import figures, tables
from ragguard.reports.history import words
from ragguard.reports.pen import ANSWER_STYLE, Pen
from ragguard.reports.words import HEADLINE

WIDEST, _MARKS, _NIGHTS = 30, 12, 7
_STATE_STYLE = {"drift": "bold red", "learning": "dim", "quiet": "green", "not watched": "dim"}
_ANSWER_LETTER = {"promote": "+", "block": "x", "hold": "o", "error": "!"}


def show(history: History, console: Console, place: str) -> None:
    """Print a history: drift first, then the lines, then what changed, then the last nights."""
    pen = Pen(console)
    nights = history.nights
    pen.heading(history.plan, f"{figures.count(len(nights), 'night')}, {nights[0].day} to {nights[-1].day} ({place})")
    pen.say(f"Baseline: {words.age(history.baseline)}")
    lasting = [each for each in history.drifts if not each.ended]
    for each in lasting:
        pen.item(words.drift(each), "bold red")
    if not lasting:
        pen.say("No drift lasts.", "green")
    _lines(history, pen)
    _past(history, pen)
    pen.heading("Last nights")
    for night in nights[-_NIGHTS:]:
        _night(night, pen)
    pen.say(f"\n{words.detector(history.detector)}. A series is watched after {history.detector.learns} nights.", "dim")


def _lines(history: History, pen: Pen) -> None:
    shown = words.main_series(history)
    if not shown:
        return
    pen.heading("Metrics of checks", "the last 30 nights; each line has its own height, | begins a new series")
    table = tables.plain(("system", "check", "first", "", "last", "state"), pen)
    for each in shown:
        _row(each, table, pen)
    pen.print(table)


def _row(series: Series, table: Table, pen: Pen) -> None:
    last = series.points[-1]
    begin = next(point for point in series.points if point.stretch == last.stretch)
    cells = (
        series.arm,
        words.title(series.suite, series.metric, series.slice),
        figures.mean(begin.mean, series.unit),
        blocks(series),
        figures.mean(last.mean, series.unit),
    )
    table.add_row(*map(pen.text, cells), pen.text(words.state(series), _STATE_STYLE[series.state]))


def blocks(series: Series) -> str:
    """The last nights of a series as blocks, stretches apart."""
    points = series.points[-WIDEST:]
    low, high = min(point.mean for point in points), max(point.mean for point in points)
    parts = dict.fromkeys(point.stretch for point in points)
    return "|".join(words.spark([point.mean for point in points if point.stretch == part], low, high) for part in parts)


def _past(history: History, pen: Pen) -> None:
    over = [each for each in history.drifts if each.ended]
    if over:
        pen.heading("Drift that is over")
        for each in over[-_MARKS:]:
            pen.item(words.drift(each))
    if not history.marks:
        return
    pen.heading("What changed")
    if len(history.marks) > _MARKS:
        pen.say(f"(the last {_MARKS} of {len(history.marks):,}; --json has all)", "dim")
    for mark in history.marks[-_MARKS:]:
        pen.item(f"{mark.night}  {mark.kind}: {mark.what}")


def _night(night: Night, pen: Pen) -> None:
    note = f"  ({night.note})" if night.note else ""
    again = f"  {night.attempts} attempts" if night.attempts > 1 else ""
    pen.say(f"{night.name}  {_ANSWER_LETTER[night.answer]} {words.night(night)}{again}{note}", ANSWER_STYLE[night.answer])


def show_changes(changes: Changes, console: Console) -> None:
    """Print two nights side by side."""
    pen = Pen(console)
    pen.heading(f"{changes.plan}: {changes.before} and {changes.after}", " -> ".join(HEADLINE[each] for each in changes.answers))  # type: ignore[index]
    for arm, other in changes.systems.items():
        pen.item(f"{arm}: {'another system' if other else 'the same system'}")
    table = tables.plain(("system", "metric", changes.before, changes.after, "change", "verdicts"), pen)
    for each in changes.changes:
        style = "" if each.better is None else "green" if each.better else "red"
        verdicts = " -> ".join(verdict or "-" for verdict in each.verdicts) if any(each.verdicts) else ""
        table.add_row(
            pen.text(each.arm),
            pen.text(words.title(each.suite, each.metric, each.slice)),
            pen.text(_with_bounds(each.before, each.before_bounds)),
            pen.text(_with_bounds(each.after, each.after_bounds)),
            pen.text(figures.signed(each.change), style),
            pen.text(verdicts),
        )
    pen.print(table)
    pen.say("In brackets 95 % intervals of each mean. The nights asked the same; their cases are paired by: ragguard compare", "dim")


def _with_bounds(mean: float, bounds: tuple[float | None, float | None]) -> str:
    lower, upper = bounds
    return figures.mean(mean) + (f" [{figures.mean(lower)}, {figures.mean(upper)}]" if lower is not None and upper is not None else "")


def show_night(history: History | None, alerted: str, console: Console, place: str) -> None:
    """Print what a night adds to the gate's report."""
    pen = Pen(console)
    pen.heading("Night", place)
    if history is not None:
        pen.say(f"{history.nights[-1].name}, {figures.count(len(history.nights), 'night')} in the history")
        pen.say(f"Baseline: {words.age(history.baseline)}")
        for each in history.drifts:
            if not each.ended or each.ended == history.nights[-1].name:
                pen.item(words.drift(each), "" if each.ended else "bold red")
        states = [series.state for series in history.series if series.state != "not watched"]
        counted = {state: states.count(state) for state in ("quiet", "learning", "drift") if state in states}
        pen.say("Watched series: " + (", ".join(f"{count} {state}" for state, count in counted.items()) or "none"))
    if alerted:
        pen.say(alerted)
