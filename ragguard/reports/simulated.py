"""The measured error rates of a gate: on a terminal, in Markdown, and as data."""

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import TypeAdapter
from rich.console import Console

from ragguard.records.error_rates import ErrorRates, Share, Simulated
from ragguard.reports import rates, tables
from ragguard.reports.escape import code, prose
from ragguard.reports.pen import Pen

HEADS = ("candidate", "planted in", "loss", "promoted %", "blocked %")
_HOW = {"evenly": "in every intent", "broken": "in few intents"}
_EQUAL = {"swapped": "equal: arms swapped by a coin", "redrawn": "equal: intents drawn anew, differences centred"}


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
        pen.say("Behind the shares stand 95 % intervals (Clopper and Pearson). These rates hold for:", "dim")
        for condition in each.conditions:
            pen.item(condition, "dim")
        for why in each.left_out:
            pen.item(f"left out: {why}", "dim")
    pen.say("\nReports of this plan print the sentence beside their verdict from now on.", "dim")


def rows(found: ErrorRates) -> list[tuple[str, ...]]:
    """A row for each kind of candidate."""
    return [(*_kind(each), cell(each.promoted), cell(each.blocked)) for each in found.simulated]


def _kind(each: Simulated) -> tuple[str, str, str]:
    if each.kind != "planted" or not each.check:
        return (_EQUAL.get(each.kind, "equal: intents drawn anew, arms swapped by a coin"), "-", "-")
    return (f"worse by {each.margins:g} margin{'' if each.margins == 1 else 's'}, {_HOW[each.manner]}", each.check, f"{each.loss:.3f}")


def cell(share: Share) -> str:
    """A share and its interval: ``4.6 (3.8 to 5.5)``."""
    return f"{100 * share.value:.1f} ({rates.between(share)})"


def markdown(found: ErrorRates) -> str:
    """The rates as a table that can be unfolded."""
    head = f"| {' | '.join(HEADS)} |\n| --- | --- | --: | --: | --: |"
    body = "\n".join(f"| {kind} | {code(where) if where != '-' else where} | {' | '.join(rest)} |" for kind, where, *rest in rows(found))
    told = "\n".join(f"- {prose(each)}" for each in (*found.conditions, *(f"left out: {why}" for why in found.left_out)))
    summary = f"Error rates of this gate, on what {prose(found.candidate)} scored in run {prose(found.run)}"
    return f"<details><summary>{summary}</summary>\n\n{head}\n{body}\n\nThey hold for:\n\n{told}\n\n</details>"
