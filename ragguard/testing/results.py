"""What ``ragguard_gate`` is: a report, asked by suite and check, with assertions."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from ragguard.errors import CannotJudge, InputError, Problem, RagguardError, suggest
from ragguard.records.evidence import Score
from ragguard.records.metric import Metric
from ragguard.records.report import CaseRun, Report
from ragguard.records.verdict import Decision, Estimate, Outcome, Verdict
from ragguard.reports import lookup, words
from ragguard.testing import explain
from ragguard.testing.judged import Judged, judge
from ragguard.testing.options import KEY, Inconclusive


def gate(config: pytest.Config, plan: Path | str | None) -> "Gate":
    """Return the results on a plan, gating it if nobody did. Where that cannot be done, the test is an error with that reason alone."""
    settings = config.stash[KEY]
    place = (config.invocation_params.dir / Path(plan).expanduser()).resolve() if plan is not None else None
    try:
        return Gate(judge(config, place), settings.candidate, settings.inconclusive)
    except RagguardError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


@dataclass(frozen=True, slots=True)
class Gate:
    """The results of a gate. Where a plan has several candidates, ``candidate`` says which one is meant."""

    judged: Judged
    candidate: str | None
    inconclusive: Inconclusive

    @property
    def report(self) -> Report:
        """All of it, as ``report.json`` has it."""
        return self.judged.report

    def decision(self, candidate: str | None = None) -> Decision:
        """The decision on a candidate: its ``answer``, ``reasons`` and ``verdicts``.

        Raises:
            InputError: there is no such candidate, or several and none was named.
        """
        return self.judged.decision(candidate or self.candidate)

    def assert_promoted(self, candidate: str | None = None) -> None:
        """Fail, with the reasons, unless the candidate is promoted; on hold, as --ragguard-inconclusive says.

        Raises:
            CannotJudge: something failed to run, which says nothing about quality.
        """
        __tracebackhide__ = True
        decision = self.decision(candidate)
        outcome: Mapping[str, Outcome] = {"promote": "pass", "block": "fail", "hold": "inconclusive", "error": "error"}
        _assert(outcome[decision.answer], explain.decided(self.judged, decision), self.inconclusive)

    def suite(self, name: str, candidate: str | None = None) -> "GatedSuite":
        """A suite of a candidate.

        Raises:
            InputError: there is no such suite or candidate.
            CannotJudge: the suite did not run.
        """
        decision = self.decision(candidate)
        known = [suite.name for suite in self.report.suites]
        if name not in known:
            raise InputError(Problem("", f"the plan {self.report.plan} has no suite {name!r}", suggest(name, known)))
        if name in decision.not_run:
            raise CannotJudge(f"the suite {name} did not run: {'; '.join(decision.reasons)}")
        return GatedSuite(self, decision, name)


@dataclass(frozen=True, slots=True)
class GatedSuite:
    """One suite of one candidate."""

    gate: Gate
    decision: Decision
    name: str

    def check(self, metric: str, slice: str = "", against: str = "baseline") -> "GatedCheck":  # noqa: A002 - the word of the plan
        """A check of the suite, by its metric and slice; ``against`` is ``anchor`` for the second reference. Where a check of tier
        must stands beside another one, the worse of the two.

        Raises:
            InputError: the suite has no such check.
        """
        made = [each for each in words.verdicts(self.decision, self.name) if each.against == against]
        asked = "/".join(filter(None, (self.name, _spelled(metric), slice)))
        found = next((each for each in made if each.check.identity == asked), None)
        if found is None:
            what = f"{asked} is not checked against the {against}"
            raise InputError(Problem("", what, suggest(asked, [each.check.identity for each in made])))
        return GatedCheck(self.gate, self.decision, found)


@dataclass(frozen=True, slots=True)
class Pair:
    """A case's score in the reference and in the candidate: a number, or why there is none."""

    baseline: Score
    candidate: Score


@dataclass(frozen=True, slots=True)
class GatedCheck:
    """One check of one candidate."""

    gate: Gate
    decision: Decision
    verdict: Verdict

    @property
    def outcome(self) -> Outcome:
        """``pass``, ``fail``, ``inconclusive`` or ``error``."""
        return self.verdict.outcome

    @property
    def estimate(self) -> Estimate:
        """Means, difference, bounds, intents."""
        return self.verdict.estimate

    def assert_passes(self) -> None:
        """Fail, with numbers and queries, unless the check passes, whatever its tier; without enough evidence, as
        --ragguard-inconclusive says.

        Raises:
            CannotJudge: it could not be judged.
        """
        __tracebackhide__ = True
        _assert(self.outcome, explain.check(self.gate.judged, self.decision, self.verdict), self.gate.inconclusive)

    def assert_does_not_fail(self) -> None:
        """Fail, with numbers and queries, where the check fails: what a veto asks for, without enough evidence too.

        Raises:
            CannotJudge: it could not be judged.
        """
        __tracebackhide__ = True
        outcome = "pass" if self.outcome == "inconclusive" else self.outcome
        _assert(outcome, explain.check(self.gate.judged, self.decision, self.verdict), self.gate.inconclusive)

    def score(self, case: str) -> Pair:
        """What a case of the suite, by its id or text, scored in this metric.

        Raises:
            InputError: the suite has no such case, or an arm was not asked it.
        """
        report, check = self.gate.report, self.verdict.check
        found = next((each for each in lookup.find(report, case) if each.suite == check.suite), None)
        if found is None:
            raise InputError(Problem("", f"the suite {check.suite} has no case {case!r}", "other suites have"))
        reference = words.reference(self.verdict, report)
        return Pair(_score(found, reference, str(check.metric)), _score(found, self.decision.candidate, str(check.metric)))


def _score(case: CaseRun, arm: str, metric: str) -> Score:
    by_metric = case.scores.get(arm, {})
    if metric not in by_metric:
        raise InputError(Problem("", f"{arm} has no {metric} of {case.id}", "it was not asked"))
    return by_metric[metric]


def _spelled(metric: str) -> str:
    """A metric's name as reports have it. Raises InputError where it is none."""
    try:
        return str(Metric.parse(metric))
    except ValueError as error:
        raise InputError(Problem("", str(error))) from error


def _assert(outcome: Outcome, told: str, inconclusive: Inconclusive) -> None:
    __tracebackhide__ = True
    if outcome == "error":
        raise CannotJudge(told)
    if outcome == "inconclusive" and inconclusive == "skip":
        pytest.skip(told.splitlines()[0])
    if outcome != "pass":
        raise AssertionError(told)
