"""Why a check or a candidate is not green, in the words of the reports."""

import io
import shlex
from collections.abc import Sequence

from rich.console import Console

from ragguard.plan.source import display
from ragguard.records.report import CaseRun
from ragguard.records.verdict import Decision, Verdict
from ragguard.reports import figures, junit, terminal, words, worst
from ragguard.reports.pen import Pen
from ragguard.testing.judged import Judged

QUERIES = 3
"""Queries that got worse which are shown of a check."""

_WIDTH, _NAMED = 100, 50


def check(judged: Judged, decision: Decision, verdict: Verdict) -> str:
    """A verdict's numbers in the first line, then its reasons, the queries that got worse, and how to look further."""
    name = " ".join(part for part in (verdict.check.identity, words.against(verdict, judged.report)) if part)
    lost = worst.losses_of(judged.report, decision, verdict)
    parts = [
        f"{name} {junit.sentence(verdict)}",
        *_listed(verdict.reasons),
        *([f"lost: {words.listed(verdict.misses, _NAMED)}"] if verdict.misses else []),
        *_errors(judged, decision, verdict),
        *([_queries(judged, decision, verdict, lost)] if lost else []),
        _look(judged, lost[0].case.id if lost else next(iter(verdict.misses), "ID")),
    ]
    return "\n".join(parts)


def decided(judged: Judged, decision: Decision) -> str:
    """A decision with its reasons."""
    head = f"{decision.candidate}: {words.HEADLINE[decision.answer]}. {words.MEANING[decision.answer]}"
    reasons = [*words.not_run(decision), *decision.reasons]
    return "\n".join([head, *_listed(reasons), f"report: {display(judged.folder)}"])


def _listed(reasons: Sequence[str]) -> list[str]:
    return [f"- {words.clean(reason)}" for reason in reasons]


def _errors(judged: Judged, decision: Decision, verdict: Verdict) -> list[str]:
    """What the first query that failed said, where a check could not be judged."""
    if verdict.outcome != "error":
        return []
    arms = (words.reference(verdict, judged.report), decision.candidate)
    failed = [(arm, worst.failed(judged.report, arm, verdict.check.suite)) for arm in arms]
    return [_failed(arm, cases) for arm, cases in failed if cases]


def _failed(arm: str, cases: Sequence[CaseRun]) -> str:
    said = words.clean(cases[0].errors[arm])
    return f"{arm}: {figures.count(len(cases), 'query', 'queries')} gave an error; the first is {cases[0].id}: {said}"


def _queries(judged: Judged, decision: Decision, verdict: Verdict, lost: Sequence[worst.Loss]) -> str:
    text = io.StringIO()
    pen = Pen(Console(file=text, width=_WIDTH, color_system=None, force_terminal=False, highlight=False))
    shown = f"; the worst {QUERIES}" if len(lost) > QUERIES else ""
    pen.say(f"{figures.count(len(lost), 'query', 'queries')} got worse{shown}. Ranked with [grade]; [-] was not judged:")
    arms = (words.reference(verdict, judged.report), decision.candidate)
    for loss in lost[:QUERIES]:
        terminal.show_loss(judged.report, loss, arms, pen)
    return "\n".join(line.rstrip() for line in text.getvalue().rstrip().splitlines())


def _look(judged: Judged, case: str) -> str:
    return f"more: ragguard show {shlex.quote(case)} --report {shlex.quote(display(judged.folder))}"
