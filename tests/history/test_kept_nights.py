"""A history keeps nights whole, once each, in one order."""

from dataclasses import replace

import pytest
from made_nights import accepted, checked, day, judge, measured, night, nights
from sqlalchemy import text

from ragguard.errors import InputError
from ragguard.history.database import Database
from ragguard.history.nights import Nights, find
from ragguard.history.place import Place
from ragguard.records.night import Cost, Decided, Night


def full(number: int = 0, **more: object) -> Night:
    """A night with something in every part."""
    made = night(number, {"baseline": 0.7, "tuned": 1 / 3}, note="commit 4f2a91c; 'quoted' – ünï", accepted=accepted(1), judges=(judge(),))
    made = replace(
        made,
        costs=(Cost("tuned", "retrieve", "p95", 0.0123),),
        decisions=(Decided("tuned", "promote", ("a reason", "another, with \n a line")),),
        measures=(*made.measures, measured("tuned", None, metric="RR"), replace(measured("tuned", 0.1, slice_="odd"), main=False)),
        checks=(checked({"baseline": 0.7, "tuned": 1 / 3}), checked({}, metric="RR", width=None)),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def test_a_night_comes_back_as_it_was(there: Place) -> None:
    kept = Nights(there)
    kept.append(full())
    (found,) = Nights(there, create=False).read("made", whole=True)
    assert found == full()
    (main,) = kept.read("made")
    assert len(main.measures) == len(found.measures) - 1


def test_a_message_with_what_no_database_carries_is_kept_without_it(there: Place) -> None:
    kept = Nights(there)
    strange = "no \x00 and no \ud800, but \U0001f600"
    kept.append(Night("made", day(0), "", f"{day(0)}T01:00:00", "error", 4, message=strange, note=strange))
    kept.append(full(1, decisions=(Decided(strange, "block", (strange,)),)))
    failed, judged = kept.read("made")
    assert failed.message == failed.note == "no \ufffd and no ?, but \U0001f600"
    assert judged.decisions[0].candidate == failed.message
    assert "but \U0001f600" in judged.decisions[0].reasons[0]


def test_nights_come_back_in_the_order_of_their_days(there: Place) -> None:
    kept = Nights(there)
    for each in reversed(nights([0.1, 0.2, 0.3])):
        kept.append(each)
    assert [each.day for each in kept.read("made")] == [day(0), day(1), day(2)]
    assert [each.day for each in kept.read("made", last=2)] == [day(1), day(2)]
    assert kept.read("another plan") == ()
    assert kept.plans() == {"made": 3}


def test_the_same_report_twice_is_one_night(there: Place) -> None:
    kept = Nights(there)
    kept.append(full())
    kept.append(full())
    assert kept.read("made", whole=True) == (full(),)


def test_the_same_run_again_on_one_day_takes_its_place_and_is_counted(there: Place) -> None:
    kept = Nights(there)
    kept.append(full(answer="error"))
    kept.append(full(started=f"{day(0)}T03:00:00+00:00"))
    (found,) = kept.read("made")
    assert (found.answer, found.attempts, found.started) == ("promote", 2, f"{day(0)}T03:00:00+00:00")
    kept.append(full(answer="error"))  # the first attempt, which arrives late
    (found,) = kept.read("made")
    assert (found.answer, found.attempts) == ("promote", 3)


def test_another_run_of_a_day_is_another_night_and_both_have_names(there: Place) -> None:
    kept = Nights(there)
    kept.append(full())
    kept.append(full(run="other", started=f"{day(0)}T05:00:00+00:00"))
    kept.append(full(1))
    assert [each.name for each in kept.read("made")] == [day(0), f"{day(0)}.2", day(1)]
    assert [each.name for each in kept.read("made", last=2)] == [f"{day(0)}.2", day(1)]
    assert find(kept.read("made"), f"{day(0)}.2").run == "other"
    assert find(kept.read("made"), "last").day == day(1)
    with pytest.raises(InputError, match="is no night of this history"):
        find(kept.read("made"), "2025-01-01")


def test_the_same_run_on_the_next_day_is_the_next_night(there: Place) -> None:
    kept = Nights(there)
    for number in range(3):
        kept.append(full(number, run="the same"))
    assert len(kept.read("made")) == 3


def test_a_night_that_was_not_judged_gives_way_to_one_that_was(there: Place) -> None:
    kept = Nights(there)
    kept.append(Night("made", day(0), "", f"{day(0)}T01:00:00", "error", 4, message="no server"))
    kept.append(full())
    (found,) = kept.read("made")
    assert (found.message, found.attempts) == ("", 2)
    kept.append(Night("made", day(0), "", f"{day(0)}T09:00:00", "error", 4, message="no server"))
    assert [each.message for each in kept.read("made")] == ["", "no server"]


def test_plans_do_not_see_each_other(there: Place) -> None:
    kept = Nights(there)
    kept.append(full())
    kept.append(full(plan="other"))
    assert len(kept.read("made")) == 1
    assert kept.plans() == {"made": 1, "other": 1}


def test_a_replaced_night_leaves_no_rows_behind(there: Place) -> None:
    kept = Nights(there)
    kept.append(full())
    kept.append(full(started=f"{day(0)}T03:00:00+00:00"))
    with Database(there).reading() as connection:
        for table in ("arms", "measures", "checks", "costs"):
            count = connection.execute(text(f"SELECT COUNT(DISTINCT night_id) FROM ragguard_{table}")).scalar()
            assert count == 1, table
