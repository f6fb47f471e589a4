"""What production's requests were like, arm by arm."""

from dataclasses import dataclass

from ragguard.records.event import Arm


@dataclass(frozen=True, slots=True)
class Drifted:
    """What one arm's requests were like. ``novel`` is the share of its ``asked`` queries (those with a text) that no golden query is like;
    ``similarity`` the mean cosine of query and first document, by the same encoder for both arms; ``characters`` the median length of
    answers. None: there is none.
    """

    arm: Arm
    requests: int
    asked: int = 0
    novel: float | None = None
    similarity: float | None = None
    characters: float | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """What the arms' requests were like, baseline first. ``usual`` is the share of golden queries that are novel by the same rule, ``more``
    the arms whose share is surely larger; ``notes`` say what could not be told, ``skipped`` counts lines that hold no event.
    """

    source: str
    arms: tuple[Drifted, ...]
    usual: float
    more: tuple[Arm, ...] = ()
    skipped: int = 0
    notes: tuple[str, ...] = ()
