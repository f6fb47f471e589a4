"""What a plan can detect, before it runs: on a terminal, and as data."""

from typing import Any

from pydantic import TypeAdapter
from rich.console import Console

from ragguard.records.assessment import Assessment, Prospect
from ragguard.reports import figures, tables
from ragguard.reports.pen import Pen

COLUMNS = ["check", "tier", "margin", "intents", "guard", "needed", "detects"]


def to_dict(assessment: Assessment) -> dict[str, Any]:
    """The assessment as JSON-able data; metrics are their names."""
    data: dict[str, Any] = TypeAdapter(Assessment).dump_python(assessment, mode="json")
    return data


def show(assessment: Assessment, console: Console) -> None:
    """Print that a plan is whole, how many cases each suite has, and what each check can detect with them."""
    pen = Pen(console)
    pen.say(f"{assessment.plan}: the plan is valid ({figures.count(len(assessment.candidates), 'candidate')})", "bold green")
    for suite in assessment.suites:
        size = f"{figures.count(suite.cases, 'case')} of {figures.count(suite.intents, 'intent')}"
        pen.item(f"suite {suite.name}: {size}, on {suite.collection} ({suite.split}, {figures.count(suite.documents, 'document')})")
        if suite.note:
            pen.item(f"suite {suite.name}: {suite.note}")
    table = tables.plain(COLUMNS, pen)
    for prospect in assessment.prospects:
        table.add_row(*map(pen.text, _row(prospect)))
    pen.heading("What the checks can detect", f"one-sided alpha {assessment.alpha:.4g}, {assessment.endpoints} blocking")
    pen.print(table)
    pen.say(
        "Margins and detectable differences are shares of the metric's range. guard: fewer intents can never pass. needed: intents with "
        "which an equal candidate is promoted 80 % of the time, for an assumed standard deviation. detects: the smallest true loss that "
        "is seen 80 % of the time.",
        "dim",
    )
    if assessment.warnings:
        pen.heading("Warnings")
        for warning in assessment.warnings:
            pen.item(warning, "yellow")


def _row(prospect: Prospect) -> tuple[str, ...]:
    check = prospect.check
    if check.tier == "must":
        return (check.identity, check.tier, "-", str(prospect.intents), "-", "-", "any miss")
    needed = str(prospect.needed) if prospect.needed is not None else "-"
    return (check.identity, check.tier, f"{check.margin:g}", str(prospect.intents), str(prospect.guard), needed, f"{prospect.mde:.3f}")
