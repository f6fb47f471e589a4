"""What changed between the nights of a plan, that a line may have moved for."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from ragguard.records.history import Age, Kind, Mark
from ragguard.records.night import Accepted, Night

Asked = tuple[str, str, int, str]


def asked(night: Night) -> Mapping[tuple[str, str], Asked]:
    """What a mean hangs on beside the system, by suite and metric: the suite, its collection, the metrics' definitions, the judge.

    Only the metrics that were measured are in it. Means of two nights are compared where these are equal, and nowhere else.
    """
    judges = {metric: judge.fingerprint for judge in night.judges for metric in judge.metrics}
    suites = {suite.name: suite for suite in night.suites}
    pairs = {(each.suite, each.metric) for each in night.measures if each.suite in suites}
    return {
        (name, metric): (suites[name].fingerprint, suites[name].collection_fingerprint, night.definitions, judges.get(metric, ""))
        for name, metric in pairs
    }


def marks(nights: Sequence[Night]) -> tuple[Mark, ...]:
    """Every change from a night to the next one that was judged, and every night that was not."""
    found: list[Mark] = []
    last: Night | None = None
    accepted: Accepted | None = None
    for number, night in enumerate(nights):
        if night.message:
            found.append(_mark(night, "not judged", night.message.splitlines()[0]))
        if number and night.accepted is not None and night.accepted != accepted:
            found.append(_mark(night, "deployed", _deployment(night.accepted)))
        accepted = night.accepted or accepted
        if night.suites and last is not None:
            found += _changes(last, night)
        last = night if night.suites else last
    return tuple(found)


def _mark(night: Night, kind: Kind, what: str) -> Mark:
    return Mark(night.name, night.day, kind, what)


def _deployment(accepted: Accepted) -> str:
    forced = ", though not promoted" if accepted.forced else ""
    return f"{accepted.candidate} was accepted on {accepted.accepted_at[:10]} (run {accepted.run}, {accepted.decision}{forced})"


def _changes(before: Night, after: Night) -> Iterator[Mark]:
    yield from _systems(before, after)
    yield from _questions(before, after)
    old, new = ({judge.name: judge for judge in night.judges} for night in (before, after))
    for name in sorted(old.keys() & new.keys()):
        if old[name].fingerprint != new[name].fingerprint:
            yield _mark(after, "judge", f"{name} is another judge ({old[name].model} -> {new[name].model}): a new series begins")
    if before.definitions != after.definitions:
        yield _mark(after, "definitions", "ragguard computes its metrics otherwise: a new series begins")
    same = all(asked(before)[key] == value for key, value in asked(after).items() if key in asked(before))
    if before.question != after.question and same:
        yield _mark(after, "settings", "the plan's alpha, looks, depth, seed, labels or number of candidates, or its suites, changed")


def _systems(before: Night, after: Night) -> Iterator[Mark]:
    old = {arm.name: arm.fingerprint for arm in before.arms}
    for arm in after.arms:
        if arm.name in old and arm.fingerprint and old[arm.name] and arm.fingerprint != old[arm.name]:
            kind: Kind = "system" if arm.role == "candidate" else "anchor" if arm.role == "anchor" else "baseline"
            yield _mark(after, kind, f"{arm.name} is another system ({old[arm.name][:12]} -> {arm.fingerprint[:12]})")


def _questions(before: Night, after: Night) -> Iterator[Mark]:
    old = {suite.name: suite for suite in before.suites}
    for suite in after.suites:
        known = old.get(suite.name)
        if known is None:
            continue
        if known.collection_fingerprint != suite.collection_fingerprint:
            yield _mark(after, "questions", f"{suite.name} ran on another golden set: a new series begins")
        elif known.fingerprint != suite.fingerprint:
            yield _mark(after, "questions", f"{suite.name} asked other cases, checks or margins: a new series begins")


def baseline_age(nights: Sequence[Night]) -> Age | None:
    """Since when the last judged night's baseline is the same system: since it was accepted, else since the first night that had it."""
    judged = [night for night in nights if any(arm.name == "baseline" for arm in night.arms)]
    if not judged:
        return None
    print_ = _baseline(judged[-1])
    same = 0
    while same < len(judged) and _baseline(judged[-1 - same]) == print_:
        same += 1
    lock = next((night.accepted for night in reversed(nights) if night.accepted is not None), None)
    accepted = lock is not None and lock.fingerprint == print_
    since = lock.accepted_at[:10] if lock is not None and accepted else judged[-same].day
    days = max(0, (date.fromisoformat(nights[-1].day) - date.fromisoformat(since)).days)
    return Age(print_, since, days, same, accepted)


def _baseline(night: Night) -> str:
    return next(arm.fingerprint for arm in night.arms if arm.name == "baseline")
