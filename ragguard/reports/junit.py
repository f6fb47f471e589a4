"""report.junit.xml: every check as a test case, for the test panes of CI servers.

A quality failure is a ``failure`` (type ``quality``), a blocking check without enough evidence a ``failure`` (type ``inconclusive``), what
could not be judged an ``error``, and what is only advice is ``skipped`` with its numbers in the message.
"""

from junitparser import Error, Failure, JUnitXml, Properties, Property, Skipped, TestCase, TestSuite

from ragguard.records.report import Report
from ragguard.records.verdict import Decision, Verdict
from ragguard.reports import figures, judged, words


def to_xml(report: Report) -> bytes:
    """Return the report as JUnit XML in UTF-8: one test suite per candidate and suite, in the order of the plan. Holds no times."""
    root = JUnitXml(words.clean(f"ragguard {report.plan}"))
    for decision in report.decisions:
        for suite in _suites(report, decision):
            for key, value in judged.properties(report).items():
                suite.add_property(words.clean(key), words.clean(value))
            suite.update_statistics()
            root.append(suite)
    root.update_statistics()
    return bytes(root.tostring()) + b"\n"


def _suites(report: Report, decision: Decision) -> list[TestSuite]:
    names = [run.name for run in report.suites if any(words.verdicts(decision, run.name))]
    made = [_suite(decision, name, [_case(report, decision, each) for each in words.verdicts(decision, name)]) for name in names]
    made += [_suite(decision, name, [_not_run(decision, name)]) for name in decision.not_run]
    red = any(case.is_failure or case.is_error for suite in made for case in suite)
    # A server that reads only this file must not see green where the exit code is not 0.
    return made if red or decision.answer == "promote" else [*made, _suite(decision, "decision", [_unmet(decision)])]


def _suite(decision: Decision, name: str, cases: list[TestCase]) -> TestSuite:
    suite = TestSuite(words.clean(f"{decision.candidate}/{name}"))
    for case in cases:
        suite.append(case)
    return suite


def _case(report: Report, decision: Decision, verdict: Verdict) -> TestCase:
    name = " ".join(part for part in (verdict.check.identity, words.against(verdict, report)) if part)
    case = TestCase(words.clean(name), words.clean(f"{decision.candidate}.{verdict.check.suite}"))
    properties = Properties()
    for key, value in numbers(verdict).items():
        properties.add_property(Property(key, words.clean(value)))
    case.append(properties)
    result = _result(verdict)
    if result is not None:
        result.text = "\n".join(map(words.clean, (*verdict.reasons, words.listed(verdict.misses, 50)))).strip()
        case.append(result)
    return case


def _result(verdict: Verdict) -> Error | Failure | Skipped | None:
    message = words.clean(sentence(verdict))
    if verdict.check.tier == "advisory":
        return Skipped(message, "advisory")
    if verdict.outcome == "error":
        return Error(message, "infrastructure")
    if verdict.outcome == "fail":
        return Failure(message, "quality")
    if verdict.outcome == "inconclusive" and words.counts(verdict):
        return Failure(message, "inconclusive")
    return None


def _not_run(decision: Decision, name: str) -> TestCase:
    case = TestCase(words.clean(name), words.clean(f"{decision.candidate}.{name}"))
    case.append(Error("the suite did not run, so nothing is known about it", "infrastructure"))
    return case


def _unmet(decision: Decision) -> TestCase:
    case = TestCase("decision", words.clean(decision.candidate))
    message = words.clean(f"{words.HEADLINE[decision.answer]}: {'; '.join(decision.reasons) or words.MEANING[decision.answer]}")
    kinds = {"error": Error(message, "infrastructure"), "block": Failure(message, "quality")}
    case.append(kinds.get(decision.answer, Failure(message, "inconclusive")))
    return case


def sentence(verdict: Verdict) -> str:
    """A verdict with its numbers in one line."""
    estimate, check = verdict.estimate, verdict.check
    unit = estimate.scale.unit
    means = f"{figures.mean(estimate.baseline_mean, unit)} -> {figures.mean(estimate.candidate_mean, unit)}"
    change, bounds = words.change(verdict)
    if bounds:
        change = f"difference {change} ({figures.level(estimate.alpha)} one-sided bounds {bounds})"
    demand = f"margin {figures.margin(estimate)} {figures.limit(check, estimate.scale)}".rstrip()
    return f"{words.outcome(verdict)} ({check.tier}): {means}, {change}, {demand}, {figures.count(estimate.intents, 'intent')}"


def numbers(verdict: Verdict) -> dict[str, str]:
    """A verdict's numbers by name, to six digits; those that it does not have are left out."""
    estimate, check = verdict.estimate, verdict.check
    values: dict[str, str | float | None] = {
        "tier": check.tier, "verdict": words.outcome(verdict), "against": verdict.against, "unit": estimate.scale.unit or None,
        "baseline_mean": estimate.baseline_mean, "candidate_mean": estimate.candidate_mean, "difference": estimate.difference,
        "lower": estimate.lower, "upper": estimate.upper, "pass_lower": estimate.pass_lower, "alpha": estimate.alpha,
        "margin": check.margin, "limit": check.limit, "p_worse": estimate.p_worse, "p_limit": estimate.p_limit,
        "p_adjusted": verdict.p_adjusted,
        "cases": estimate.cases, "intents": estimate.intents, "guard": estimate.guard, "mde": estimate.mde,
        "missing_baseline": estimate.missing_baseline, "missing_candidate": estimate.missing_candidate,
        "needed": estimate.needed, "needed_as_observed": estimate.needed_as_observed,
    }  # fmt: skip
    return {key: value if isinstance(value, str) else f"{value:.6g}" for key, value in values.items() if value is not None}
