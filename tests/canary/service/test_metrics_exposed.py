"""/metrics, read by Prometheus's own parser; names by its conventions."""

import re

from prometheus_client.parser import text_string_to_metric_families
from rollouts_served import Client, shadowed

OURS = "ragguard_canary_"
UNITS = ("seconds", "ratio", "events", "total", "pairs", "stage", "state", "writable", "difference", "evidence", "needed")


def families(client: Client) -> dict[str, object]:
    answer = client.get("/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    return {family.name: family for family in text_string_to_metric_families(answer.data.decode())}


def test_names_are_by_the_conventions(client: Client) -> None:
    found = {name: family for name, family in families(client).items() if name.startswith(OURS) and not name.endswith("_created")}
    assert len(found) > 15
    for name, family in found.items():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        assert family.documentation.endswith("."), name  # type: ignore[attr-defined]
        last = "total" if family.type == "counter" else name.rsplit("_", 1)[1]  # type: ignore[attr-defined]
        assert last in UNITS, f"{name} has no unit"


def test_it_says_how_far_the_roll_out_is_and_nothing_that_was_asked(client: Client) -> None:
    client.post([shadowed(f"e{i}", feedback=1.0) | {"query": "where is my-secret"} for i in range(60)])
    client.decided()
    client.get("/my-secret")
    client.get("/v1/verdict?candidate=my-secret")
    told = client.get("/metrics").data.decode()
    for line in (
        'ragguard_canary_events_total{outcome="new"} 60.0',
        'ragguard_canary_decisions_total{action="advance"} 1.0',
        'ragguard_canary_state{state="running"} 1.0',
        'ragguard_canary_state{state="rolled back"} 0.0',
        "ragguard_canary_stage 1.0",
        "ragguard_canary_traffic_ratio 0.1",
        'ragguard_canary_guardrail_pairs{guardrail="Refused",tier="blocking"} 60.0',
        'ragguard_canary_http_requests_total{code="404",route="unknown"} 1.0',
        'ragguard_canary_http_requests_total{code="404",route="/v1/verdict"} 1.0',
        'ragguard_canary_http_request_duration_seconds_count{route="/v1/events"} 1.0',
        "ragguard_canary_commit_events_sum 60.0",
    ):
        assert line in told.splitlines(), line
    assert "my-secret" not in told
