"""Where the checks of a plan stand among pytest's items: the names that their ids are made of."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ragguard.preflight import references
from ragguard.records.evidence import Check
from ragguard.records.report import Report
from ragguard.records.verdict import Decision, Verdict
from ragguard.reports import words
from ragguard.suites.resolve import Resolved

DECISION = "decision"
"""The name of the item that is a candidate's decision."""


@dataclass(frozen=True, slots=True)
class Place:
    """An item: its candidate, its check (None: the candidate's decision, or that of a suite that did not run), and the names below
    the file that its id is made of. ``file`` and ``line`` (from 0) are where the check is written.
    """

    candidate: str
    names: tuple[str, ...]
    check: Check | None = None
    against: str = "baseline"
    suite: str = ""
    file: Path | None = None
    line: int | None = None

    def verdict(self, decision: Decision) -> Verdict | None:
        """The verdict that belongs here, if there is one."""
        return next((each for each in decision.verdicts if (key(each.check), each.against) == (self.key, self.against)), None)

    @property
    def key(self) -> tuple[str, bool] | None:
        """What tells the check from all others of a plan; None where this is no check."""
        return key(self.check) if self.check is not None else None


def key(check: Check) -> tuple[str, bool]:
    """The identity of a check, and whether it is of tier must: a metric may be checked by such a check and by another one."""
    return check.identity, check.tier == "must"


def of_plan(resolved: Resolved, candidates: Iterable[str]) -> list[Place]:
    """Every check of every candidate against each reference, in the order of the plan, then the candidate's decision."""
    found: list[Place] = []
    for candidate in candidates:
        for suite in resolved.suites:
            for check in suite.checks:
                where = suite.loaded.source
                line = where.lines.get(("checks", suite.place(check)))
                spot = Place(candidate, _names(candidate, check), check, "baseline", suite.name, where.path, line and line - 1)
                found += _against(spot, references(resolved.loaded))
        found.append(Place(candidate, (candidate, DECISION)))
    return _distinct(found)


def of_report(report: Report) -> list[Place]:
    """The same from a report alone; a suite that did not run is one item."""
    found: list[Place] = []
    for decision in report.decisions:
        candidate = decision.candidate
        for verdict in decision.verdicts:
            names, told = _names(candidate, verdict.check), words.against(verdict, report)
            names = (*names, f"against-{verdict.against}") if told else names
            found.append(Place(candidate, names, verdict.check, verdict.against, verdict.check.suite))
        found += [Place(candidate, (candidate, suite, DECISION), suite=suite) for suite in decision.not_run]
        found.append(Place(candidate, (candidate, DECISION)))
    return _distinct(found)


def _names(candidate: str, check: Check) -> tuple[str, ...]:
    return (candidate, check.suite, str(check.metric), *([check.slice] if check.slice else []))


def _against(spot: Place, arms: Sequence[str]) -> Iterator[Place]:
    """The check against each reference; those beside the baseline have its name at the end."""
    for arm in arms:
        yield replace(spot, against=arm, names=spot.names if arm == "baseline" else (*spot.names, f"against-{arm}"))


def _distinct(found: Sequence[Place]) -> list[Place]:
    """Names without repetition: where a metric is checked twice on one slice, the check of tier must says so."""
    twice = {names for names, times in Counter(place.names for place in found).items() if times > 1}
    return [
        replace(place, names=(*place.names, "must")) if place.names in twice and place.check and place.check.tier == "must" else place
        for place in found
    ]
