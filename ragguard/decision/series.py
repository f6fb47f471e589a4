"""From the nights of a plan to series, and to the drifts among them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ragguard.decision.line import Demands, Key, Row, is_watched, line
from ragguard.decision.marks import asked, baseline_age, marks
from ragguard.records.history import Detector, History, Mark, Series
from ragguard.records.night import Night
from ragguard.statistics.cusum import LEARNS, K
from ragguard.statistics.run_length import threshold

FALSE_ALARMS = 0.1
"""False reports of drift a year, over all series of a plan that are watched, unless the plan says otherwise."""

NIGHTS_A_YEAR = 365


def history(plan: str, nights: Sequence[Night], false_alarms: float = FALSE_ALARMS) -> History:
    """Make a plan's history of its nights, oldest first. ``false_alarms`` is what all watched series together may give in a year."""
    rows, demands = _rows(nights), [_demands(night) for night in nights]
    watched = [_watched(night, demand) for night, demand in zip(nights, demands, strict=True)]
    thresholds = [_threshold(count, false_alarms) for count in watched]
    restarts = {arm: _restarts(nights, arm) for arm in {key[0] for key in rows}}
    series = [line(key, each, nights, demands, thresholds, restarts[key[0]]) for key, each in rows.items()]
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


def _rows(nights: Sequence[Night]) -> dict[Key, list[Row]]:
    """The means by series, in the order in which the last nights have them."""
    found: dict[Key, list[Row]] = {}
    for index, night in reversed(list(enumerate(nights))):
        prints, questions = {arm.name: arm.fingerprint for arm in night.arms}, asked(night)
        for each in night.measures:
            if each.mean is not None and (each.suite, each.metric) in questions:
                row = Row(index, each, questions[each.suite, each.metric], prints.get(each.arm, ""))
                found.setdefault((each.arm, each.suite, each.metric, each.slice), []).insert(0, row)
    return found


def _demands(night: Night) -> Demands:
    """The checks of a night by suite, metric and slice; of several on one, the one that binds most."""
    order = {"blocking": 0, "veto": 1, "must": 2, "advisory": 3}
    return {(check.suite, check.metric, check.slice): check for check in sorted(night.checks, key=lambda each: -order[each.tier])}


def _watched(night: Night, demands: Demands) -> int:
    """How many series a night watches."""
    known = (demands.get((each.suite, each.metric, each.slice)) for each in night.measures if each.mean is not None)
    return sum(map(is_watched, known))


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
