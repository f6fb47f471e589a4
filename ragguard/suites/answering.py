"""What becomes of checks of answers where systems give none.

Where every system of a plan answers, all checks are judged. Where none does, those that say ``needs: answers`` are left out, and those
of answers that say ``needs: judge``, and the suite's note says so; any other check of answers is an error. Where some do and others do
not, there is nothing to compare: an error.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from ragguard.errors import InputError, Problem
from ragguard.records.evidence import Check
from ragguard.records.metric import Metric, Scale
from ragguard.store import fingerprint
from ragguard.suites.resolve import Resolved, Suite

About = Callable[[Metric], bool]
"""Tells whether a metric is about answers."""


def fit(resolved: Resolved, answers: Mapping[str, bool], about: About) -> Resolved:
    """Return what of the suites can be judged; ``answers`` says of every system whether it gives any.

    Raises:
        InputError: some systems answer and others do not, or none does and a check does without ``needs: answers``, or a suite is left
            with no check.
    """
    if all(answers.values()):
        return resolved
    find = _half if any(answers.values()) else _none
    problems = [problem for suite in resolved.suites for problem in find(suite, answers, about)]
    if problems:
        raise InputError(problems)
    return resolved if any(answers.values()) else replace(resolved, suites=tuple(_without(suite, about) for suite in resolved.suites))


def graded(scales: Mapping[Metric, Scale], about: About) -> dict[Metric, Scale]:
    """Return the scales where several answers are drawn to a case: what is 0 or 1 of one answer lies between, of several."""
    return {metric: replace(scale, binary=False) if about(metric) else scale for metric, scale in scales.items()}


def _half(suite: Suite, answers: Mapping[str, bool], about: About) -> Iterator[Problem]:
    """The first check that some systems give answers for and others do not; the others of the suite fare alike."""
    silent = ", ".join(name for name, says in answers.items() if not says)
    for check in suite.checks:
        if about(check.metric) or suite.needs(check) == "answers":
            what = f"{check.identity} compares answers, and these systems give none: {silent}"
            yield Problem(_where(suite, check), what, "give every system of the plan a generator:, or leave the checks of answers out")
            return


def _none(suite: Suite, _answers: Mapping[str, bool], about: About) -> Iterator[Problem]:
    for check in suite.checks:
        if about(check.metric) and not _optional(suite, check, about):
            what = f"{check.identity} is about answers, and no system of the plan gives any"
            yield Problem(_where(suite, check), what, "give the systems a generator:, or write needs: answers, which leaves it out here")
    if all(_optional(suite, check, about) for check in suite.checks):
        what = "every check needs answers, and no system of the plan gives any"
        yield Problem(suite.loaded.source.where(("checks",)), what, "give the systems a generator:, or leave the suite out of the plan")


def _optional(suite: Suite, check: Check, about: About) -> bool:
    """Whether a check may be left out where nobody answers."""
    needs = suite.needs(check)
    return needs == "answers" or (needs == "judge" and about(check.metric))


def _where(suite: Suite, check: Check) -> str:
    return suite.loaded.source.where(("checks", suite.place(check)))


def _without(suite: Suite, about: About) -> Suite:
    """A suite without its checks of answers; a metric that is only shown is left out without a word."""
    checks = tuple(check for check in suite.checks if not _optional(suite, check, about))
    shown = [metric for metric in map(Metric.parse, suite.loaded.plan.report) if not about(metric) and metric in suite.metrics]
    metrics = tuple(dict.fromkeys([*(check.metric for check in checks), *shown]))
    left_out = len(suite.checks) - len(checks)
    if metrics == suite.metrics and not left_out:
        return suite
    count = "1 check of answers is" if left_out == 1 else f"{left_out} checks of answers are"
    told = f"no system of the plan answers, so {count} left out"
    note = "; ".join(filter(None, [suite.cases.note, told if left_out else ""]))
    return replace(
        suite,
        checks=checks,
        metrics=metrics,
        cases=replace(suite.cases, note=note),
        fingerprint=fingerprint("suite without answers", suite.fingerprint),
    )
