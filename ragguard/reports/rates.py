"""The measured error rates of a gate: under which key they are kept, and how they are told beside a verdict."""

from collections.abc import Iterable, Sequence

from pydantic import TypeAdapter

from ragguard.decision.judge import FAMILY
from ragguard.records.error_rates import ErrorRates, Share, Simulated
from ragguard.records.report import Report
from ragguard.store import Store, fingerprint
from ragguard.suites.resolve import Resolved

KIND = "error-rates"
SIMULATED = (*FAMILY, "must")
"""Tiers of checks that a simulated gate decides by."""

PROCEDURE = 2
"""To be raised when the simulation, or the decision that it simulates, changes."""

_RATES = TypeAdapter(tuple[ErrorRates, ...])


def key_of_plan(resolved: Resolved) -> str:
    """Return the fingerprint of what a plan demands: cases, checks, margins and alpha. Judges and systems have no part in it."""
    checks = [(check.identity, check.tier) for suite in resolved.suites for check in suite.checks]
    suites = [(suite.name, suite.fingerprint) for suite in resolved.suites]
    return _key(suites, checks, resolved.alpha_pass, resolved.alpha_fail)


def key_of_report(report: Report) -> str:
    """Return the same of what a report was judged by; "" where it judged nothing."""
    verdicts = [verdict for decision in report.decisions for verdict in decision.verdicts]
    if not verdicts:
        return ""
    checks = [(verdict.check.identity, verdict.check.tier) for verdict in verdicts]
    suites = [(suite.name, suite.fingerprint) for suite in report.suites]
    return _key(suites, checks, verdicts[0].estimate.alpha, report.alpha / report.looks)


def _key(suites: Iterable[tuple[str, str]], checks: Iterable[tuple[str, str]], alpha_pass: float, alpha_fail: float) -> str:
    binding = sorted({check for check in checks if check[1] in SIMULATED})
    return fingerprint(KIND, PROCEDURE, list(suites), binding, alpha_pass, alpha_fail)


def known(store: Store, key: str) -> tuple[ErrorRates, ...]:
    """Return the rates that are kept under a key, by candidate; none where nobody measured any."""
    kept = store.get(KIND, key) if key else None
    return _RATES.validate_json(kept) if kept is not None else ()


def keep(store: Store, found: Sequence[ErrorRates]) -> None:
    """Keep rates; those of other candidates under the same key stay."""
    for key in dict.fromkeys(each.key for each in found):
        fresh = {each.candidate: each for each in found if each.key == key}
        both = {each.candidate: each for each in known(store, key)} | fresh
        store.put(KIND, key, _RATES.dump_json(tuple(rates for _, rates in sorted(both.items()))))


def beside(store: Store, report: Report) -> tuple[ErrorRates, ...]:
    """Return the rates to be shown in a report: those of its own candidates, else those that were measured on others."""
    found = known(store, key_of_report(report))
    own = tuple(each for each in found if each.candidate in {decision.candidate for decision in report.decisions})
    return own or found


def percent(share: Share) -> str:
    """A share of gates: ``4.6 %``; ``under 0.1 %`` where none was seen, or fewer."""
    value = 100 * share.value
    return "under 0.1 %" if value < 0.05 else "over 99.9 %" if value > 99.95 else f"{value:.1f} %"


def summary(simulated: Sequence[Simulated], gates: int) -> str:
    """Say what matters most of many simulated gates."""
    equal = next(each for each in simulated if each.kind == "planted" and not each.check)
    at_margin = [each for each in simulated if each.margins == 1.0]
    twice = [each for each in simulated if each.margins == 2.0]
    told = []
    if at_margin:
        worst = max(at_margin, key=lambda each: each.promoted.value)
        told.append(f"a candidate worse by the margin passes at most {percent(worst.promoted)} of the time here ({worst.check})")
    told.append(f"an equal one is promoted {percent(equal.promoted)} and blocked {percent(equal.blocked)}")
    if twice:
        least = min(twice, key=lambda each: each.blocked.value)
        told.append(f"one worse by two margins is blocked at least {percent(least.blocked)}")
    return f"{'; '.join(told)} ({gates:,} simulated gates of each kind)"


def line(rates: ErrorRates, report: Report) -> str:
    """The sentence that stands beside a verdict; it says where the scores came from, unless that is the report's own run."""
    own = rates.run == report.run and (len(report.decisions) == 1 or not rates.candidate)
    where = "" if own else f", on what {rates.candidate} scored" + ("" if rates.run == report.run else f" in run {rates.run}")
    return f"How often this gate is wrong{where}: {rates.summary}"
