"""Finds the cases that a person means."""

from difflib import get_close_matches

from ragguard.errors import InputError, Problem
from ragguard.records.report import CaseRun, Report
from ragguard.reports import words


def find(report: Report, query: str) -> list[CaseRun]:
    """Return the cases (of every suite) with this id; where there is none, those with this text, whatever its capitals.

    Raises:
        InputError: there is none with either; the message has near ones.
    """
    asked = words.clean(query)
    found = [case for case in report.cases if words.clean(case.id) == asked]
    found = found or [case for case in report.cases if words.clean(case.text).casefold() == asked.casefold()]
    if found:
        return found
    named = {words.clean(case.id): case.id for case in report.cases}
    named |= {words.clip(case.text, 80): case.id for case in report.cases}
    near = get_close_matches(asked, named, n=3, cutoff=0.5) or [text for text in named if asked.casefold() in text.casefold()][:3]
    known = words.listed(sorted({case.id for case in report.cases}), 3) or "none: the report has no cases"
    fix = f"did you mean {' or '.join(map(repr, near))}?" if near else f"the report has {known}"
    raise InputError(Problem("", f"no query has the id or the text {words.clip(query, 80)!r}", fix))
