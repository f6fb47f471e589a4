"""The measured error rates of a gate: on a terminal, in Markdown, and as data."""

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import TypeAdapter
from rich.console import Console

from ragguard.records.error_rates import ErrorRates, Share, Simulated
from ragguard.reports import tables
from ragguard.reports.escape import code, prose
from ragguard.reports.pen import Pen

HEADS = ("candidate", "planted in", "promoted %", "blocked %")
_HOW = {"evenly": "everywhere", "broken": "in a few"}
_EQUAL = {"swapped": "equal: swapped", "redrawn": "equal: centred", "planted": "equal: redrawn"}
LEGEND = (
    "Behind the shares stand 95 % intervals (Clopper and Pearson). Equal candidates: swapped, the intents as they are, a coin for each "
    "says which arm is which; centred, intents drawn anew, the mean difference taken off; redrawn, drawn anew and swapped. Worse ones are "
    "redrawn, and lose so many margins in one check: a share of every score, or all of it in a few intents. These rates hold for:"
)


def to_dict(found: Iterable[ErrorRates]) -> dict[str, Any]:
    """The rates as JSON-able data."""
    return {"error_rates": TypeAdapter(tuple[ErrorRates, ...]).dump_python(tuple(found), mode="json")}


def show(found: Sequence[ErrorRates], console: Console) -> None:
    """Print what the simulated gates came to, and what that holds for."""
    pen = Pen(console)
    for each in found:
        about = f"on what {each.candidate} and the baseline scored in run {each.run}; {each.gates:,} gates of each kind"
        pen.heading(f"{each.plan}: how often this gate is wrong", about)
        pen.say(each.summary[0].upper() + each.summary[1:] + ".", "bold")
        table = tables.plain(HEADS, pen)
        for row in rows(each):
            table.add_row(*map(pen.text, row))
        pen.print(table)
        for name, share in each.passing.items():
            pen.item(f"{name} passes {cell(share)} % of the equal ones")
        pen.say(LEGEND, "dim")
        for condition in each.conditions:
            pen.item(condition, "dim")
        for why in each.left_out:
            pen.item(f"left out: {why}", "dim")
    pen.say("\nReports of this plan print the sentence beside their verdict from now on.", "dim")


def rows(found: ErrorRates) -> list[tuple[str, ...]]:
    """A row for each kind of candidate."""
    return [(*_kind(each), cell(each.promoted), cell(each.blocked)) for each in found.simulated]


def _kind(each: Simulated) -> tuple[str, str]:
    if not each.check:
        return _EQUAL[each.kind], "-"
    return f"worse by {each.margins:g} margin{'' if each.margins == 1 else 's'}, {_HOW[each.manner]}", each.check


def cell(share: Share) -> str:
    """A share and its interval: ``4.6 (3.8-5.5)``."""
    return f"{100 * share.value:.1f} ({100 * share.lower:.1f}-{100 * share.upper:.1f})"


def markdown(found: ErrorRates) -> str:
    """The rates as a table that can be unfolded."""
    head = f"| {' | '.join(HEADS)} |\n| --- | --- | --: | --: |"
    body = "\n".join(f"| {kind} | {code(where) if where != '-' else where} | {' | '.join(rest)} |" for kind, where, *rest in rows(found))
    told = "\n".join(f"- {prose(each)}" for each in (*found.conditions, *(f"left out: {why}" for why in found.left_out)))
    summary = f"Error rates of this gate, on what {prose(found.candidate)} scored in run {prose(found.run)}"
    return f"<details><summary>{summary}</summary>\n\n{head}\n{body}\n\n{LEGEND}\n\n{told}\n\n</details>"
