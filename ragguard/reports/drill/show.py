"""A drill on the terminal."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ragguard.records.drill import Drill
from ragguard.reports import tables
from ragguard.reports.drill import words
from ragguard.reports.pen import Pen


def show(drill: Drill, console: Console, written: Sequence[Path] = ()) -> None:
    """Print the score, what survived and what is missing, and the tables."""
    pen = Pen(console)
    pen.say(f"{drill.plan}: {words.headline(drill)}", "bold red" if drill.exit_code else "bold green")
    for line in words.about(drill):
        pen.item(line)
    if survivors := words.survivors(drill):
        pen.heading("What would have gone out", "and what is missing to catch it")
        for name, missing in survivors:
            pen.item(name, "red")
            for line in missing:
                pen.quote(line)
    _table(pen, "Regressions", words.HEADS, words.regressions(drill), narrow=(0, 3, 4, 5, 6))
    _table(pen, "By suite", words.BY_SUITE, words.by_suite(drill))
    _table(pen, "Harmless changes", words.HARMLESS, words.harmless(drill), narrow=(0, 2, 3, 4))
    _table(pen, "Not applicable", words.ABSENT, words.absent(drill), narrow=(0, 2))
    if written:
        pen.say(f"written: {', '.join(map(str, written))}", "dim")


def _table(pen: Pen, name: str, heads: Sequence[str], rows: Sequence[Sequence[str]], narrow: Sequence[int] = ()) -> None:
    if not rows:
        return
    shown = narrow if narrow and pen.narrow else range(len(heads))
    table = tables.plain([heads[at] for at in shown], pen)
    for row in rows:
        table.add_row(*(pen.text(row[at]) for at in shown))
    pen.heading(name)
    pen.print(table)
