"""Events enter the evidence once, by units, and in whatever order they arrived the evidence is the same to the byte."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragguard.canary.folding import QUEUES, Folded, Signal, Span, Waiting, fold, restored
from ragguard.records.event import Side
from ragguard.statistics.betting import unseen

WINDOW, LATENESS, BEGUN = 1_800.0, 300.0, 1_000_000.0
MARGINS = (0.2, 0.1, 0.05)


def span(now: float) -> Span:
    return Span(BEGUN + now, WINDOW, LATENESS, BEGUN)


def signals(*names: str) -> dict[str, Signal]:
    return {name: Signal(unseen(MARGINS)) for name in names or ("a",)}


def event(id_: str, side: Side, at: float, cluster: str = "", entered: float | None = None, **values: float) -> Waiting:
    return Waiting(id_, side, BEGUN + at, cluster or id_, values, entered)


def kept(found: dict[str, Signal]) -> str:
    return json.dumps({name: each.kept() for name, each in found.items()})


def statuses(folded: Folded) -> dict[str, str]:
    return {id_: status for status, events in folded.fates.items() for _, id_ in events}


def test_a_unit_enters_once_with_the_means_of_its_window() -> None:
    found = signals("a", "b")
    events = [
        event("1", "both", 0, "u", a=0.5),
        event("2", "both", WINDOW, "u", a=-0.1, b=1.0),
        event("3", "both", WINDOW + 1, "u", a=-1.0),
    ]
    early = fold(found, events, span(WINDOW + LATENESS - 1))
    assert (early.entered, early.early, statuses(early)) == ((), {"a": (1, pytest.approx(0.2)), "b": (1, 1.0)}, {})
    folded = fold(found, events, span(WINDOW + LATENESS))
    assert statuses(folded) == {"1": "entered", "2": "entered", "3": "after"}
    assert found["a"].evidence == unseen(MARGINS).seen([0.2])
    assert found["b"].evidence == unseen(MARGINS).seen([1.0])
    assert folded.early == {"a": (1, pytest.approx(0.2)), "b": (1, 1.0)}


def test_a_request_that_is_a_unit_by_itself_waits_for_late_ones_alone() -> None:
    found = signals()
    assert fold(found, [event("1", "both", 0, a=0.5)], span(LATENESS - 1)).entered == ()
    assert statuses(fold(found, [event("1", "both", 0, a=0.5)], span(LATENESS))) == {"1": "entered"}


def test_what_comes_after_its_unit_entered_is_late_or_of_no_window() -> None:
    found = signals()
    entered = BEGUN + 100
    events = [event("1", "both", 50, "u", entered, a=1.0), event("2", "both", 200, "u", entered, a=1.0)]
    events += [event("3", "both", 101 + WINDOW, "u", entered, a=1.0)]
    assert statuses(fold(found, events, span(1e6))) == {"1": "late", "2": "late", "3": "after"}
    assert found["a"].evidence.pairs == 0


def test_events_of_an_arm_from_before_the_roll_out_do_not_count_and_replayed_ones_do() -> None:
    found = signals()
    events = [event("1", "candidate", -1, a=1.0), event("2", "baseline", -1, a=0.0), event("3", "both", -9_999, a=0.5)]
    assert statuses(fold(found, events, span(1e6))) == {"1": "before", "2": "before", "3": "entered"}
    assert found["a"].evidence.pairs == 1


def test_the_units_of_two_arms_are_paired_in_their_order() -> None:
    found = signals()
    arms = [event(f"b{number}", "baseline", number, a=number / 10) for number in range(4)]
    arms += [event(f"c{number}", "candidate", number + 0.5, a=1.0) for number in range(2)]
    fold(found, arms, span(1e6))
    assert found["a"].evidence == unseen(MARGINS).seen([1.0 - 0.0, 1.0 - 0.1])
    assert found["a"].queues == {"baseline": [0.2, 0.3], "candidate": []}
    assert (found["a"].mean("baseline"), found["a"].mean("candidate")) == (pytest.approx(0.15), 1.0)
    fold(found, [event(f"d{number}", "candidate", 100 + number, a=0.5) for number in range(3)], span(1e6))
    assert found["a"].evidence.pairs == 4
    assert found["a"].queues == {"baseline": [], "candidate": [0.5]}


def test_a_unit_without_a_signal_waits_in_no_queue() -> None:
    found = signals("a", "b")
    fold(found, [event("b1", "baseline", 1, b=0.5), event("c1", "candidate", 2, a=0.5, b=0.5)], span(1e6))
    assert (found["a"].evidence.pairs, found["b"].evidence.pairs) == (0, 1)
    assert found["a"].queues["candidate"] == [0.5]


@pytest.mark.parametrize("side", ["baseline", "candidate"])
def test_only_so_many_units_wait_for_a_partner(side: Side) -> None:
    found = signals()
    fold(found, [event(f"{number:04}", side, number, a=number / 2_000) for number in range(1_500)], span(1e6))
    assert found["a"].queues[side] == [number / 2_000 for number in range(1_500)][-QUEUES[side] :]


def test_what_is_kept_comes_back_and_what_is_none_is_refused() -> None:
    found = signals()
    fold(found, [event("c", "candidate", 1, a=0.25), event("x", "both", 1, a=-0.5)], span(1e6))
    assert restored(json.loads(json.dumps(found["a"].kept()))) == found["a"]
    with pytest.raises(ValueError, match="has not its evidence"):
        restored({"evidence": {}})


VALUES = st.sampled_from([-1.0, -0.3, 0.0, 0.1, 1 / 3, 1.0])


@st.composite
def traffic(draw: st.DrawFn) -> list[Waiting]:
    """Events of few units, over some hours."""
    made = []
    for number in range(draw(st.integers(1, 40))):
        side: Side = draw(st.sampled_from(["baseline", "candidate", "both"]))
        values = {
            name: value if side == "both" else abs(value) for name, value in draw(st.dictionaries(st.sampled_from("ab"), VALUES)).items()
        }
        at = draw(st.integers(0, 10_000))
        made.append(Waiting(f"e{number}", side, BEGUN + at, draw(st.sampled_from(["u", "v", "w", f"e{number}"])), values))
    return made


def looked_at(events: Sequence[Waiting], looks: Sequence[float]) -> tuple[str, dict[str, str]]:
    """Fold at each look what has been delivered by then and is still waiting: the evidence, and what became of events."""
    found, fates, entered = signals("a", "b"), dict[str, str](), dict[tuple[str, str], float]()
    for now in looks:
        left = [replace(each, entered=entered.get((each.side, each.cluster))) for each in events if each.id not in fates]
        folded = fold(found, left, span(now))
        fates |= statuses(folded)
        entered |= {(unit.side, unit.cluster): unit.at for unit in folded.entered}
    return kept(found), fates


@settings(max_examples=200, deadline=None)
@given(events=traffic(), looks=st.lists(st.integers(0, 20_000), max_size=6), seed=st.integers(0, 999))
def test_neither_the_order_of_events_nor_the_number_of_looks_changes_the_evidence(
    events: list[Waiting], looks: list[int], seed: int
) -> None:
    shuffled = random.Random(seed).sample(events, len(events))
    once = looked_at(events, [1e9])
    assert looked_at(shuffled, [*sorted(looks), 1e9])[0] == once[0]
    assert looked_at(shuffled, [1e9]) == once
