"""Two nights side by side, and refused where they asked different things."""

from dataclasses import replace

import pytest
from made_nights import checked, day, judge, measured, night, suite

from ragguard.decision.nights import compare
from ragguard.errors import NotComparable
from ragguard.records.night import ArmNight, Night

BEFORE, AFTER = night(0, {"baseline": 0.7, "tuned": 0.72}), night(9, {"baseline": 0.7, "tuned": 0.66}, answer="block")


def test_means_verdicts_and_systems_stand_side_by_side() -> None:
    after = replace(AFTER, checks=(checked({"baseline": 0.7, "tuned": 0.66}, outcome="fail"),))
    after = replace(after, arms=(after.arms[0], ArmNight("tuned", "candidate", "another")))
    found = compare(BEFORE, after)
    assert (found.before, found.after, found.answers) == (day(0), day(9), ("promote", "block"))
    assert found.systems == {"baseline": False, "tuned": True}
    (still, moved) = found.changes
    assert (still.arm, still.change, still.better, still.verdicts) == ("baseline", 0.0, None, ("", ""))
    assert (moved.before, moved.after, moved.better, moved.verdicts) == (0.72, 0.66, False, ("pass", "fail"))
    assert moved.change == pytest.approx(-0.06)


def test_where_less_is_better_less_is_better() -> None:
    before, after = (
        replace(
            night(number, {}),
            measures=(measured("tuned", mean, metric="Stale@5"),),
            checks=(checked({"baseline": 0.2, "tuned": mean}, metric="Stale@5", higher=False),),
        )
        for number, mean in ((0, 0.2), (1, 0.1))
    )
    assert compare(before, after).changes[0].better is True


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (replace(AFTER, suites=(suite(collection="c2"),)), "golden: ran on different golden sets"),
        (replace(AFTER, suites=(suite(asks="s2"),)), "golden: asked different cases, checks or margins"),
        (replace(AFTER, suites=(suite(), suite("more"))), f"more: ran on {day(9)} alone"),
        (replace(AFTER, definitions=2), "metrics: ragguard computes them otherwise"),
        (Night("made", day(9), "", "", "error", 4, message="no server", name=day(9)), f"{day(9)}: was not judged (no server)"),
    ],
)
def test_nights_that_asked_different_things_are_refused_with_the_reason(other: Night, words: str) -> None:
    with pytest.raises(NotComparable) as refused:
        compare(BEFORE, other)
    assert words in str(refused.value)


def test_nights_of_different_judges_are_refused_for_what_they_judged() -> None:
    said = measured("tuned", 0.5, "chat", "rubric:helpful")
    more = {"measures": (*BEFORE.measures, said), "suites": (suite(), suite("chat"))}
    before, after = replace(BEFORE, judges=(judge("j1"),), **more), replace(AFTER, judges=(judge("j2"),), **more)
    with pytest.raises(NotComparable, match="rubric:helpful: was judged by different judges"):
        compare(before, after)
    assert {each.metric for each in compare(before, after, "golden").changes} == {"nDCG@10"}


def test_one_suite_of_nights_that_are_otherwise_unlike_can_be_compared() -> None:
    after = replace(AFTER, suites=(suite(), suite("more")))
    assert len(compare(BEFORE, after, "golden").changes) == 2
    with pytest.raises(NotComparable, match="did not run on both nights"):
        compare(BEFORE, after, "more")
