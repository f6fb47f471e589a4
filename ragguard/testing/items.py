"""The checks of a plan as pytest's items."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ragguard.errors import CannotJudge, RagguardError
from ragguard.records.verdict import Decision, Verdict
from ragguard.reports import junit, words
from ragguard.testing import explain, places, plans
from ragguard.testing.judged import Judged, judge
from ragguard.testing.options import KEY, MARK
from ragguard.testing.places import Place


class AdvisoryWarning(UserWarning):
    """An advisory check that did not pass. It stops nobody, not even where warnings are errors."""


class PlanFile(pytest.File):
    """A plan, or a report: its candidates, their suites, metrics and slices."""

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Yield the candidates. What is wrong with the plan is a collection error, in the words of the command line."""
        try:
            found = self._places()
        except RagguardError as error:
            raise self.CollectError(str(error)) from error
        yield from _children(self, found, 0, self.nodeid)

    def _places(self) -> list[Place]:
        settings = self.config.stash[KEY]
        if settings.plan is None:
            judged = judge(self.config)
            wanted = judged.decision(settings.candidate).candidate if settings.candidate is not None else None
            return [place for place in places.of_report(judged.report) if wanted in (None, place.candidate)]
        resolved = plans.resolve(self.config, settings, settings.plan)
        if settings.report is not None:
            judge(self.config)  # a report of another plan is refused before any test runs
        return places.of_plan(resolved, plans.candidates(resolved.loaded, settings.candidate))


class Branch(pytest.Collector):
    """A candidate, a suite, or a metric that is checked on slices; ``depth`` counts the names above what it yields.

    ``address`` is what the ids below begin with. A metric's own check has that id already, so such a branch gets another one: pytest
    forgets that an id failed (``--lf``) when a collector of that id has collected.
    """

    def __init__(self, *, found: Sequence[Place], depth: int, address: str, **more: Any) -> None:
        super().__init__(**more)
        self._found, self._depth, self._address = found, depth, address

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Yield what lies below."""
        return _children(self, self._found, self._depth, self._address)


def _children(parent: pytest.Collector, found: Iterable[Place], depth: int, address: str) -> Iterator[pytest.Item | pytest.Collector]:
    below: dict[str, list[Place]] = {}
    for place in found:
        below.setdefault(place.names[depth], []).append(place)
    for name, members in below.items():
        here, ending = f"{address}::{name}", [place for place in members if len(place.names) == depth + 1]
        for place in ending:
            yield CheckItem.from_parent(parent, name=name, nodeid=here, place=place)
        deeper = [place for place in members if len(place.names) > depth + 1]
        if deeper:
            own = f"{here}::" if ending else here
            yield Branch.from_parent(parent, name=name, nodeid=own, found=deeper, depth=depth + 1, address=here)


class CheckItem(pytest.Item):
    """One check of one candidate, or the decision on it. Its tier is a keyword for -k."""

    def __init__(self, *, place: Place, **more: Any) -> None:
        super().__init__(**more)
        self.place = place
        self.add_marker(MARK)
        self.extra_keyword_matches.add(place.check.tier if place.check is not None else places.DECISION)

    def setup(self) -> None:
        """Have the plan gated, if no test did so before. What could not be judged is an error here: pytest does not call it a failure."""
        try:
            self.judged = judge(self.config)
            self.decision = self.judged.decision(self.place.candidate)
            self.verdict = self._verdict()
        except RagguardError as error:
            raise _plain(str(error)) from None

    def _verdict(self) -> Verdict | None:
        found = self.place.verdict(self.decision)
        if self.place.suite and found is None:
            raise CannotJudge(f"the suite {self.place.suite} did not run, so nothing is known about it\n{_why(self.judged, self.decision)}")
        if found is not None:
            self.user_properties.extend(junit.numbers(found).items())
            if found.outcome == "error" and found.check.tier != "advisory":
                raise CannotJudge(explain.check(self.judged, self.decision, found))
        elif self.decision.answer == "error":
            raise CannotJudge(_why(self.judged, self.decision))
        return found

    def runtest(self) -> None:
        """Fail where the check failed, or where it needs more evidence; warn of what is only advice."""
        if self.verdict is None:
            self._decide()
        elif self.verdict.check.tier == "advisory":
            if self.verdict.outcome != "pass":
                self._advise(explain.check(self.judged, self.decision, self.verdict).splitlines()[0])
        elif self.verdict.outcome == "fail":
            raise _plain(explain.check(self.judged, self.decision, self.verdict))
        elif self.verdict.outcome == "inconclusive" and words.counts(self.verdict):
            self._doubt(explain.check(self.judged, self.decision, self.verdict))

    def _decide(self) -> None:
        if self.decision.answer == "hold":
            self._doubt(_why(self.judged, self.decision))
        elif self.decision.answer != "promote":
            raise _plain(_why(self.judged, self.decision))

    def _doubt(self, told: str) -> None:
        if self.config.stash[KEY].inconclusive == "skip":
            pytest.skip(told.splitlines()[0])
        raise _plain(told)

    def _advise(self, told: str) -> None:
        try:
            self.warn(AdvisoryWarning(told))
        except AdvisoryWarning:
            with warnings.catch_warnings():
                warnings.simplefilter("always")
                self.warn(AdvisoryWarning(told))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the check is written, and what heads its failure."""
        return self.place.file or self.path, self.place.line or 0, " ".join(self.place.names)


def _why(judged: Judged, decision: Decision) -> str:
    return explain.decided(judged, decision)


def _plain(told: str) -> Any:
    """A failure that is shown as its words alone, without a traceback."""
    return pytest.fail.Exception(told, pytrace=False)
