"""One metric of one system over the nights: its stretches, each followed by the detector, and its drifts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ragguard.decision.marks import Asked
from ragguard.records.evidence import Tier
from ragguard.records.history import Drift, Point, Series, State
from ragguard.records.night import Checked, Measured, Night
from ragguard.statistics.cusum import Follower, Step

WATCHED: tuple[Tier, ...] = ("blocking", "veto")
"""Checks whose metrics are watched: the others decide nothing, or hold for each case by itself."""

MOST_MISSING = 0.02
"""Share of scores that may be missing on a night that is watched; as for checks that are to pass."""

USUAL_MARGIN, TENTH = 0.05, 0.1
"""The least night-to-night standard deviation that is believed is a tenth of the check's margin; of the usual one where that is 0."""

Key = tuple[str, str, str, str]
"""Arm, suite, metric, slice."""

Demands = Mapping[tuple[str, str, str], Checked]
"""The check on each suite, metric and slice of a night."""


@dataclass(frozen=True)
class Row:
    """A mean of a night, and what it hangs on."""

    index: int
    measured: Measured
    asked: Asked
    fingerprint: str


def is_watched(check: Checked | None) -> bool:
    """Tell whether the means that a check is about are watched."""
    return check is not None and check.tier in WATCHED and check.width is not None


def line(
    key: Key,
    rows: Sequence[Row],
    nights: Sequence[Night],
    demands: Sequence[Demands],
    thresholds: Sequence[float],
    restarts: set[int],
) -> Series:
    """Make one series of its rows, each of its stretches followed by itself.

    ``thresholds`` are those of the nights, ``restarts`` the nights on which somebody had decided on a level.
    """
    arm, suite, metric, slice_ = key
    check = next((demands[row.index][key[1:]] for row in reversed(rows) if key[1:] in demands[row.index]), None)
    stretches = list(_stretches(rows))
    points, drifts, rises = [], list[Drift](), list[str]()
    state: State = "not watched"
    level = sd = None
    left = 0
    for number, stretch in enumerate(stretches):
        whole = [_point(row, nights, number) for row in stretch]
        if check is not None and is_watched(check):
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


def _stretches(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """The rows cut wherever another question was asked, or another judge."""
    stretch: list[Row] = []
    for row in rows:
        if stretch and stretch[-1].asked != row.asked:
            yield stretch
            stretch = []
        stretch.append(row)
    yield stretch


def _point(row: Row, nights: Sequence[Night], stretch: int) -> Point:
    each, night = row.measured, nights[row.index]
    usable = each.unscored <= MOST_MISSING * (each.scored + each.unscored)
    assert each.mean is not None
    return Point(
        night.name, night.day, each.mean, each.lower, each.upper, each.scored, each.unscored, row.fingerprint, stretch, usable
    )  # fmt: skip


def _follower(check: Checked) -> Follower:
    return Follower(TENTH * (check.margin or USUAL_MARGIN) * (check.width or 1.0))


def _followed(
    follower: Follower, check: Checked, rows: Sequence[Row], points: Sequence[Point], thresholds: Sequence[float], restarts: set[int]
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
