"""What becomes of checks that ask a judge whom the plan does not have.

A check that says ``needs: judge`` is left out, and the suite's note says so; any other is an error. A judged metric that is only shown is
left out without a word.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from ragguard.errors import InputError, Problem
from ragguard.plan.judges import JudgePlan, UnknownJudgeError, judge_of
from ragguard.records.evidence import Check
from ragguard.records.metric import Metric
from ragguard.store import fingerprint
from ragguard.suites.resolve import Resolved, Suite

Inner = Callable[[Metric], Metric]
"""The metric that one is made from; most are their own."""


def fit(resolved: Resolved, inner: Inner, of_answers: Callable[[Metric], bool]) -> Resolved:
    """Return what of the suites the plan's judges can judge, and which of their metrics human labels correct.

    ``of_answers`` tells whether a judged metric looks at answers: labels are of those.

    Raises:
        InputError: the plan lacks a judge and the check does not say ``needs: judge``, a metric does not say which of several it asks,
            or a suite is left with no check.
    """
    judges = resolved.loaded.plan.judges
    problems = [problem for suite in resolved.suites for problem in _problems(suite, judges, inner)]
    if problems:
        raise InputError(problems)
    fitting = (_without(suite, judges, inner) for suite in resolved.suites)
    return replace(resolved, suites=tuple(_with_labels(suite, judges, of_answers) for suite in fitting))


def _with_labels(suite: Suite, judges: Mapping[str, JudgePlan], of_answers: Callable[[Metric], bool]) -> Suite:
    """A suite that knows which of its metrics labels correct: what a judge says of an answer by itself, and not beside another."""
    if suite.labels is None:
        return suite
    judged = [metric for metric in suite.metrics if metric.judge and of_answers(metric)]
    paired = {metric for metric in judged if getattr(judges[judge_of(metric, judges)], "pairwise", False)}
    told = [f"{suite.name}: labels are of single answers, and do not correct {metric}, which compares two" for metric in sorted(paired)]
    cases = replace(suite.cases, warnings=(*suite.cases.warnings, *told))
    return replace(suite, corrected=frozenset(judged) - paired, cases=cases)


def judges_asked(resolved: Resolved, inner: Inner) -> dict[Metric, str]:
    """Return the metrics of all suites that judges give, each once, with the name of the judge."""
    direct = dict.fromkeys(inner(metric) for suite in resolved.suites for metric in suite.metrics)
    return {metric: judge_of(metric, resolved.loaded.plan.judges) for metric in direct if metric.judge}


def _problems(suite: Suite, judges: Mapping[str, JudgePlan], inner: Inner) -> Iterator[Problem]:
    shown = [(("report", i), Metric.parse(name), True) for i, name in enumerate(suite.loaded.plan.report)]
    checks = [(("checks", suite.place(check)), check.metric, suite.needs(check) == "judge") for check in suite.checks]
    for location, metric, optional in (*checks, *shown):
        try:
            _judge(metric, judges, inner)
        except UnknownJudgeError as lacking:
            if not optional:
                what, _, fix = f"{metric}: {lacking}".partition("; ")
                yield Problem(suite.loaded.source.where(location), what, f"{fix}, or needs: judge here, which leaves the check out")
        except ValueError as wrong:
            what, _, fix = f"{metric}: {wrong}".partition("; ")
            yield Problem(suite.loaded.source.where(location), what, fix)
    if all(_lacks(check.metric, judges, inner) for check in suite.checks) and all(suite.needs(check) == "judge" for check in suite.checks):
        what = "every check needs: judge, and the plan has none for any of them"
        yield Problem(suite.loaded.source.where(("checks",)), what, "give the plan its judges:, or leave the suite out of it")


def _judge(metric: Metric, judges: Mapping[str, JudgePlan], inner: Inner) -> str:
    """The judge that a metric, or that which it is derived from, asks; "" where it asks none. Raises as ``judge_of``."""
    return judge_of(inner(metric), judges) if inner(metric).judge else ""


def _lacks(metric: Metric, judges: Mapping[str, JudgePlan], inner: Inner) -> bool:
    try:
        _judge(metric, judges, inner)
    except ValueError as error:
        return isinstance(error, UnknownJudgeError)
    return False


def _without(suite: Suite, judges: Mapping[str, JudgePlan], inner: Inner) -> Suite:
    """A suite without what no judge is there for."""
    checks: tuple[Check, ...] = tuple(check for check in suite.checks if not _lacks(check.metric, judges, inner))
    metrics = tuple(metric for metric in suite.metrics if not _lacks(metric, judges, inner))
    if len(metrics) == len(suite.metrics):
        return suite
    left_out = len(suite.checks) - len(checks)
    count = "1 check that asks one is" if left_out == 1 else f"{left_out} checks that ask one are"
    told = f"the plan has no judge for them, so {count} left out" if left_out else ""
    note = "; ".join(filter(None, [suite.cases.note, told]))
    found = fingerprint("suite without judges", suite.fingerprint, [str(metric) for metric in metrics])
    return replace(suite, checks=checks, metrics=metrics, cases=replace(suite.cases, note=note), fingerprint=found)
