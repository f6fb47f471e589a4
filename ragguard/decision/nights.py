"""Two nights of a plan side by side, where they asked the same."""

from collections.abc import Iterator

from ragguard.decision.marks import asked
from ragguard.errors import NotComparable, Problem
from ragguard.records.history import Change, Changes
from ragguard.records.night import Checked, Measured, Night

FIX = "compare two nights of one stretch, or name the suites that are alike with --suite"


def compare(before: Night, after: Night, suite: str = "") -> Changes:
    """Set two nights side by side; with ``suite`` that one alone.

    Raises:
        NotComparable: another golden set, other cases, another judge, or a night that was not judged; every reason.
    """
    problems = list(_unlike(before, after, suite))
    if problems:
        raise NotComparable(problems)
    old, new = (_measures(night, suite) for night in (before, after))
    arms = {arm.name: arm.fingerprint for arm in before.arms}
    changes = tuple(_change(old[key], measured, before, after) for key, measured in new.items() if key in old)
    systems = {arm.name: arm.fingerprint != arms[arm.name] for arm in after.arms if arm.name in arms}
    return Changes(after.plan, before.name, after.name, changes, systems, (before.answer, after.answer))


def _measures(night: Night, suite: str) -> dict[tuple[str, str, str, str], Measured]:
    return {
        (each.arm, each.suite, each.metric, each.slice): each
        for each in night.measures
        if each.mean is not None and suite in ("", each.suite)
    }


def _unlike(before: Night, after: Night, suite: str) -> Iterator[Problem]:
    for night in (before, after):
        if not night.suites:
            yield Problem(night.name, f"was not judged ({night.message.splitlines()[0] if night.message else 'no suite ran'})", FIX)
    old, new = ({each.name: each for each in night.suites if suite in ("", each.name)} for night in (before, after))
    if suite and not (old and new):
        yield Problem(suite, f"did not run on both nights ({before.name}, {after.name})", "name a suite that did")
    if before.suites and after.suites:
        for name in sorted(old.keys() ^ new.keys()) if not suite else ():
            yield Problem(name, f"ran on {before.name if name in old else after.name} alone", FIX)
    for name in sorted(old.keys() & new.keys()):
        if old[name].collection_fingerprint != new[name].collection_fingerprint:
            yield Problem(name, "ran on different golden sets on the two nights", FIX)
        elif old[name].fingerprint != new[name].fingerprint:
            yield Problem(name, "asked different cases, checks or margins on the two nights", FIX)
    yield from _judged_otherwise(before, after, suite)


def _judged_otherwise(before: Night, after: Night, suite: str) -> Iterator[Problem]:
    if before.definitions != after.definitions and before.suites and after.suites:
        yield Problem("metrics", "ragguard computes them otherwise on the two nights", FIX)
    old, new = asked(before), asked(after)
    unlike = {metric for name, metric in old.keys() & new.keys() if old[name, metric][3] != new[name, metric][3] and suite in ("", name)}
    for metric in sorted(unlike):
        yield Problem(metric, "was judged by different judges on the two nights", FIX)


def _change(old: Measured, new: Measured, before: Night, after: Night) -> Change:
    assert old.mean is not None
    assert new.mean is not None
    checks = [_check(night, new) for night in (before, after)]
    known = checks[1] or checks[0]
    better = None if known is None or new.mean == old.mean else (new.mean > old.mean) == known.higher_is_better
    verdicts = [check.outcome if check is not None and check.candidate == new.arm else "" for check in checks]
    return Change(
        new.arm, new.suite, new.metric, new.slice, new.unit, old.mean, new.mean, (old.lower, old.upper), (new.lower, new.upper), better,
        (verdicts[0], verdicts[1]),
    )  # fmt: skip


def _check(night: Night, measured: Measured) -> Checked | None:
    """The check on a mean: the arm's own, or, of a reference, anybody's."""
    about = [
        check
        for check in night.checks
        if (check.suite, check.metric, check.slice) == (measured.suite, measured.metric, measured.slice) and check.against == "baseline"
    ]
    return next((check for check in about if check.candidate == measured.arm), about[0] if about else None)
