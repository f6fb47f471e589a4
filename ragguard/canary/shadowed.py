"""What a replay came to."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ragguard.canary.paired import Paired
from ragguard.records.canary import Told
from ragguard.records.event import Arm


@dataclass(frozen=True)
class Shadowed:
    """What a replay came to.

    ``requests`` were in the log and ``drawn`` of them replayed; ``units`` are the sessions, users or requests that they belong to.
    ``failed`` counts each arm's failures. ``told`` is what the running canary made of the events (None: nothing was fed, and ``unfed``
    says why). ``both_failed`` requests are fed to nobody: they say nothing of the difference.
    """

    plan: str
    candidate: str
    requests: int
    drawn: int
    units: int
    strata: int
    skipped: tuple[str, ...]
    duplicates: int
    failed: Mapping[Arm, int]
    both_failed: int
    estimates: tuple[Paired, ...]
    told: Told | None
    unfed: str = ""
    out: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The same as data."""
        return asdict(self)
