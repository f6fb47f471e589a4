"""Looks at roll-outs: what moves them, what does not, and that it is the same in whatever order events come."""

import json
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_canaries import HOUR, MINUTE, START, canary, noted, shadowed, split

from ragguard.canary.deciding import decide_on
from ragguard.errors import InputError
from ragguard.history.canaries import Canaries
from ragguard.history.place import place
from ragguard.records.canary import Canary, Look
from ragguard.records.event import Noted
from ragguard.records.evidence import Mark

QUICK = {"window": 2, "lateness": 1, "settle": 1}


@pytest.fixture
def kept(tmp_path: Path) -> Canaries:
    return Canaries(place("kept.db", tmp_path))


def begun(kept: Canaries, **rules: object) -> Canary:
    return kept.begin(canary(**(QUICK | rules)))


def test_an_equal_candidate_goes_from_stage_to_stage_and_each_is_logged(kept: Canaries) -> None:
    made = begun(kept)
    actions, now = [], START
    for step in range(4):
        kept.accept(made.id, [replace(each, id=f"{step}/{each.id}") for each in shadowed([0.0] * 200, first=now, apart=0.1)])
        now += 5 * MINUTE
        made, look = decide_on(kept, made, now)
        actions.append((look.action, made.stage, made.state))
        assert look.moved == (look.action != "hold")
    stages = [("advance", 1, "running"), ("advance", 2, "running"), ("advance", 3, "running"), ("done", 3, "done")]
    assert actions == stages
    assert [each.moved for each in kept.looks(made.id)] == [True] * 4


def test_a_loss_is_rolled_back_and_its_evidence_kept(kept: Canaries) -> None:
    made = begun(kept)
    kept.accept(made.id, shadowed([-0.25] * 60))
    ended, look = decide_on(kept, made, START + HOUR / 4)
    assert (ended.state, look.action, look.moved, look.stage) == ("rolled back", "rollback", True, 0)
    assert look.reasons[0].startswith("UnsupportedValue fell by 0.250 over 60 pairs (evidence ")
    (state, _) = look.guardrails
    assert (state.pairs, state.mean, state.needed) == (60, pytest.approx(-0.25), 40.0)
    assert state.loss > state.needed
    assert kept.last("made") == ended
    assert kept.looks(made.id) == (look,)


def test_the_emergency_margin_counts_units_whose_window_is_open(kept: Canaries) -> None:
    made = kept.begin(canary(unit="session"))
    kept.accept(made.id, [noted(number, at=START + number, cluster=f"s{number}", values={"Feedback": -0.9}) for number in range(30)])
    _, look = decide_on(kept, made, START + MINUTE)
    assert look.action == "rollback"
    assert look.reasons == ("Feedback fell by 0.900 over 30 pairs, beyond the emergency margin 0.3",)
    assert look.guardrails[1].pairs == 0


def test_errors_and_unsafe_answers_act_before_anything_entered(kept: Canaries) -> None:
    made = begun(kept)
    kept.accept(made.id, [noted(number, "candidate", START + 1, failed=True) for number in range(10)])
    _, look = decide_on(kept, made, START + 2)
    assert look.reasons == ("10 of 10 requests of the candidate failed, surely more than 5.0%: look at its errors",)
    again = begun(kept)
    kept.accept(again.id, [noted(1, "baseline", START + 1, unsafe=True, failed=True)])
    assert decide_on(kept, again, START + 2)[1].action == "hold"
    kept.accept(again.id, [noted(1, "candidate", START + 1, unsafe=True)])
    assert decide_on(kept, again, START + 3)[1].reasons == ("1 unsafe answers of the candidate (limit 0)",)


def test_traffic_that_vanished_holds_and_does_not_advance(kept: Canaries) -> None:
    made = begun(kept)
    kept.accept(made.id, shadowed([0.0] * 60))
    _, look = decide_on(kept, made, START + HOUR)
    assert (look.action, look.person) == ("hold", True)
    assert look.reasons[0].startswith("no event of the candidate for 59.02 minutes (limit 30)")
    kept.accept(made.id, [noted(99, at=START + HOUR)])
    assert decide_on(kept, made, START + HOUR + 1)[1].action == "advance"


def test_a_replayed_log_is_no_traffic_of_users(kept: Canaries) -> None:
    made = begun(kept)
    kept.accept(made.id, [noted(900, "candidate", START), *shadowed([0.0] * 60)])
    kept.accept(made.id, [noted(99, at=START + HOUR)])
    _, look = decide_on(kept, made, START + HOUR + 1)
    assert look.action == "hold"
    assert look.reasons[0].startswith("no event of the candidate for 60")


def test_no_traffic_at_all_holds(kept: Canaries) -> None:
    made = begun(kept)
    assert decide_on(kept, made, START + 60)[1].reasons == ("UnsupportedValue: 0 of 50 pairs",)
    assert "no event of the candidate for 31 minutes" in decide_on(kept, made, START + 31 * MINUTE)[1].reasons[0]


def arms(share: float, count: int, first: float, seed: int = 3) -> list[Noted]:
    rng = random.Random(seed)
    sides = ["candidate" if rng.random() < share else "baseline" for _ in range(count)]
    return [noted(50_000 + number, side, first + number * 0.1, values={"UnsupportedValue": 1.0}) for number, side in enumerate(sides)]  # type: ignore[arg-type]


def test_a_sample_ratio_mismatch_stops_what_would_go_on(kept: Canaries) -> None:
    made = begun(kept, stages=[{"percent": 20, "margin": 0.2, "pairs": 50}])
    kept.accept(made.id, arms(0.10, 3_000, START + 2 * MINUTE))
    _, look = decide_on(kept, made, START + 20 * MINUTE)
    assert (look.action, look.person) == ("hold", True)
    assert look.reasons[0].startswith("sample-ratio mismatch: the candidate got ")
    assert "of 3000" in look.reasons[0]


def test_the_ratio_is_that_of_units_that_came_after_the_traffic_followed(kept: Canaries) -> None:
    """Units that were there when the stage changed may stay where they are, and neither they nor the first minutes count."""
    made = begun(kept, stages=[{"percent": 20, "margin": 0.2, "pairs": 50}])
    before = [noted(number, "baseline", START + number * 0.05, cluster=f"old{number}") for number in range(1_000)]
    staying = [noted(10_000 + number, "baseline", START + 2 * MINUTE + number * 0.1, cluster=f"old{number}") for number in range(1_000)]
    kept.accept(made.id, [*before, *staying, *arms(0.20, 2_000, START + 2 * MINUTE)])
    _, look = decide_on(kept, made, START + 20 * MINUTE)
    assert look.action == "advance"
    assert look.counts["baseline units"] + look.counts["candidate units"] == 2_000


def test_labels_used_up_hold_for_a_person_then_roll_back(kept: Canaries) -> None:
    made = begun(kept, labels=100, grace=2, silence=10_000)
    kept.accept(made.id, shadowed([1.0, -1.0] * 60))
    _, first = decide_on(kept, made, START + HOUR)
    assert (first.action, first.person) == ("hold", True)
    assert "120 pairs of 100 are judged" in first.reasons[0]
    assert "rolled back by itself in 2 hours" in first.reasons[0]
    assert "rolled back by itself in 0.5 hours" in decide_on(kept, made, START + 2.5 * HOUR)[1].reasons[0]
    ended, last = decide_on(kept, made, START + 3 * HOUR)
    assert (ended.state, last.action) == ("rolled back", "rollback")
    assert "nobody decided within 2 hours" in last.reasons[0]


def test_events_from_the_future_wait_for_their_time(kept: Canaries) -> None:
    made = begun(kept)
    kept.accept(made.id, [noted(number, "candidate", START + HOUR, failed=True, unsafe=True) for number in range(50)])
    _, look = decide_on(kept, made, START + MINUTE)
    assert (look.action, look.counts["future"], look.counts["requests"]) == ("hold", 50, 0)
    assert decide_on(kept, made, START + HOUR)[1].action == "rollback"


def test_a_clock_that_was_set_back_decides_as_at_the_last_look(kept: Canaries) -> None:
    made = begun(kept)
    assert decide_on(kept, made, START - 500)[1].at == START
    decide_on(kept, made, START + HOUR)
    assert decide_on(kept, made, START + 5)[1].at == START + HOUR


def test_the_rules_are_those_of_the_start(kept: Canaries) -> None:
    made = begun(kept, stages=[{"percent": 5, "margin": 0.3, "pairs": 10}])
    kept.accept(made.id, shadowed([0.0] * 20))
    stored = kept.running("made")
    assert stored is not None
    assert decide_on(kept, stored, START + 5 * MINUTE)[1].reasons == ("every guardrail excludes its drop of this stage: from 5 % to 100 %",)


def test_evidence_of_other_rules_is_refused(kept: Canaries) -> None:
    made = begun(kept)
    decide_on(kept, made, START)
    other = replace(made, rules=canary(guardrails=[{"signal": "UnsupportedValue", "margin": 0.1}]).rules)
    with pytest.raises(InputError, match=r"the canary's evidence: cannot be read: UnsupportedValue follows the margins"):
        decide_on(kept, other, START + 1)
    with pytest.raises(InputError, match="has rules that this ragguard does not know"):
        decide_on(kept, replace(made, rules={"stages": "many"}), START + 1)


def test_an_advisory_guardrail_is_shown_and_does_nothing(kept: Canaries) -> None:
    made = begun(kept, guardrails=[{"signal": "UnsupportedValue"}, {"signal": "Feedback", "tier": "advisory"}])
    events = [replace(each, values={"UnsupportedValue": 0.0, "Feedback": -1.0}) for each in shadowed([0.0] * 60)]
    kept.accept(made.id, events)
    _, look = decide_on(kept, made, START + 5 * MINUTE)
    assert (look.action, look.guardrails[1].mean, look.guardrails[0].needed) == ("advance", -1.0, 20.0)


def test_a_guardrail_may_ask_for_more_pairs_before_it_acts(kept: Canaries) -> None:
    made = begun(kept, guardrails=[{"signal": "UnsupportedValue", "minimum": 61}])
    kept.accept(made.id, shadowed([-0.9] * 60))
    assert decide_on(kept, made, START + 5 * MINUTE)[1].action == "hold"
    kept.accept(made.id, [noted(99, at=START + 60, values={"UnsupportedValue": -0.9})])
    assert decide_on(kept, made, START + 6 * MINUTE)[1].action == "rollback"


def test_the_hint_names_the_adapter_that_is_not_served(kept: Canaries) -> None:
    made = begun(kept)
    events = [replace(each, served={"model": "base-7b"}) for each in shadowed([-0.9] * 60)]
    kept.accept(made.id, events)
    _, look = decide_on(kept, made, START + 5 * MINUTE)
    assert look.hints == (
        "the adapter is not loaded: of 60 answers that say what is served, 60 came from adapter none (60); expected support-v3",
    )


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history in which a roll-out has begun, to be copied."""
    folder = tmp_path_factory.mktemp("empty")
    kept = Canaries(place("kept.db", folder))
    begun(kept, stages=[{"percent": 30, "margin": 0.6, "pairs": 4}, {"percent": 60, "margin": 0.5, "pairs": 8}])
    return folder / "kept.db"


@st.composite
def delivered(draw: st.DrawFn) -> list[list[Noted]]:
    """What is delivered before each of some looks, ten minutes apart."""
    steps = []
    for step in range(draw(st.integers(1, 4))):
        made = []
        for number in range(draw(st.integers(0, 25))):
            side = draw(st.sampled_from(["baseline", "candidate", "both"]))
            values = draw(st.dictionaries(st.sampled_from(["UnsupportedValue", "Feedback"]), st.sampled_from([0.0, 0.2, 1 / 3, 1.0])))
            at = START + draw(st.integers(-5, 10 * step + 10)) * MINUTE
            cluster = draw(st.sampled_from(["u", "v", ""]))
            made.append(noted(100 * step + number, side, at, cluster, values=values, failed=draw(st.booleans()) and number == 9))
        steps.append(made)
    return steps


def played(
    file: Path, steps: Sequence[Sequence[Noted]], order: Callable[[Sequence[Noted]], Sequence[Noted]]
) -> tuple[str, tuple[Look, ...]]:
    kept = Canaries(place(str(file), file.parent), create=False)
    made = kept.running("made")
    assert made is not None
    for step, events in enumerate(steps):
        mixed = order(events)
        kept.accept(made.id, mixed[: len(mixed) // 2])
        kept.accept(made.id, mixed[len(mixed) // 2 :])
        made, _ = decide_on(kept, made, START + 10 * MINUTE * (step + 1))
        if made.state != "running":
            break
    return kept.evidence(made.id), kept.looks(made.id)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=delivered(), seed=st.integers(0, 999))
def test_any_order_and_any_repetition_of_events_is_decided_alike(empty: Path, tmp_path: Path, steps: list[list[Noted]], seed: int) -> None:
    rng = random.Random(seed)

    def mixed(events: Sequence[Noted]) -> Sequence[Noted]:
        return rng.sample([*events, *rng.choices(events, k=5)] if events else [], len(events) + 5 if events else 0)

    first, second = tmp_path / "first.db", tmp_path / "second.db"
    for file in (first, second):
        shutil.copyfile(empty, file)
    assert played(first, steps, lambda events: events) == played(second, steps, mixed)


def test_split_traffic_is_paired(kept: Canaries) -> None:
    made = begun(kept, stages=[{"percent": 50, "margin": 0.2, "pairs": 50}])
    kept.accept(made.id, split("candidate", [{"UnsupportedValue": 0.5}] * 60, START + 120))
    kept.accept(made.id, split("baseline", [{"UnsupportedValue": 0.5}] * 60, START + 120))
    _, look = decide_on(kept, made, START + 10 * MINUTE)
    assert (look.action, look.guardrails[0].pairs, look.guardrails[0].candidate_mean) == ("advance", 60, 0.5)


def answered(number: int, first: str, **bad: float) -> Noted:
    said = json.dumps({"candidate": {"retrieved": [{"id": first}, "other"]}, "baseline": {"retrieved": ["other"]}})
    return noted(number, at=START + number, values={"UnsupportedValue": 0.0, **bad}, kept=said)


def test_hints_name_families_that_are_not_current_products_and_refusals(kept: Canaries) -> None:
    made = begun(kept, guardrails=[{"signal": "UnsupportedValue"}, {"signal": "VersionMismatch"}, {"signal": "Refused"}])
    marks = {"a-1": Mark("fees", "1", product="cards"), "b-1": Mark("limits", "1", product="cards"), "c-1": Mark("keys", product="api")}
    events = [answered(number, "a-1", VersionMismatch=-1.0) for number in range(25)]
    events += [answered(100 + number, "b-1", VersionMismatch=-1.0, Refused=-1.0) for number in range(10)]
    events += [answered(200 + number, "c-1") for number in range(20)]
    kept.accept(made.id, events)
    _, look = decide_on(kept, made, START + 10 * MINUTE, lambda names: {name: marks[name] for name in names if name in marks})
    assert look.action == "rollback"
    assert look.hints == (
        "versions: 35 answers rest on a version that was not asked for: fees (25), limits (10); is the index fresh?",
        "one product: 35 of 35 bad answers are about cards",
        "refusals: the candidate refuses to answer 10 of 10 questions",
    )


SERVED = [
    ({"adapter": "models/support-v3"}, {"adapter": "support-v3"}, ""),
    ({"adapter": "team/support-v3"}, {"model": "support-v3"}, ""),
    ({"adapter": "support-v3", "model": "models/base-7b"}, {"model": "support-v3", "adapter": "support-v3"}, ""),
    ({"model": "models/base-7b"}, {"model": "base-7b"}, ""),
    ({"model": "models/base-7b"}, {"index": "2026-01"}, ""),
    ({"adapter": "support-v3"}, {}, ""),
    ({"adapter": "support-v3"}, {"adapter": "support-v2"}, "the adapter is not loaded"),
    ({"adapter": "support-v3", "model": "base-7b"}, {"model": "base-7b"}, "the adapter is not loaded"),
    ({"model": "base-7b"}, {"model": "base-3b"}, "another model is served"),
]


@pytest.mark.parametrize(("expected", "served", "hint"), SERVED)
def test_a_hint_is_given_where_another_thing_is_served_than_expected(
    kept: Canaries, expected: dict[str, str], served: dict[str, str], hint: str
) -> None:
    made = kept.begin(replace(canary(**QUICK), expected=expected))
    kept.accept(made.id, [noted(number, at=START + number, served=served, unsafe=True) for number in range(3)])
    _, look = decide_on(kept, made, START + MINUTE)
    assert look.action == "rollback"
    assert [each.partition(":")[0] for each in look.hints] == ([hint] if hint else [])
