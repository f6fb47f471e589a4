"""Gates as they might have come out: intents drawn anew, arms swapped by a coin, losses planted.

The data of the checks are what both arms really scored. An intent stands in several checks; it is drawn, and its arms are swapped, for all
of them together.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ragguard.records.evidence import Check
from ragguard.records.metric import Scale
from ragguard.statistics.paired import Array

Manner = Literal["swapped", "centred", "evenly", "broken"]
"""How a simulated candidate is made of the real scores: see ``Arms``."""

AT_ONCE = 500
"""Gates that are held in memory together."""

Random = Callable[[str], np.random.Generator]
"""Gives the random numbers of a purpose, by its name: the same for the same name."""


@dataclass(frozen=True)
class Scored:
    """What both arms scored on a check: one row an intent, in the metric's unit, without any that lacks a score.

    ``units`` says which intent of which corpus or task a row is (block, name); rows of a block stand together, and of each block as many
    are drawn as there are. ``exact`` says that rows are won or lost, and compared as paired proportions; ``strata`` names the task of
    each row, which is the same within a block. Where human labels correct a judge, rows are what people say of the labelled intents,
    ``judged`` what the judge says of the same ones, and ``others`` what he says of all others. ``anchor`` is what the anchor scored on
    the rows, where the candidate has to pass against it too. Of a check of tier must, scores say whether the rule was met (1) or not (0).
    """

    check: Check
    scale: Scale
    units: tuple[tuple[str, str], ...]
    baseline: Array
    candidate: Array
    strata: tuple[str, ...] = ()
    exact: bool = False
    judged: "Scored | None" = None
    others: "Scored | None" = None
    anchor: Array | None = None

    def __post_init__(self) -> None:
        """Raise ValueError where there is nothing to draw from."""
        if not self.units:
            raise ValueError(f"{self.check.identity} has no intent, so no gate can be drawn")

    @cached_property
    def shift(self) -> float:
        """The mean difference, in the metric's unit; of tasks of unlike size, which count alike, the plain mean over intents."""
        return float((self.candidate - self.baseline).mean())

    def share(self, loss: float) -> float:
        """The share of its scores that an equal candidate has to lose so that it is worse by ``loss``, itself a share of the range.

        Above 1 there is not so much to lose.
        """
        worst = self.scale.worst or 0.0
        room = float(np.abs((self.candidate + self.baseline) / 2 - worst).mean()) / self.scale.width
        return loss / room if room > 0 else np.inf


@dataclass(frozen=True, slots=True)
class Drawn:
    """For one check, gate by gate and row by row: which of its rows was drawn, and whether its arms are swapped; so too of its others."""

    rows: NDArray[np.int64]
    coin: NDArray[np.bool_]
    others: "Drawn | None" = None


@dataclass(frozen=True, slots=True)
class Arms:
    """How the candidate of a simulated gate is made.

    Of ``swapped``, a coin decides for each intent which arm is which, so that the two are equal. Of ``centred``, the mean difference is
    taken off every intent, so that they are equal and the differences keep their shape; where intents are won or lost, the coin decides.
    ``evenly`` and ``broken`` are swapped, and then the candidate loses ``share`` of every score, or all of the score of that share
    of the intents.
    """

    manner: Manner
    share: float = 0.0


def drawn(checks: Sequence[Scored], gates: int, random: Random, *, anew: bool) -> Iterator[list[Drawn]]:
    """Yield, for some gates at a time, what is drawn of each check: its intents ``anew`` with replacement, or each as it is."""
    blocks = _blocks(checks)
    for start in range(0, gates, AT_ONCE):
        count = min(AT_ONCE, gates - start)
        random_of = {name: random(f"draw/{anew}/{name}/{start}") for name in blocks}
        picked = {name: _sequence(len(units), count, random_of[name], anew=anew) for name, units in blocks.items()}
        yield [_with_others(each, blocks, picked, random(f"fill/{each.check.identity}/{each.check.tier}/{start}")) for each in checks]


def _blocks(checks: Sequence[Scored]) -> dict[str, dict[str, int]]:
    """The intents of each block, numbered."""
    names: dict[str, set[str]] = {}
    for each in (*checks, *(each.others for each in checks if each.others is not None)):
        for block, name in each.units:
            names.setdefault(block, set()).add(name)
    return {block: {name: number for number, name in enumerate(sorted(found))} for block, found in sorted(names.items())}


def _sequence(units: int, count: int, rng: np.random.Generator, *, anew: bool) -> Drawn:
    """Of each gate, intents one after the other; a check takes the first of them that are its own."""
    rows = rng.integers(0, units, (count, units)) if anew else np.broadcast_to(np.arange(units), (count, units))
    return Drawn(rows, rng.random((count, units)) < 0.5)


def _with_others(each: Scored, blocks: Mapping[str, Mapping[str, int]], picked: Mapping[str, Drawn], rng: np.random.Generator) -> Drawn:
    own = _of_check(each, blocks, picked, rng)
    return own if each.others is None else replace(own, others=_of_check(each.others, blocks, picked, rng))


def _of_check(each: Scored, blocks: Mapping[str, Mapping[str, int]], picked: Mapping[str, Drawn], rng: np.random.Generator) -> Drawn:
    parts = []
    for block in dict.fromkeys(block for block, _ in each.units):
        own = np.array([row for row, (place, _) in enumerate(each.units) if place == block])
        numbers = np.array([blocks[block][each.units[row][1]] for row in own])
        parts.append(_first(picked[block], own, numbers, len(blocks[block]), rng))
    rows, coin = (np.concatenate(each, axis=1) for each in zip(*((part.rows, part.coin) for part in parts), strict=True))
    return Drawn(rows, coin)


def _first(sequence: Drawn, own: NDArray[np.int64], numbers: NDArray[np.int64], units: int, rng: np.random.Generator) -> Drawn:
    """Of each gate, the first draws that are intents of a check, as many as it has; where there are too few, more of its own."""
    count, n = len(sequence.rows), len(own)
    row_of = np.full(units, -1)
    row_of[numbers] = own
    rows, coin = row_of[sequence.rows], sequence.coin
    if n == units:
        return Drawn(rows, coin)
    if ((rows >= 0).sum(axis=1) < n).any():
        rows = np.concatenate([rows, own[rng.integers(0, n, (count, n))]], axis=1)
        coin = np.concatenate([coin, rng.random((count, n)) < 0.5], axis=1)
    mine = rows >= 0
    mine &= np.cumsum(mine, axis=1) <= n
    return Drawn(rows[mine].reshape(count, n), coin[mine].reshape(count, n))


def arms(each: Scored, drawn: Drawn, how: Arms, broken: NDArray[np.bool_] | None = None) -> tuple[Array, Array]:
    """Return what both arms score in each gate (gates x intents); ``broken`` are the intents in which all is lost."""
    before, after = each.baseline[drawn.rows], each.candidate[drawn.rows]
    if how.manner == "centred" and not each.exact:
        after = after - each.shift
    else:
        before, after = np.where(drawn.coin, after, before), np.where(drawn.coin, before, after)
    worst = each.scale.worst or 0.0
    if how.manner == "evenly":
        after = worst + (1 - how.share) * (after - worst)
    return before, after if broken is None else np.where(broken, worst, after)


def breaks(drawn: Drawn, how: Arms, rng: np.random.Generator | None) -> NDArray[np.bool_] | None:
    """Draw which intents break, gate by gate, if any are to."""
    return rng.random(drawn.rows.shape) < how.share if rng is not None and how.manner == "broken" else None
