"""From the nights of a plan to series, and to the drifts among them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ragguard.decision.marks import Asked, asked, baseline_age, marks
from ragguard.records.evidence import Tier
from ragguard.records.history import Checked, Detector, Drift, History, Mark, Measured, Night, Point, Series, State
from ragguard.statistics.cusum import LEARNS, Follower, K, Step, threshold

FALSE_ALARMS = 0.1
"""False reports of drift a year, over all series of a plan that are watched, unless the plan says otherwise."""

NIGHTS_A_YEAR = 365
WATCHED: tuple[Tier, ...] = ("blocking", "veto")
"""Checks whose metrics are watched: the others decide nothing, or hold for each case by itself."""

MOST_MISSING = 0.02
"""Share of scores that may be missing on a night that is watched; as for checks that are to pass."""

USUAL_MARGIN, TENTH = 0.05, 0.1
"""The least night-to-night standard deviation that is believed is a tenth of the check's margin; of the usual one where that is 0."""

Key = tuple[str, str, str, str]
"""Arm, suite, metric, slice."""


@dataclass(frozen=True)
class _Row:
    """A mean of a night, and what it hangs on."""

    index: int
    measured: Measured
    asked: Asked
    fingerprint: str


def history(plan: str, nights: Sequence[Night], false_alarms: float = FALSE_ALARMS) -> History:
    """Make a plan's history of its nights, oldest first. ``false_alarms`` is what all watched series together may give in a year."""
    rows, demands = _rows(nights), [_demands(night) for night in nights]
    watched = [_watched(night, demand) for night, demand in zip(nights, demands, strict=True)]
    thresholds = [_threshold(count, false_alarms) for count in watched]
    restarts = {arm: _restarts(nights, arm) for arm in {key[0] for key in rows}}
    series = [_series(key, each, nights, demands, thresholds, restarts[key[0]]) for key, each in rows.items()]
    drifts = sorted((drift for each in series for drift in each.drifts), key=lambda each: (each.reported, each.arm, each.suite))
    last = next((count for count in reversed(watched) if count), 1)
    between = last * NIGHTS_A_YEAR / false_alarms
    detector = Detector(last, false_alarms, K, threshold(K, between), between, LEARNS)
    rises = [mark for each in series for mark in _rises(each)]
    seen = sorted((*marks(nights), *rises), key=lambda mark: [night.name for night in nights].index(mark.night))
    return History(plan, tuple(nights), tuple(series), tuple(seen), tuple(drifts), detector, baseline_age(nights))


def _rises(series: Series) -> Iterator[Mark]:
    for point in series.points:
        if point.night in series.rises:
            title = "/".join(filter(None, (series.suite, series.metric, series.slice)))
            yield Mark(point.night, point.day, "rise", f"{series.arm}: {title} got better, to stay: a new level is learnt")


def cut(history: History, last: int) -> History:
    """Return the last nights of a history, with what is known from all of them."""
    nights = history.nights[-last:]
    names = {night.name for night in nights}
    kept = (replace(each, points=tuple(point for point in each.points if point.night in names)) for each in history.series)
    marks_ = tuple(mark for mark in history.marks if mark.night in names)
    return replace(history, nights=nights, series=tuple(each for each in kept if each.points), marks=marks_)


def _threshold(watched: int, false_alarms: float) -> float:
    return threshold(K, max(watched, 1) * NIGHTS_A_YEAR / false_alarms)


def _rows(nights: Sequence[Night]) -> dict[Key, list[_Row]]:
    """The means by series, in the order in which the last nights have them."""
    found: dict[Key, list[_Row]] = {}
    for index, night in reversed(list(enumerate(nights))):
        prints, questions = {arm.name: arm.fingerprint for arm in night.arms}, asked(night)
        for each in night.measures:
            if each.mean is not None and (each.suite, each.metric) in questions:
                row = _Row(index, each, questions[each.suite, each.metric], prints.get(each.arm, ""))
                found.setdefault((each.arm, each.suite, each.metric, each.slice), []).insert(0, row)
    return found


def _demands(night: Night) -> Mapping[tuple[str, str, str], Checked]:
    """The checks of a night by suite, metric and slice; of several on one, the one that binds most."""
    order = {"blocking": 0, "veto": 1, "must": 2, "advisory": 3}
    return {(check.suite, check.metric, check.slice): check for check in sorted(night.checks, key=lambda each: -order[each.tier])}


def _watched(night: Night, demands: Mapping[tuple[str, str, str], Checked]) -> int:
    """How many series a night watches."""
    known = (demands.get((each.suite, each.metric, each.slice)) for each in night.measures if each.mean is not None)
    return sum(map(_is_watched, known))


def _is_watched(check: Checked | None) -> bool:
    return check is not None and check.tier in WATCHED and check.width is not None


def _restarts(nights: Sequence[Night], arm: str) -> set[int]:
    """The nights on which somebody had decided on another level: an accepted system; of a reference, another system."""
    found: set[int] = set()
    lock = next((night.accepted for night in nights if night.accepted is not None), None)
    last = ""
    for index, night in enumerate(nights):
        if night.accepted is not None and night.accepted != lock:
            found.add(index)
            lock = night.accepted
        mine = next((each for each in night.arms if each.name == arm), None)
        if mine is not None and mine.role != "candidate" and mine.fingerprint:
            if last and mine.fingerprint != last:
                found.add(index)
            last = mine.fingerprint
    return found


def _series(
    key: Key,
    rows: Sequence[_Row],
    nights: Sequence[Night],
    demands: Sequence[Mapping[tuple[str, str, str], Checked]],
    thresholds: Sequence[float],
    restarts: set[int],
) -> Series:
    """One series, each of its stretches followed by itself."""
    arm, suite, metric, slice_ = key
    check = next((demands[row.index][key[1:]] for row in reversed(rows) if key[1:] in demands[row.index]), None)
    stretches = list(_stretches(rows))
    points, drifts, rises = [], list[Drift](), list[str]()
    state: State = "not watched"
    level = sd = None
    left = 0
    for number, stretch in enumerate(stretches):
        whole = [_point(row, nights, number) for row in stretch]
        if check is not None and _is_watched(check):
            follower = _follower(check)
            steps = list(_followed(follower, check, stretch, whole, thresholds, restarts))
            whole = [replace(point, fall=step.fall) for point, step in zip(whole, steps, strict=True)]
            drifts += _drifts(key, check, rows[-1].measured.unit, whole, steps)
            rises += [point.night for point, step in zip(whole, steps, strict=True) if step.phase == "rise"]
            left, (level, sd) = follower.left, _held_against(follower, steps, check)
            state = "drift" if drifts and not drifts[-1].ended and number == len(stretches) - 1 else "learning" if left else "quiet"
        points += whole
    ended = [replace(each, ended=each.ended or _next_stretch(each, points)) for each in drifts]
    return Series(
        arm, suite, metric, slice_, rows[-1].measured.unit, check.higher_is_better if check else True, state, tuple(points),
        tuple(ended), tuple(rises), level, sd, left, check.tier if check else "", check.margin if check else None,
    )  # fmt: skip


def _stretches(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """The rows cut wherever another question was asked, or another judge."""
    stretch: list[_Row] = []
    for row in rows:
        if stretch and stretch[-1].asked != row.asked:
            yield stretch
            stretch = []
        stretch.append(row)
    yield stretch


def _point(row: _Row, nights: Sequence[Night], stretch: int) -> Point:
    each, night = row.measured, nights[row.index]
    usable = each.unscored <= MOST_MISSING * (each.scored + each.unscored)
    assert each.mean is not None
    return Point(
        night.name, night.day, each.mean, each.lower, each.upper, each.scored, each.unscored, row.fingerprint, stretch, usable
    )  # fmt: skip


def _follower(check: Checked) -> Follower:
    return Follower(TENTH * (check.margin or USUAL_MARGIN) * (check.width or 1.0))


def _followed(
    follower: Follower, check: Checked, rows: Sequence[_Row], points: Sequence[Point], thresholds: Sequence[float], restarts: set[int]
) -> Iterator[Step]:
    sign, last = 1.0 if check.higher_is_better else -1.0, rows[0].index
    for row, point in zip(rows, points, strict=True):
        if any(last < index <= row.index for index in restarts):  # also one on a night that this series lacks
            follower.restart()
        last = row.index
        yield follower.step(sign * point.mean if point.usable else None, thresholds[row.index])


def _held_against(follower: Follower, steps: Sequence[Step], check: Checked) -> tuple[float | None, float | None]:
    """What the next night is held against, in the metric's own unit."""
    sign = 1.0 if check.higher_is_better else -1.0
    last = next((step for step in reversed(steps) if step.phase != "missing"), None)
    if last is not None and last.phase == "fall" and last.level is not None:
        return sign * last.level, last.sd
    if follower.known.n == 0 or follower.left:
        return None, None
    return sign * follower.known.mean, follower.known.sd(follower.floor)


def _drifts(key: Key, check: Checked, unit: str, points: Sequence[Point], steps: Sequence[Step]) -> Iterator[Drift]:
    """The falls of a stretch that were reported, each with what came of it."""
    index, sign = 0, 1.0 if check.higher_is_better else -1.0
    while index < len(steps):
        step = steps[index]
        if step.phase != "fall" or step.level is None or step.since is None:
            index += 1
            continue
        end = index
        while end < len(steps) and steps[end].phase in ("fall", "missing") and steps[end].since in (step.since, None):
            end += 1
        after = steps[end] if end < len(steps) else None
        worst = sign * min(sign * point.mean for point in points[index:end])
        yield Drift(
            *key, points[step.since].night, points[index].night, sign * step.level, points[-1].mean if after is None else worst, unit,
            points[end].night if after is not None else "", after is not None and after.phase == "back",
        )  # fmt: skip
        index = end


def _next_stretch(drift: Drift, points: Sequence[Point]) -> str:
    """The night on which another question put an end to a drift, if one did."""
    stretch = next(point.stretch for point in points if point.night == drift.reported)
    return next((point.night for point in points if point.stretch > stretch), "")
