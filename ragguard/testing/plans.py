"""The plan that the settings name, resolved once a session: what collecting needs. Nothing is trained or run here."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from ragguard import preflight
from ragguard.errors import InputError, Problem, suggest
from ragguard.plan import load as plans
from ragguard.plan.load import LoadedPlan
from ragguard.store import Store
from ragguard.suites.resolve import Resolved
from ragguard.systems.silent import Silent
from ragguard.testing.options import Settings
from ragguard.train.survey import survey
from ragguard.train.workshop import Workshop

_KNOWN = pytest.StashKey[dict[Path, Resolved]]()


def resolve(config: pytest.Config, settings: Settings, plan: Path) -> Resolved:
    """Return a plan with all that it names found and checked, as far as that runs nothing and asks nothing of the network.

    Raises:
        InputError: with every problem found.
    """
    known = config.stash.setdefault(_KNOWN, {})
    if plan not in known:
        loaded = plans.load(plan)
        resolved = preflight.load(loaded.uncapped() if settings.full else loaded, allow_code=settings.allow_code)
        shop = workshop(resolved, resolved.loaded.folder, allow_code=settings.allow_code)
        arms = [*preflight.references(resolved.loaded), *candidates(resolved.loaded, settings.candidate)]
        survey(shop, arms, resolved.collections, reach_out=False)
        preflight.refuse_speechless(resolved, arms)
        known[plan] = resolved
    return known[plan]


def workshop(resolved: Resolved, store: Path, *, allow_code: bool) -> Workshop:
    """What makes the systems of a plan."""
    return Workshop(resolved.loaded, resolved.suites[0].collection, resolved.golden, Store(store), Silent(), allow_code)


def candidates(loaded: LoadedPlan, candidate: str | None) -> Sequence[str]:
    """The candidates that are asked for: the one named, or all.

    Raises:
        InputError: there is no such candidate.
    """
    names = list(loaded.plan.candidates)
    if candidate is not None and candidate not in names:
        raise InputError(Problem(loaded.source.where(("candidates",)), f"there is no candidate {candidate!r}", suggest(candidate, names)))
    return names if candidate is None else [candidate]
