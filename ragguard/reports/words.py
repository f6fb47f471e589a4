"""The words of a verdict, once for every kind of report: what it is called, what it means, and which comes first."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ragguard.records.evidence import Tier
from ragguard.records.report import Report, SuiteRun
from ragguard.records.verdict import Answer, Decision, Estimate, Outcome, Verdict
from ragguard.reports import figures, labelled

HEADLINE: Mapping[Answer, str] = {"promote": "PROMOTE", "block": "BLOCK", "hold": "HOLD", "error": "ERROR: COULD NOT JUDGE"}

MEANING: Mapping[Answer, str] = {
    "promote": "Every blocking check passed: it may go out.",
    "block": "A quality regression was found: it must not go out.",
    "hold": "Not enough evidence: neither a regression nor its absence was shown.",
    "error": "Something failed to run. This says nothing about quality, good or bad.",
}

BEST = "Choosing the best of several makes its estimate optimistic: expect a little less of it in production."

_GRAVITY: tuple[Outcome, ...] = ("fail", "error", "inconclusive", "pass")
_TIERS: tuple[Tier, ...] = ("blocking", "must", "veto", "advisory")
# Controls (but for tab and line ends, which become spaces), and the bidirectional ones that make text read as what it is not.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff\ufeff]"
)


def clean(text: str) -> str:
    """One line of printable text: white space collapsed; control, direction and surrogate characters replaced by U+FFFD."""
    return _UNPRINTABLE.sub("\ufffd", " ".join(re.split(r"[\t\n\r\x85\u2028\u2029 ]+", text))).strip()


def printable(text: str) -> str:
    """The text with control, direction and surrogate characters replaced by U+FFFD, for pages; tabs and line ends stay."""
    return _UNPRINTABLE.sub("\ufffd", text)


def clip(text: str, width: int) -> str:
    """``clean`` text of at most ``width`` characters, with ``...`` where something was cut off."""
    text = clean(text)
    return text if len(text) <= width else text[: width - 3].rstrip() + "..."


def counts(verdict: Verdict) -> bool:
    """Whether a verdict bears on the decision: advisory ones do not, a veto only when it fails or could not be judged."""
    return verdict.check.tier in ("blocking", "must") or (verdict.check.tier == "veto" and verdict.outcome in ("fail", "error"))


def outcome(verdict: Verdict) -> str:
    """The word for a verdict: capitals where it stops the candidate, ``pass (degraded)`` where it is surely worse within the margin."""
    if verdict.outcome == "pass":
        return "pass (degraded)" if verdict.degraded else "pass"
    return verdict.outcome.upper() if counts(verdict) and verdict.outcome != "inconclusive" else verdict.outcome


def gravity(verdict: Verdict) -> tuple[int, ...] | tuple[int | str, ...]:
    """Sort key, worst first: what counts before what does not, then fail, error, inconclusive, pass; ties by identity."""
    rank = _GRAVITY.index(verdict.outcome) * 2 + (not verdict.degraded)
    return (
        verdict.check.tier == "advisory",
        not counts(verdict),
        rank,
        _TIERS.index(verdict.check.tier),
        verdict.check.identity,
        verdict.against,
    )


def baseline(report: Report) -> str:
    """The baseline's name."""
    return next((arm.name for arm in report.arms if arm.role == "baseline"), "baseline")


def against(verdict: Verdict, report: Report) -> str:
    """``against NAME`` where a check was not made against the baseline, else nothing."""
    return "" if verdict.against in ("baseline", baseline(report)) else f"against {verdict.against}"


def reference(verdict: Verdict, report: Report) -> str:
    """The name of the arm that a check was made against."""
    return verdict.against if against(verdict, report) else baseline(report)


def title(verdict: Verdict, report: Report) -> tuple[str, ...]:
    """What a check is called below its suite's name: the metric, then slice, reference and direction where they are not the usual ones."""
    check = verdict.check
    direction = "" if verdict.estimate.scale.higher_is_better else "(lower is better)"
    parts = (str(check.metric), f"on {check.slice}" if check.slice else "", against(verdict, report), direction)
    return tuple(part for part in parts if part)


def change(verdict: Verdict) -> tuple[str, str]:
    """The difference and its bounds; for a ``must`` check, how many cases it lost."""
    estimate = verdict.estimate
    if verdict.check.tier == "must":
        return f"{len(verdict.misses):,} of {estimate.cases:,} lost", ""
    return figures.difference(estimate), figures.interval(estimate)


def notes(verdicts: Sequence[Verdict], decision: Decision) -> tuple[str, ...]:
    """What a table does not say of its checks: reasons that the decision does not already give, and missing scores.

    A check that passed, or that lacks evidence and need not have it, gives no reasons: its numbers say as much.
    """
    telling = [
        each for each in verdicts if each.outcome in ("fail", "error") or each.degraded or (each.outcome == "inconclusive" and counts(each))
    ]
    reasons = [reason for each in telling for reason in each.reasons if reason not in decision.reasons]
    return (*reasons, *_missing(verdicts), *labelled.notes(verdicts))


def _missing(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """One line for all the checks that lack the same number of scores."""
    lacking: dict[str, list[Estimate]] = {}
    for estimate in (each.estimate for each in verdicts):
        if estimate.missing_baseline or estimate.missing_candidate:
            said = f"scores missing: {estimate.missing_baseline:,} of the reference, {estimate.missing_candidate:,} of the candidate"
            lacking.setdefault(said, []).append(estimate)
    for said, estimates in lacking.items():
        named = [
            f"{each.check.identity} {figures.bound(each.pass_lower, each.check.margin)}"
            for each in estimates
            if each.pass_lower is not None
        ]
        yield f"{said}; counted as worst, the lower bounds are: {', '.join(named)}" if named else said


def gist(decision: Decision) -> str:
    """The first reason in a few words, without the numbers in its brackets, and how many more there are; empty where there is none."""
    if not decision.reasons:
        return ""
    first = clip(re.sub(r" \([^()]*\)", "", decision.reasons[0]).split(";")[0], 160)
    return first + (f" (and {figures.count(len(decision.reasons) - 1, 'more reason')})" if len(decision.reasons) > 1 else "")


def not_run(decision: Decision) -> list[str]:
    """The suites that did not run, each in a few words, unless the reasons name them."""
    return [f"suite {name} did not run" for name in decision.not_run if not any(f"suite {name} " in reason for reason in decision.reasons)]


def standing(report: Report) -> str:
    """What the answer means: in a sentence for one candidate, in numbers for several."""
    if len(report.decisions) == 1:
        return MEANING[report.answer]
    promoted = sum(each.answer == "promote" for each in report.decisions)
    return f"{promoted} of {figures.count(len(report.decisions), 'candidate')} may go out."


def listed(names: Iterable[str], most: int) -> str:
    """Names with commas between; beyond ``most`` of them, how many more there are."""
    names = tuple(names)
    return ", ".join(names[:most]) + (f", and {len(names) - most:,} more" if len(names) > most else "")


def verdicts(decision: Decision, suite: str) -> list[Verdict]:
    """A suite's verdicts, worst first."""
    return sorted((each for each in decision.verdicts if each.check.suite == suite), key=gravity)


def suites(report: Report, decision: Decision) -> list[SuiteRun]:
    """The suites, the one with the worst verdict first; otherwise in the plan's order."""
    last = (True, True, 99)
    return sorted(report.suites, key=lambda run: next((gravity(each)[:3] for each in verdicts(decision, run.name)), last))


def overview(suite: SuiteRun) -> str:
    """What a suite's numbers rest on: cases, intents, collection and split; and what it leaves out."""
    where = f"{suite.collection} ({suite.split})" if suite.split else suite.collection
    size = f"{figures.count(suite.cases, 'case')}, {figures.count(suite.intents, 'intent')}, {where}"
    alone = f"; {figures.count(suite.unlabelled, 'more query', 'more queries')} for the judge alone" if suite.unlabelled else ""
    return f"{size}{alone}; {suite.note}" if suite.note else f"{size}{alone}"


def legend(decision: Decision) -> str:
    """What the numbers in a table of checks mean, for someone who sees one for the first time."""
    levels = " or ".join(sorted({figures.level(each.estimate.alpha) for each in decision.verdicts}))
    return (
        "Scores are means over intents, from 0 to 1 unless a unit stands behind them. Differences and margins are shares of the metric's "
        f"range; + means that the candidate is better. Bounds are one-sided, {levels} each: a check passes when the lower one lies above "
        "minus the margin. Tiers: blocking must pass, must has to hold for every case, veto may only fail, advisory is only shown."
    )


def stopping(report: Report) -> str:
    """How a gate went that might stop early; empty of any other."""
    found = report.sequential
    if found is None:
        return ""
    batches = figures.count(found.batches, "batch", "batches")
    if not found.stopped:
        return f"All {figures.count(found.cases, 'case')} were asked, in {batches}: the decision was sure no sooner."
    spared = f" and {figures.count(found.answers_spared, 'answer')} of the generator" if found.answers_spared else ""
    asked = f"{found.asked:,} of {figures.count(found.cases, 'case')} in {batches}"
    return f"Stopped as soon as the decision was sure, after {asked}; spared were {figures.count(found.spared, 'question')}{spared}."
