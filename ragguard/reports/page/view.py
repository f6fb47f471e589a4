"""What the page shows, put together: texts, tables, and pictures, for the template to lay out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragguard.records.report import Report
from ragguard.records.verdict import Decision, Verdict
from ragguard.reports import figures, words
from ragguard.reports.page import detail, forest, lost, queries, stages, steps, suites
from ragguard.reports.page.detail import Detail
from ragguard.reports.page.queries import Row
from ragguard.reports.page.shapes import Table
from ragguard.reports.page.suites import Suite

if TYPE_CHECKING:
    from markupsafe import Markup

SHOWN = 20
"""Queries that stand in the page as it is, over all candidates; the script shows the others."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate's section. ``id`` is its anchor; ``queries`` all its rows, of which ``shown`` come with their details."""

    id: str
    decision: Decision
    word: str
    meaning: str
    reasons: tuple[tuple[str, str], ...]
    steps: tuple[str, ...]
    forest: "tuple[Markup, Markup] | None"
    undrawn: tuple[str, ...]
    lost: Table | None
    lost_pictures: "tuple[Markup, Markup] | None"
    suites: tuple[Suite, ...]
    queries: tuple[Row, ...]
    shown: tuple[tuple[Row, Detail], ...]
    worsened: int


def candidate(report: Report, number: int) -> Candidate:
    """Put a candidate's section together; ``number`` is its place among the decisions."""
    decision, id_ = report.decisions[number], f"c{number + 1}"
    made = queries.rows(report, decision)
    share = max(6, SHOWN // len(report.decisions))
    checks = [verdict for group in forest.groups(report, decision) for verdict in group.verdicts]
    cases = stages.both(report, decision) if stages.told(report) else []
    return Candidate(
        id=id_,
        decision=decision,
        word=words.HEADLINE[decision.answer],
        meaning=words.MEANING[decision.answer],
        reasons=tuple(parted(reason) for reason in (*words.not_run(decision), *decision.reasons)),
        steps=tuple(steps.steps(report, decision)),
        forest=_both(lambda wide: forest.picture(report, decision, f"{id_}-forest-{_form(wide)}", wide=wide)) if checks else None,
        undrawn=tuple(_undrawn(report, checks)),
        lost=lost.table(report, decision, cases) if cases else None,
        lost_pictures=_both(lambda wide: lost.picture(report, decision, cases, f"{id_}-lost-{_form(wide)}", wide=wide)) if cases else None,
        suites=tuple(suites.suite(report, decision, suite, f"{id_}-s{i}") for i, suite in enumerate(words.suites(report, decision), 1)),
        queries=tuple(made),
        shown=tuple((row, detail.of(report, decision, row.case)) for row in made[:share]),
        worsened=queries.worsened(made),
    )


def _form(wide: bool) -> str:
    return "wide" if wide else "narrow"


def _both(draw: Callable[[bool], "Markup"]) -> "tuple[Markup, Markup]":
    return draw(True), draw(False)


def parted(reason: str) -> tuple[str, str]:
    """A reason in two: what happened, and the numbers that stood in its first brackets; the second is "" where there are none."""
    head, bracket, tail = reason.replace("->", "→").partition(" (")
    depth = 1
    for at, letter in enumerate(tail if bracket else ""):
        depth += (letter == "(") - (letter == ")")
        if not depth:
            return f"{head}{tail[at + 1 :]}", tail[:at]
    return reason, ""


def _undrawn(report: Report, checks: Sequence[Verdict]) -> Iterator[str]:
    for verdict in checks:
        if not forest.drawable(verdict) and verdict.check.tier != "must" and verdict.estimate.difference is not None:
            name = " ".join((verdict.check.identity, words.against(verdict, report))).rstrip()
            yield f"{name}: {words.outcome(verdict)}, {figures.difference(verdict.estimate)}"
