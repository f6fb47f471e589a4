"""A history on a terminal: what drifts, each watched metric as a line of blocks, what changed and when."""

from rich.console import Console
from rich.text import Text

from ragguard.records.history import Change, Changes, History, Series
from ragguard.records.night import Night
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
    width = 18 if pen.narrow else WIDEST
    if shown:
        pen.heading("Metrics of checks", f"the last {width} nights; each line has its own height, | begins a new series")
    for suite in dict.fromkeys(each.suite for each in shown):
        pen.say(f"\n{suite}", "bold")
        table = tables.plain((), pen)
        for name in ("metric", "system", "first", "", "last", "state"):
            wide = name == "metric"
            table.add_column(name, justify="right" if name in ("first", "last") else "left", no_wrap=not wide, overflow="fold")
        last = ""
        for each in (each for each in shown if each.suite == suite):
            title = f"{each.metric} {each.slice}".rstrip()
            table.add_row(pen.text("" if title == last else title), *_cells(each, width, pen))
            last = title
        pen.print(table)


def _cells(series: Series, width: int, pen: Pen) -> list[Text]:
    last = series.points[-1]
    begin = next(point for point in series.points if point.stretch == last.stretch)
    cells = (series.arm, figures.mean(begin.mean, series.unit), blocks(series, width), figures.mean(last.mean, series.unit))
    return [*map(pen.text, cells), pen.text(words.state(series), _STATE_STYLE[series.state])]


def blocks(series: Series, width: int = WIDEST) -> str:
    """The last nights of a series as blocks, stretches apart."""
    points = series.points[-width:]
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
        pen.item(f"{mark.night} {mark.kind}: {mark.what}")


def _night(night: Night, pen: Pen) -> None:
    note = f"  ({night.note})" if night.note else ""
    again = f"  {night.attempts} attempts" if night.attempts > 1 else ""
    pen.say(f"{night.name}  {_ANSWER_LETTER[night.answer]} {words.night(night)}{again}{note}", ANSWER_STYLE[night.answer])


def show_changes(changes: Changes, console: Console) -> None:
    """Print two nights side by side: what moved, and how many metrics did not."""
    pen = Pen(console)
    pen.heading(f"{changes.plan}: {changes.before} and {changes.after}", " -> ".join(HEADLINE[each] for each in changes.answers))
    for arm, other in changes.systems.items():
        pen.item(f"{arm}: {'another system' if other else 'the same system'}")
    moved = [each for each in changes.changes if each.change]
    still = len(changes.changes) - len(moved)
    if still:
        pen.item(f"{figures.count(still, 'mean')} did not move")
    for suite in dict.fromkeys(each.suite for each in moved):
        pen.say(f"\n{suite}", "bold")
        table = tables.plain(("metric", "system", changes.before, changes.after, "change", "verdicts"), pen)
        for each in (each for each in moved if each.suite == suite):
            table.add_row(*_changed(each, pen))
        pen.print(table)
    if moved:
        said = "In brackets 95 % intervals of each mean. The cases of two nights are not here: ragguard compare pairs those of two reports."
        pen.say(said, "dim")


def _changed(each: Change, pen: Pen) -> list[Text]:
    style = "" if each.better is None else "green" if each.better else "red"
    verdicts = " -> ".join(verdict or "-" for verdict in each.verdicts) if any(each.verdicts) else ""
    between = "\n" if pen.narrow else " "
    cells = [f"{each.metric} {each.slice}".rstrip(), each.arm]
    cells += [_with_bounds(each.before, each.before_bounds, between), _with_bounds(each.after, each.after_bounds, between)]
    return [*map(pen.text, cells), pen.text(figures.signed(each.change), style), pen.text(verdicts)]


def _with_bounds(mean: float, bounds: tuple[float | None, float | None], between: str) -> str:
    lower, upper = bounds
    told = f"{between}[{figures.mean(lower)}, {figures.mean(upper)}]" if lower is not None and upper is not None else ""
    return figures.mean(mean) + told


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
