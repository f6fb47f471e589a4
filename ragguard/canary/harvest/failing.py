"""What of an event of production is worth a case: errors, unsafe answers, refusals, wrong versions, invented values, thumbs down."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from ragguard.data.audit import normalise
from ragguard.records.event import Arm, Event, Response

MISMATCH, UNSUPPORTED, SILENT = SIGNALS = ("VersionMismatch", "UnsupportedValue", "Refused")
"""The signals that say so of one arm: below 1 where something is wrong."""

ERROR, UNSAFE, THUMBS_DOWN = "error", "unsafe answer", "thumbs down"
STALE, INVENTED, REFUSED = "version mismatch", "a value that no document has", "refused, and the other arm answered"
LIKED = 0.5
"""Feedback below this is a thumb down."""

FIRST = 10
"""Retrieved documents that are looked at."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What one arm did badly on one request. ``found`` are the ids of the first documents that it retrieved, best first."""

    event: str
    at: float
    arm: Arm
    query: str
    why: tuple[str, ...]
    answer: str
    found: tuple[str, ...]


class Refusals:
    """Which arm answered which question, so that a refusal of the other one is known as such; questions are kept as hashes."""

    def __init__(self) -> None:
        self._answered = set[tuple[Arm, bytes]]()
        self._open: list[Failure] = []

    def see(self, event: Event, values: Mapping[Arm, Mapping[str, float]]) -> None:
        """Take note of what was answered, and of what was refused. ``values`` are the signals of each arm."""
        for arm, response in event.responses.items():
            said = values.get(arm, {}).get(SILENT)
            if said == 1.0 and response.answer:
                self._answered.add((arm, _key(event.query)))
            elif said is not None:
                self._open.append(_failure(event, arm, (REFUSED,)))

    def found(self) -> Iterator[Failure]:
        """Yield the refusals of questions that the other arm answered, in whichever event."""
        for each in self._open:
            if (_other(each.arm), _key(each.query)) in self._answered:
                yield each


def failures(event: Event, values: Mapping[Arm, Mapping[str, float]]) -> Iterator[Failure]:
    """Yield what each arm of an event did badly, refusals aside. ``values`` are the signals of each arm."""
    for arm, response in event.responses.items():
        why = tuple(_why(response, values.get(arm, {})))
        if why:
            yield _failure(event, arm, why)


def _why(response: Response, values: Mapping[str, float]) -> Iterable[str]:
    if response.error:
        yield ERROR
    if response.unsafe:
        yield UNSAFE
    if values.get(MISMATCH, 1.0) < 1.0:
        yield STALE
    if values.get(UNSUPPORTED, 1.0) < 1.0:
        yield INVENTED
    if response.feedback is not None and response.feedback < LIKED:
        yield THUMBS_DOWN


def _failure(event: Event, arm: Arm, why: tuple[str, ...]) -> Failure:
    response = event.responses[arm]
    found = response.contexts or tuple(each.id for each in response.ranking)
    return Failure(event.id, event.at, arm, event.query, why, response.answer or "", found[:FIRST])


def _other(arm: Arm) -> Arm:
    return "candidate" if arm == "baseline" else "baseline"


def _key(query: str) -> bytes:
    return blake2b(normalise(query).encode("utf-8", "surrogatepass"), digest_size=16).digest()
