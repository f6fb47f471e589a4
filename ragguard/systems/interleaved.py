"""Several generators timed in one run, question by question, so that what happens to the machine meanwhile happens to all of them."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ragguard.errors import CannotJudge
from ragguard.execute.local import batches
from ragguard.systems.protocols import Asked, Generator


@dataclass(frozen=True, slots=True)
class Turn:
    """One generator on one batch of questions: ``seconds`` are of the whole batch, ``tokens`` of its answers.

    ``place`` is the generator's place in the order of this batch, from 0; ``round`` counts how often the batch was asked before.
    """

    generator: str
    cases: tuple[str, ...]
    seconds: float
    tokens: int
    place: int
    round: int

    @property
    def share(self) -> float:
        """Seconds of a question: its share of the batch, which is all of it in a batch of one."""
        return self.seconds / len(self.cases)


def interleaved(
    generators: Mapping[str, Generator],
    asked: Sequence[Asked],
    rng: np.random.Generator,
    *,
    size: int = 1,
    rounds: int = 1,
    warm_up: int = 1,
) -> Iterator[Turn]:
    """Ask every generator every batch of ``size`` questions ``rounds`` times, one generator after the other on the same batch.

    The generators are prepared already. In every run of as many batches as there are generators, each is once at every place of the
    order, which is drawn anew for each such run: none is always the first, nor always behind the same other. Before anything is timed,
    each is asked the first ``warm_up`` batches.

    Raises:
        ValueError: there is no generator or no question, or a number is below 1 (``warm_up``: below 0).
        CannotJudge: a generator failed, on a single question too: times of different questions do not compare.
    """
    if not generators or not asked or min(size, rounds) < 1 or warm_up < 0:
        raise ValueError("there must be generators, questions, and sizes and rounds of at least 1")
    cut = list(batches(asked, size))
    for batch in cut[:warm_up]:
        for name, generator in generators.items():
            _ask(name, generator, batch)
    turns = [(round_, batch) for round_ in range(rounds) for batch in cut]
    for (round_, batch), order in zip(turns, _orders(tuple(generators), len(turns), rng), strict=True):
        for place, name in enumerate(order):
            seconds, tokens = _ask(name, generators[name], batch)
            yield Turn(name, tuple(each.case for each in batch), seconds, tokens, place, round_)


def _orders(names: tuple[str, ...], turns: int, rng: np.random.Generator) -> Iterator[list[str]]:
    """One order a turn: the rotations of a shuffled order, themselves shuffled; then those of another."""
    done = 0
    while done < turns:
        base = rng.permutation(len(names))
        for start in rng.permutation(len(names))[: turns - done]:
            yield [names[at] for at in np.roll(base, -start)]
            done += 1


def _ask(name: str, generator: Generator, batch: Sequence[Asked]) -> tuple[float, int]:
    began = time.perf_counter()
    said = generator.answer(batch)
    seconds = time.perf_counter() - began
    failed = [(each.case, found.error) for each, found in zip(batch, said, strict=True) if found.error]
    if failed:
        raise CannotJudge(f"{name} cannot be timed: {failed[0][0]}: {failed[0][1]}")
    return seconds, sum(found.answer.tokens for found in said if found.answer is not None)
