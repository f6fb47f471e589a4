"""From the verdicts on one candidate to one decision."""

from collections.abc import Sequence

from ragguard.decision import reasons
from ragguard.records.evidence import Tier
from ragguard.records.verdict import Answer, Decision, Outcome, Verdict

BINDING: tuple[Tier, ...] = ("must", "blocking", "veto")
"""Tiers that can stop a candidate, most important first."""


def decide(candidate: str, verdicts: Sequence[Verdict], not_run: Sequence[str] = ()) -> Decision:
    """Decide on one candidate: block > error > promote > hold.

    ``not_run`` names the listed suites that did not run. Blocking and must checks have to pass, against each reference; veto
    checks can only fail; advisory ones are not asked. A decision without any blocking check is an error.
    """
    answer = _answer(verdicts, not_run)
    return Decision(
        candidate=candidate,
        answer=answer,
        reasons=_reasons(answer, verdicts, not_run),
        verdicts=tuple(verdicts),
        not_run=tuple(not_run),
    )


def _answer(verdicts: Sequence[Verdict], not_run: Sequence[str]) -> Answer:
    if _found(verdicts, "fail"):
        return "block"
    if _found(verdicts, "error") or not_run or not _blocking(verdicts):
        return "error"
    return "hold" if _undecided(verdicts) else "promote"


def _reasons(answer: Answer, verdicts: Sequence[Verdict], not_run: Sequence[str]) -> tuple[str, ...]:
    words = _words(_found(verdicts, "fail")) + _words(_found(verdicts, "error")) + [reasons.suite_not_run(suite) for suite in not_run]
    if not _blocking(verdicts):
        words.append(reasons.nothing_blocking())
    words += _words(_undecided(verdicts))
    if answer != "promote":
        return tuple(words)
    passed = sorted(_blocking(verdicts), key=lambda verdict: not verdict.degraded)
    return (reasons.all_passed(len(passed)), *_words(passed))


def _found(verdicts: Sequence[Verdict], outcome: Outcome) -> list[Verdict]:
    return [verdict for tier in BINDING for verdict in verdicts if verdict.check.tier == tier and verdict.outcome == outcome]


def _blocking(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.check.tier == "blocking"]


def _undecided(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return [verdict for verdict in _found(verdicts, "inconclusive") if verdict.check.tier != "veto"]


def _words(verdicts: Sequence[Verdict]) -> list[str]:
    return [words for verdict in verdicts for words in verdict.reasons]
