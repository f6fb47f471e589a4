"""A history keeps roll-outs: one that runs a plan, each event once, every look; on SQLite and on PostgreSQL."""

import json
from dataclasses import replace

import pytest
from made_canaries import HOUR, START, canary, noted, shadowed

from ragguard.canary.deciding import decide_on
from ragguard.errors import InputError
from ragguard.history.canaries import Canaries, Ended
from ragguard.history.place import Place
from ragguard.records.canary import Told

STRANGE = 'no \x00, no \ud800, "quotes" and ünï \U0001f600'


def test_a_roll_out_comes_back_as_it_was_begun(there: Place) -> None:
    kept = Canaries(there)
    made = kept.begin(replace(canary(), forced=True, reason="'urgent' – ünï"))
    assert made.id > 0
    assert kept.running("made") == kept.last("made") == made
    assert Canaries(there, create=False).running("made") == made
    assert kept.running("another plan") is None


def test_a_plan_has_one_roll_out_at_a_time(there: Place) -> None:
    kept = Canaries(there)
    first = kept.begin(canary())
    with pytest.raises(InputError, match=r"a canary of 'made' is running: 'tuned' \(number \d+\), at stage 1"):
        kept.begin(canary())
    assert kept.begin(canary(plan="other")).id != first.id
    kept.end(first.id, "enough", START + 5)
    second = kept.begin(canary(START + 9))
    assert kept.last("made") == kept.running("made") == second


def test_an_event_counts_once_however_often_it_comes(there: Place) -> None:
    kept = Canaries(there)
    made = kept.begin(canary())
    events = shadowed([0.0, 0.1, 0.2])
    assert kept.accept(made.id, events) == Told(3, 0)
    assert kept.accept(made.id, events) == Told(0, 3)
    assert kept.accept(made.id, [*events[1:], noted(9), noted(9)]) == Told(1, 3)
    assert kept.accept(made.id, []) == Told(0, 0)
    assert [each.noted for each in kept.events(made.id)] == [*events, noted(9)]


def test_the_same_request_of_both_arms_is_two_events(there: Place) -> None:
    kept = Canaries(there)
    made = kept.begin(canary())
    one = replace(noted(1, "baseline"), id="same")
    assert kept.accept(made.id, [one, replace(one, side="candidate")]) == Told(2, 0)


def test_what_strangers_write_is_kept_as_far_as_a_database_can(there: Place) -> None:
    kept = Canaries(there)
    made = kept.begin(canary())
    told = json.dumps({"query": STRANGE}, ensure_ascii=False)
    odd = noted(1, values={"UnsupportedValue": -1 / 3}, served={"adapter": STRANGE}, kept=told, failed=True)
    assert kept.accept(made.id, [replace(odd, id=STRANGE, cluster=STRANGE)]) == Told(1, 0)
    (found,) = kept.events(made.id)
    assert found.status == "waiting"
    assert found.noted.id == found.noted.cluster == 'no \ufffd, no ?, "quotes" and ünï \U0001f600'
    assert found.noted.values == odd.values
    assert found.noted.served == odd.served
    decide_on(kept, made, START + HOUR)
    assert [each.status for each in kept.events(made.id)] == ["entered"]


def test_more_events_than_a_page_come_back_all(there: Place) -> None:
    kept = Canaries(there)
    made = kept.begin(canary())
    events = [noted(number, side) for side in ("both", "candidate") for number in range(1_300)]
    kept.accept(made.id, events)
    assert {each.noted.id for each in kept.events(made.id)} == {each.id for each in events}
    assert list(kept.events(made.id, status="late")) == []


def test_what_has_ended_takes_no_events_and_is_not_decided(there: Place) -> None:
    kept = Canaries(there)
    made = kept.begin(canary())
    ended = kept.end(made.id, "not needed", START + 5)
    assert (ended.state, kept.running("made"), kept.last("made")) == ("aborted", None, ended)
    with pytest.raises(Ended, match=r"the canary of 'tuned' \(number \d+\) is aborted"):
        kept.accept(made.id, [noted(1)])
    with pytest.raises(Ended):
        decide_on(kept, made, START + 9)
    with pytest.raises(Ended):
        kept.end(made.id, "again", START + 9)
    assert [(each.action, each.reasons, each.moved) for each in kept.looks(made.id)] == [("abort", ("not needed",), True)]
    with pytest.raises(InputError, match="has no canary with the number 99"):
        kept.accept(99, [noted(1)])


def test_every_look_that_says_something_new_is_kept(there: Place) -> None:
    kept = Canaries(there)
    made = kept.begin(canary())
    kept.accept(made.id, shadowed([0.0] * 10))
    looks = [decide_on(kept, made, START + HOUR / 3 + minutes)[1] for minutes in (0, 60, 120)]
    assert kept.looks(made.id) == (looks[0], looks[2])
    assert [(each.action, each.counts["entering"]) for each in looks] == [("hold", 10), ("hold", 0), ("hold", 0)]
    kept.accept(made.id, [noted(77, at=START + HOUR / 3)])
    _, fourth = decide_on(kept, made, START + HOUR / 3 + 180)
    assert kept.looks(made.id) == (looks[0], looks[2], fourth)
    assert kept.look(made.id) == fourth
    assert kept.count_looks(made.id) == 3


def test_an_error_in_a_decision_leaves_everything_as_it_was(there: Place) -> None:
    kept = Canaries(there)
    made = kept.begin(canary())
    kept.accept(made.id, shadowed([0.0] * 10))
    with pytest.raises(ZeroDivisionError), kept.deciding(made.id) as turn:  # noqa: PT012 - the error is the block's last word
        turn.fate("entered", [("both", "both-1")])
        turn.enter([("both", "both-1", START)])
        raise ZeroDivisionError
    assert {each.status for each in kept.events(made.id)} == {"waiting"}
    _, look = decide_on(kept, made, START + HOUR)
    assert look.guardrails[0].pairs == 10
