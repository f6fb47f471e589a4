"""Simulated gates, counted: how often equal candidates, and worse ones, are promoted and blocked."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ragguard.decision.many import Decided, decided
from ragguard.records.error_rates import Kind, Manner, Share, Simulated
from ragguard.statistics.gated import judged
from ragguard.statistics.many import Sampled
from ragguard.statistics.proportions import exact
from ragguard.statistics.redraw import Arms, Drawn, Random, Scored, drawn

STRENGTHS = (0.5, 1.0, 2.0)
"""Planted losses, in margins; 0 is planted too, once for all checks."""

LEVEL = 0.95

_SWAPPED, _CENTRED = Arms("swapped"), Arms("centred")


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of candidate: see ``Simulated``. ``planted`` is the number of the check that loses, None where none does."""

    kind: Kind
    planted: int | None = None
    margins: float = 0.0
    manner: Manner = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """What many simulated gates came to, and how many equal candidates each blocking check passed, against each reference."""

    simulated: tuple[Simulated, ...]
    passing: dict[str, Share]


def share(count: int, of: int) -> Share:
    """A count of gates as a share, with its interval."""
    return Share(count, of, *exact(count / of, of, LEVEL))


def simulate(checks: Sequence[Scored], *, alpha_pass: float, alpha_fail: float, gates: int, random: Random) -> Counts:
    """Hold ``gates`` gates of every kind of candidate; ``random`` gives the random numbers of a purpose.

    ``checks`` are the blocking, veto and must checks of a plan.
    """
    promoted, blocked, passing = Counter[Case](), Counter[Case](), Counter[str]()
    for case, found in _gates(checks, alpha_pass, alpha_fail, gates, random, passing):
        promoted[case] += int(found.promoted.sum())
        blocked[case] += int(found.blocked.sum())
    simulated = tuple(_simulated(case, checks, share(promoted[case], gates), share(blocked[case], gates)) for case in promoted)
    return Counts(simulated, {name: share(count, gates) for name, count in passing.items()})


def _simulated(case: Case, checks: Sequence[Scored], promoted: Share, blocked: Share) -> Simulated:
    if case.planted is None:
        return Simulated(case.kind, promoted, blocked)
    check = checks[case.planted].check
    return Simulated(case.kind, promoted, blocked, check.identity, case.margins, case.margins * check.margin, case.manner)


def _gates(
    checks: Sequence[Scored], alpha_pass: float, alpha_fail: float, gates: int, random: Random, passing: Counter[str]
) -> Iterator[tuple[Case, Decided]]:
    def found(number: int, rows: Drawn, arms: Arms, purpose: str = "") -> tuple[Sampled, ...]:
        return judged(checks[number], rows, arms, alpha_pass, random(purpose) if purpose else None)

    def decide(samples: Sequence[tuple[Sampled, ...]]) -> Decided:
        return decided([(each.check, one) for each, found in zip(checks, samples, strict=True) for one in found], alpha=alpha_fail)

    for rows in drawn(checks, gates, random, anew=False):
        yield Case("swapped"), decide([found(number, each, _SWAPPED) for number, each in enumerate(rows)])
    for batch, rows in enumerate(drawn(checks, gates, random, anew=True)):
        yield Case("redrawn"), decide([found(number, each, _CENTRED) for number, each in enumerate(rows)])
        equal = [found(number, each, _SWAPPED) for number, each in enumerate(rows)]
        for each, told in zip(checks, equal, strict=True):
            passing.update({name: int(one.passes.sum()) for name, one in _named(each, told)})
        yield Case("planted"), decide(equal)
        for case, arms in _plantings(checks):
            at = case.planted or 0
            lost = found(at, rows[at], arms, f"break/{at}/{case.margins}/{batch}")
            yield case, decide([*equal[:at], lost, *equal[at + 1 :]])


def _named(each: Scored, found: Sequence[Sampled]) -> Iterator[tuple[str, Sampled]]:
    """The results of a blocking check, by what it is called against each reference."""
    if each.check.tier == "blocking":
        yield from zip((each.check.identity, f"{each.check.identity} against the anchor"), found, strict=False)


def _plantings(checks: Sequence[Scored]) -> Iterator[tuple[Case, Arms]]:
    """Every loss that can be planted; of intents that are won or lost, only whole ones can be lost."""
    for number, each in enumerate(checks):
        manners: tuple[Manner, ...] = ("broken",) if each.exact or each.scale.binary else ("evenly", "broken")
        for margins in STRENGTHS if each.check.tier == "blocking" and each.check.margin else ():
            share_ = each.share(margins * each.check.margin)
            if share_ <= 1:
                yield from ((Case("planted", number, margins, manner), Arms(manner, share_)) for manner in manners if manner)
