"""A roll-out that runs, and a server of it on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import rollouts_served
from rollouts_served import Client, Rollout


@pytest.fixture
def plan(tmp_path: Path) -> Rollout:
    """A plan; no roll-out of it runs."""
    return rollouts_served.make(tmp_path)


@pytest.fixture
def rollout(plan: Rollout) -> Rollout:
    """A plan, of which a roll-out runs."""
    plan.begin()
    return plan


@pytest.fixture
def client(rollout: Rollout) -> Iterator[Client]:
    """What asks a server of it."""
    with rollouts_served.served(rollout) as up:
        yield up
