"""Schemathesis asks everything that the document describes, and things that it forbids; the service keeps to it, and never breaks."""

from collections.abc import Iterator
from typing import Any

import pytest
import rollouts_served
import schemathesis
from hypothesis import HealthCheck, given, settings
from rollouts_served import Client, served
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

pytestmark = pytest.mark.slow
TOKEN = "a-token-of-more-than-16"


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    rollout = rollouts_served.make(tmp_path_factory.mktemp("fuzzed") / "plan", more=rollouts_served.ENDLESS)
    rollout.begin()
    with served(rollout, tokens=(TOKEN,)) as client:
        yield client


@pytest.fixture(scope="module")
def described(fuzzed: Client) -> Any:
    return schemathesis.openapi.from_url(f"{fuzzed.url}/openapi.json")


VALID, INVALID = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
TAKE = ("verdict", "decide", "flagger", "flagger_hook", "events")
"""What takes something that can be wrong."""
FURTHER = ("flagger", "flagger_hook", "events")
"""What may refuse (422) more than a schema can say: a case that is no golden query, a weight that only one hook needs."""


@pytest.mark.parametrize(
    ("operation", "mode"), [*((name, VALID) for name in (*TAKE, "status", "metrics", "health")), *((name, INVALID) for name in TAKE)]
)
def test_whatever_is_sent(described: Any, operation: str, mode: GenerationMode) -> None:
    excluded = [positive_data_acceptance] if operation in FURTHER else []

    @settings(max_examples=50, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=described.find_operation_by_id(operation).as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"}, excluded_checks=excluded)

    ask()


def test_it_took_events_and_nothing_broke(fuzzed: Client) -> None:
    told = fuzzed.get("/metrics").data.decode()
    assert 'code="500"' not in told
    assert 'http_requests_total{code="200",route="/v1/events"}' in told
