"""Nights made into series: where one ends and another begins, what is watched, what is marked."""

from dataclasses import replace

import pytest
from made_nights import accepted, checked, day, judge, measured, night, nights, suite

from ragguard.decision import series
from ragguard.records.history import Series
from ragguard.records.night import ArmNight, Night

QUIET = [0.7] * 20


def of(history: object, arm: str = "tuned") -> Series:
    return next(each for each in history.series if each.arm == arm)  # type: ignore[attr-defined]


def test_a_fall_is_a_drift_with_its_dates_and_levels() -> None:
    found = series.history("made", nights([*QUIET, *[0.64] * 5]))
    (drift,) = found.drifts
    assert (drift.arm, drift.suite, drift.metric, drift.slice) == ("tuned", "golden", "nDCG@10", "")
    assert (drift.since, drift.reported, drift.ended) == (day(20), day(21), "")
    assert (drift.level, drift.now) == (pytest.approx(0.7), 0.64)
    assert of(found).state == "drift"
    assert of(found, "baseline").state == "quiet"


def test_a_drift_that_is_over_says_how_bad_it_was_and_when_it_was_back() -> None:
    found = series.history("made", nights([*QUIET, 0.64, 0.62, 0.65, 0.7, 0.7, 0.7]))
    (drift,) = found.drifts
    assert (drift.reported, drift.ended, drift.recovered, drift.now) == (day(21), day(24), True, 0.62)
    assert of(found).state == "quiet"


def test_where_lower_is_better_a_rise_is_the_drift() -> None:
    made = []
    for number, value in enumerate([*[0.2] * 20, 0.26, 0.26]):
        means = {"baseline": 0.2, "tuned": value}
        measures = tuple(measured(arm, mean, metric="Stale@5") for arm, mean in means.items())
        made.append(night(number, means, measures=measures, checks=(checked(means, metric="Stale@5", higher=False),)))
    found = series.history("made", made)
    (drift,) = found.drifts
    assert (drift.level, drift.now) == (pytest.approx(0.2), 0.26)
    assert of(found).level == pytest.approx(0.2)


def test_another_golden_set_begins_another_series() -> None:
    values = [*QUIET, *[0.5] * 20]
    made = [replace(each, suites=(suite(collection="c1" if number < 20 else "c2"),)) for number, each in enumerate(nights(values))]
    found = series.history("made", made)
    assert found.drifts == ()
    assert [point.stretch for point in of(found).points] == [0] * 20 + [1] * 20
    assert [(mark.night, mark.kind) for mark in found.marks] == [(day(20), "questions")]
    assert of(found).left == 0


@pytest.mark.parametrize("what", ["judge", "definitions", "suite"])
def test_another_judge_definition_or_check_begins_another_series(what: str) -> None:
    def of_night(number: int, each: Night) -> Night:
        late = number >= 20
        means = {"baseline": 0.7, "tuned": 0.5 if late else 0.7}
        metric = "rubric:helpful"
        measures = tuple(measured(arm, mean, metric=metric) for arm, mean in means.items())
        made = replace(each, measures=measures, checks=(checked(means, metric=metric),), judges=(judge(),))
        if not late:
            return made
        if what == "judge":
            return replace(made, judges=(judge("j2"),))
        return replace(made, definitions=2) if what == "definitions" else replace(made, suites=(suite(asks="s2"),))

    found = series.history("made", [of_night(number, each) for number, each in enumerate(nights([0.7] * 40))])
    assert found.drifts == ()
    assert {point.stretch for point in of(found).points} == {0, 1}
    (mark,) = found.marks
    assert mark.night == day(20)
    assert "new series begins" in mark.what


def test_another_judge_leaves_the_metrics_of_others_alone() -> None:
    made = [replace(each, judges=(judge("j1" if number < 20 else "j2"),)) for number, each in enumerate(nights([0.7] * 25))]
    assert {point.stretch for point in of(series.history("made", made)).points} == {0}


def test_a_deployment_is_marked_and_begins_a_new_level_without_a_new_series() -> None:
    values = [*QUIET, *[0.6] * 20]
    made = [replace(each, accepted=accepted(1) if number < 20 else accepted(19)) for number, each in enumerate(nights(values))]
    found = series.history("made", made)
    assert found.drifts == ()
    assert {point.stretch for point in of(found).points} == {0}
    assert [(mark.kind, mark.what) for mark in found.marks] == [
        ("deployed", f"tuned was accepted on {day(19)} (run run19, promote)"),
    ]
    assert of(found).level == pytest.approx(0.6)


def test_a_deployment_ends_a_drift_and_is_no_recovery() -> None:
    made = nights([*QUIET, *[0.6] * 5, *[0.6] * 5])
    made = [replace(each, accepted=None if number < 25 else accepted(24)) for number, each in enumerate(made)]
    made[0] = replace(made[0], accepted=accepted(0, "older"))
    (drift,) = series.history("made", made).drifts
    assert (drift.ended, drift.recovered) == (day(25), False)


def test_another_baseline_has_a_level_of_its_own_and_candidates_keep_theirs() -> None:
    def arms(number: int) -> tuple[ArmNight, ...]:
        late = "2" if number >= 20 else "1"
        return (ArmNight("baseline", "baseline", f"b{late}"), ArmNight("tuned", "candidate", f"t{late}"))

    made = [
        replace(night(number, {"baseline": mean, "tuned": mean}), arms=arms(number)) for number, mean in enumerate([*QUIET, *[0.6] * 5])
    ]
    found = series.history("made", made)
    assert [drift.arm for drift in found.drifts] == ["tuned"]
    assert [(mark.night, mark.kind) for mark in found.marks] == [(day(20), "baseline"), (day(20), "system")]


def test_advisory_checks_and_metrics_without_a_range_are_not_watched() -> None:
    made = []
    for number, value in enumerate([*QUIET, *[0.1] * 5]):
        means = {"baseline": 0.7, "tuned": value}
        measures = tuple(measured(arm, mean, metric=metric) for metric in ("a", "b", "c") for arm, mean in means.items())
        checks = [checked(means, metric="a", tier="advisory"), checked(means, metric="b", width=None)]
        checks.append(checked(means, metric="c", tier="must"))
        made.append(night(number, means, measures=measures, checks=tuple(checks)))
    found = series.history("made", made)
    assert found.drifts == ()
    assert {each.state for each in found.series} == {"not watched"}
    assert found.detector.watched == 1


def test_the_false_alarms_are_shared_by_all_that_is_watched() -> None:
    found = series.history("made", nights(QUIET), false_alarms=0.1)
    assert (found.detector.watched, found.detector.nights_between) == (2, 2 * 3650)
    assert series.history("made", nights(QUIET), false_alarms=1.0).detector.h < found.detector.h


def test_a_night_with_missing_scores_is_shown_and_not_watched() -> None:
    made = nights([*QUIET, 0.4, 0.7, 0.7])
    made[20] = replace(made[20], measures=(measured("baseline", 0.7), measured("tuned", 0.4, unscored=5)))
    found = series.history("made", made)
    assert found.drifts == ()
    assert [point.usable for point in of(found).points[19:22]] == [True, False, True]


def test_a_night_that_was_not_judged_is_marked_and_leaves_a_gap() -> None:
    made = nights([*QUIET, 0.7, 0.7])
    made[20] = Night("made", day(20), "", f"{day(20)}T02", "error", 4, message="no server\nat all", name=day(20))
    found = series.history("made", made)
    assert [(mark.kind, mark.what) for mark in found.marks] == [("not judged", "no server")]
    assert len(of(found).points) == 21


def test_settings_that_begin_no_series_are_marked() -> None:
    made = [replace(each, question="q1" if number < 3 else "q2") for number, each in enumerate(nights([0.7] * 5))]
    assert [(mark.night, mark.kind) for mark in series.history("made", made).marks] == [(day(3), "settings")]


def test_the_age_of_the_baseline_is_that_since_it_was_accepted_or_first_seen() -> None:
    age = series.history("made", nights(QUIET)).baseline
    assert age is not None
    assert (age.since, age.days, age.nights, age.accepted) == (day(0), 19, 20, False)
    lock = replace(accepted(0, fingerprint="print of baseline"), accepted_at="2025-12-01T00:00:00")
    made = [replace(each, accepted=lock) for each in nights(QUIET)]
    age = series.history("made", made).baseline
    assert age is not None
    assert (age.since, age.days, age.nights, age.accepted) == ("2025-12-01", 50, 20, True)


def test_what_was_reported_stays_reported_as_nights_are_added() -> None:
    """A later check more, which raises the threshold, takes back nothing that was said before."""
    values = [*QUIET, *[0.672] * 3]
    said = series.history("made", nights(values), false_alarms=2.0).drifts
    assert len(said) == 1
    later = []
    for number, each in enumerate(nights([*values, *[0.672] * 3])):
        more = tuple(measured("tuned", 0.5, metric=f"M@{place}") for place in range(1, 400)) if number >= len(values) else ()
        checks = tuple(checked({}, metric=f"M@{place}") for place in range(1, 400)) if number >= len(values) else ()
        later.append(replace(each, measures=(*each.measures, *more), checks=(*each.checks, *checks)))
    assert series.history("made", later, false_alarms=2.0).drifts[0].reported == said[0].reported


def test_a_rise_that_stays_is_marked() -> None:
    found = series.history("made", nights([*QUIET, *[0.75] * 5]))
    assert [(mark.night, mark.kind) for mark in found.marks] == [(day(21), "rise")]
    assert of(found).rises == (day(21),)
    assert of(found).level == pytest.approx(0.75)


def test_the_last_nights_are_cut_out_with_what_all_of_them_tell() -> None:
    found = series.history("made", nights([*QUIET, *[0.6] * 10]))
    cut = series.cut(found, 5)
    assert [each.name for each in cut.nights] == [day(number) for number in range(25, 30)]
    assert cut.drifts == found.drifts
    assert [len(each.points) for each in cut.series] == [5, 5]
