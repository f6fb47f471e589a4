"""What pytest says at the end: each candidate's decision, and where the report lies."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ragguard.plan.source import display
from ragguard.records.report import Report
from ragguard.records.verdict import Answer, Decision
from ragguard.reports import words
from ragguard.testing import shared

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

_COLOUR: Mapping[Answer, str] = {"promote": "green", "block": "red", "hold": "yellow", "error": "purple"}


def lines(report: Report, folder: Path) -> list[tuple[str, str]]:
    """The decisions on all candidates, one a line, and where to read more; each line with its colour ("": none)."""
    head = f"{report.plan}: {words.listed((each.candidate for each in report.decisions), 5)} against {words.baseline(report)}"
    told = [(_sentence(decision), _COLOUR[decision.answer]) for decision in report.decisions]
    best = [(f"best of the promoted: {report.best}", "")] if report.best else []
    where = display(folder)
    return [(head, ""), *told, *best, (f"report: {where} (ragguard show ID --report {where} tells all about one query)", "")]


def _sentence(decision: Decision) -> str:
    return f"{decision.candidate}: {words.HEADLINE[decision.answer]} - {words.gist(decision)}".removesuffix(" - ")


def show(reporter: "TerminalReporter", config: pytest.Config) -> None:
    """Print a section for each report that tests were judged by; nothing under -q."""
    told = [outcome["told"] for outcome in shared.outcomes(config) if "told" in outcome]
    if config.get_verbosity() < 0 or not told:
        return
    reporter.section("ragguard")
    for report in told:
        for text, colour in report:
            reporter.line(words.clean(text), **({colour: True} if colour else {}))
