"""Which requests of a log are replayed: a share of its units, drawn by hash, from every kind of request."""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from ragguard.canary.requests import Request

SHORT, MEDIUM = 4, 12
"""Words up to which a query is short, and medium; a longer one is long."""


class Stratum(NamedTuple):
    """A kind of request: the product of the first document that production found ("": not known), the day (UTC), the query's length."""

    product: str
    day: str
    length: str

    def __str__(self) -> str:
        """In words."""
        return f"{self.product or 'no product'}, {self.day}, {self.length}"


@dataclass(frozen=True)
class Drawn:
    """The ``requests`` that were drawn, in the order of the log. ``units`` and ``taken`` count units by stratum: all, and those drawn."""

    requests: tuple[Request, ...]
    units: Mapping[Stratum, int]
    taken: Mapping[Stratum, int]


def draw(
    requests: Sequence[Request], share: float, seed: int, unit_of: Callable[[Request], str], product_of: Callable[[str], str]
) -> Drawn:
    """Draw a ``share``, in (0, 1], of the units that requests belong to (a session, a user, or the request alone), each as a whole.

    A unit stands in the stratum of its first request. Every stratum gives its share, rounded down, and one unit at least; what that leaves
    of the whole share goes to the largest remainders. So many small strata give more than the share. Within a stratum those units are
    drawn whose hash with the seed is least: the same seed and names draw the same, whatever the order of the log.
    ``product_of`` tells the product of a document's id.
    """
    units: dict[str, list[Request]] = {}
    for request in requests:
        units.setdefault(unit_of(request), []).append(request)
    strata: dict[Stratum, list[str]] = {}
    for name, members in units.items():
        first = min(members, key=lambda request: (request.at, request.id))
        strata.setdefault(_stratum(first, product_of), []).append(name)
    sizes = {stratum: len(strata[stratum]) for stratum in sorted(strata)}
    taken = allot(sizes, share)
    chosen = {name for stratum, names in strata.items() for name in sorted(names, key=lambda name: _hash(seed, name))[: taken[stratum]]}
    return Drawn(tuple(request for request in requests if unit_of(request) in chosen), sizes, taken)


def allot(sizes: Mapping[Stratum, int], share: float) -> dict[Stratum, int]:
    """Return how many units each stratum gives: one at least, none more than it has, and all together the share or, of many, more."""
    quotas = {stratum: size * share for stratum, size in sizes.items()}
    taken = {stratum: max(1, math.floor(quota + 1e-9)) for stratum, quota in quotas.items()}
    left = round(sum(sizes.values()) * share) - sum(taken.values())
    for stratum in sorted(quotas, key=lambda each: (taken[each] - quotas[each], each))[: max(left, 0)]:
        taken[stratum] += taken[stratum] < sizes[stratum]
    return taken


def _stratum(request: Request, product_of: Callable[[str], str]) -> Stratum:
    words = len(request.query.split())
    length = "short" if words <= SHORT else "medium" if words <= MEDIUM else "long"
    return Stratum(product_of(request.found), datetime.fromtimestamp(request.at, UTC).date().isoformat(), length)


def _hash(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed}\0{name}".encode("utf-8", "surrogatepass")).hexdigest()
