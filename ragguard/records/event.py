"""What production reports of a request to one arm or both, and what of it a canary's evidence sees."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Arm = Literal["baseline", "candidate"]
Side = Literal["baseline", "candidate", "both"]
"""An arm, or both: a shadowed request that both answered."""

Own = str | int | float | bool | None
"""What an own field of an event holds."""


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A document as production retrieved it, best first; ``score`` and ``version`` where the server says them (None, "")."""

    id: str
    score: float | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """What one arm did on a request.

    ``ranking`` is best first, ``contexts`` the ids that the generator was given (empty: as ranked), ``answer`` what it said (None: nothing
    is generated) and ``citations`` the ids it cites. ``seconds`` is time per stage, ``total`` for all; ``tokens`` and ``prompt_tokens``
    are None where not counted. ``error`` says why it failed (timeouts too), ``unsafe`` that a filter found the answer unsafe. ``feedback``
    is the user's, from 0 (bad) to 1 (good). ``scores`` are judges' words by the name of their metric, in its unit. ``served`` says what the
    server says it runs, for instance ``{"model": "...", "adapter": "..."}``.
    """

    ranking: tuple[Retrieved, ...] = ()
    contexts: tuple[str, ...] = ()
    answer: str | None = None
    citations: tuple[str, ...] = ()
    abstained: bool | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    tokens: int | None = None
    prompt_tokens: int | None = None
    error: str = ""
    unsafe: bool = False
    feedback: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    served: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """A request of production. ``at`` is seconds since 1970 (UTC); ``user`` and ``session`` are "" where not given, ``case`` the id of the
    golden query that it asks ("": none). ``responses`` has the arm that answered, or both (shadow). ``extra`` holds own fields.
    """

    id: str
    at: float
    query: str
    responses: Mapping[Arm, Response]
    user: str = ""
    session: str = ""
    case: str = ""
    extra: Mapping[str, Own] = field(default_factory=dict)

    @property
    def side(self) -> Side:
        """The arm that answered, or ``both``."""
        return "both" if len(self.responses) == 2 else next(iter(self.responses))


@dataclass(frozen=True, slots=True)
class Noted:
    """An event as it is stored and counted, once (``id`` and ``side`` make it one).

    ``values`` maps the names of signals to what they say: of one arm, in [0, 1], higher is better; of both, the difference candidate -
    baseline in [-1, 1]. A signal that says nothing of the event is not in it. ``cluster`` is the user, session or request that it belongs
    to (a hash where that is a person). ``failed`` and ``unsafe`` are the candidate's (of the baseline's own events: its own). ``served`` is
    what the candidate's server says it runs. ``kept`` is the event as JSON, redacted.
    """

    id: str
    side: Side
    at: float
    cluster: str
    values: Mapping[str, float]
    failed: bool = False
    unsafe: bool = False
    served: Mapping[str, str] = field(default_factory=dict)
    kept: str = "{}"
