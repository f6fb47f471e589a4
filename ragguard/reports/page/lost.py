"""Where a candidate loses cases, as a table and as pictures."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ragguard.records.report import Report
from ragguard.records.verdict import Decision
from ragguard.reports import words
from ragguard.reports.page import pictures, stages
from ragguard.reports.page.shapes import Table
from ragguard.reports.page.stages import STAGES

if TYPE_CHECKING:
    from markupsafe import Markup


def table(report: Report, decision: Decision, found: Sequence[stages.Lost]) -> Table:
    """Where cases are lost, over all suites and in each."""
    by_suite = {suite.name: stages.rows(found, suite.name) for suite in report.suites}
    by_suite = {name: rows for name, rows in by_suite.items() if any(row.baseline for row in rows)}
    everywhere = stages.rows(found)
    rows = []
    for number, stage in enumerate(STAGES):
        row, parts = everywhere[number], [made[number] for made in by_suite.values()]
        if row.baseline or row.candidate:
            newly, back = (f"{row.newly:,}", f"{row.back:,}") if stage != "fine" else ("", "")
            each = [f"{part.baseline:,} → {part.candidate:,}" for part in parts]
            cells: list[str | tuple[str, str] | Markup] = [(stage, stages.MEANING[stage])]
            rows.append([*cells, f"{row.baseline:,}", f"{row.candidate:,}", newly, back, *each])
    heads = ["stage", words.baseline(report), decision.candidate, "newly lost", "won back", *by_suite]
    return Table("Cases by the first stage that loses them, over all suites and in each", heads, rows)


def picture(report: Report, decision: Decision, found: Sequence[stages.Lost], name: str, *, wide: bool) -> "Markup":
    """Draw each suite's cases by stage, for a wide window or a narrow one."""
    arms = words.baseline(report), decision.candidate
    made = {suite.name: stages.rows(found, suite.name) for suite in words.suites(report, decision)}
    return pictures.losses({suite: rows for suite, rows in made.items() if any(row.baseline for row in rows)}, arms, name, wide=wide)
