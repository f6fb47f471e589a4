"""The canary keeps its rates however often it is looked at (STATISTICS.md, section 7, rows 7 and 8)."""

from collections.abc import Iterator

import numpy as np
import pytest
from populations import Array, Population, accepted, equal, losing, retrieval, sinking_but_for_finds

from ragguard.decision.rollout import Guardrail, Rules, Traffic, decide
from ragguard.decision.rollouts import NEVER, Played, Watched, begin, played
from ragguard.statistics.betting import unseen

TRIALS, PAIRS, AT_ONCE = 4_000, 6_400, 200
RULES = Rules()
EQUAL = {
    "nDCG": equal(retrieval("nDCG@10", 0.7)),
    "RR": equal(retrieval("RR", 0.89)),
    "found or not": equal(retrieval("Success@1", 1.0)),
    "few finds": sinking_but_for_finds("nDCG@10", 0.7, 0.02),
}


def blocks(populations: list[Population], pairs: int, seed: int, centre: float | None = None) -> Iterator[Played]:
    """Play ``TRIALS`` roll-outs, some at once, each guardrail of a population of its own; ``centre`` is their exact mean."""
    rng = np.random.default_rng(seed)
    for _ in range(TRIALS // AT_ONCE):
        yield played([_centred(each, centre, each.sample(rng, AT_ONCE, pairs)) for each in populations], RULES)


def _centred(population: Population, centre: float | None, samples: Array) -> Array:
    return samples if centre is None else np.asarray(samples - (population.mean - centre))


@pytest.mark.slow
@pytest.mark.parametrize("kind", EQUAL)
def test_an_equal_candidate_is_rolled_back_no_more_than_alpha(kind: str) -> None:
    rolled = sum(int((each.rolled < NEVER).sum()) for each in blocks([EQUAL[kind]], PAIRS, 7))
    assert accepted(rolled, TRIALS, RULES.alpha), rolled / TRIALS


@pytest.mark.slow
def test_three_guardrails_share_the_alpha() -> None:
    rolled = sum(int((each.rolled < NEVER).sum()) for each in blocks([EQUAL["nDCG"], EQUAL["RR"], EQUAL["nDCG"]], PAIRS // 2, 8))
    assert accepted(rolled, TRIALS, RULES.alpha), rolled / TRIALS


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["smooth", "half", "collapse"])
def test_a_drop_of_the_margin_is_fully_promoted_no_more_than_alpha(kind: str) -> None:
    """Rolled back or not: what counts is whether the last stage would ever have been left."""
    worse = [losing("nDCG@10", 0.7, 0.05, kind)]
    left = sum(int((each.left[-1] < NEVER).sum()) for each in blocks(worse, PAIRS // 2, 9, centre=-0.05))
    assert accepted(left, TRIALS, RULES.alpha), left / TRIALS


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["smooth", "half", "collapse"])
def test_a_drop_of_two_margins_is_rolled_back_within_120_pairs_on_average(kind: str) -> None:
    found = list(blocks([losing("nDCG@10", 0.7, 0.10, kind)], 1_600, 10, centre=-0.10))
    rolled = np.minimum(np.concatenate([each.rolled for each in found]), 1_600)
    assert rolled.mean() <= 120


KINDS = (
    (Watched(), Watched()),
    (Watched(0.1), Watched(0.03, "veto")),
    (Watched(), Watched(0.02, "advisory"), Watched(0.5, "veto", 60)),
    (Watched(0.08, minimum=80), Watched(0.3)),
)


@pytest.mark.parametrize("watched", KINDS)
def test_the_rules_on_matrices_are_those_that_ship(watched: tuple[Watched, ...]) -> None:
    """Played one by one with the states and ``decide`` itself; some pairs have no value."""
    rng = np.random.default_rng(11)
    for drop in (0.0, 0.1, 0.4):
        streams = [EQUAL[kind].sample(rng, 4, 320) - drop for kind in ("nDCG", "RR", "few finds")[: len(watched)]]
        streams = [np.clip(each, -1, 1) for each in streams]
        streams[-1] = np.where(rng.random(streams[-1].shape) < 0.3, np.nan, streams[-1])
        matrix = played(streams, RULES, watched)
        for row in range(4):
            assert _one_by_one([each[row] for each in streams], watched) == _outcome(matrix, row)


def test_roll_outs_that_are_played_on_are_those_played_at_once() -> None:
    rng = np.random.default_rng(12)
    streams = [EQUAL[kind].sample(rng, 50, 400) - 0.02 for kind in ("nDCG", "RR")]
    streams = [np.clip(each, -1, 1) for each in streams]
    whole, playing = played(streams, RULES), begin([Watched()] * 2, 50, RULES)
    for first in range(0, 400, 80):
        playing = playing.on([each[:, first : first + 80] for each in streams])
    assert playing.pairs == 400
    for one, other in zip((whole.rolled, *whole.left), (playing.played.rolled, *playing.played.left), strict=True):
        assert (one == other).all()


def _outcome(matrix: Played, row: int) -> tuple[str, int]:
    if matrix.rolled_back[row]:
        return "rollback", int(matrix.rolled[row])
    return ("done", int(matrix.left[-1][row])) if matrix.promoted[row] else ("hold", 0)


def _one_by_one(streams: list[Array], watched: tuple[Watched, ...]) -> tuple[str, int]:
    states, stage = [unseen(RULES.margins(each.margin)) for each in watched], 0
    for look in range(streams[0].size):
        states = [state if np.isnan(each[look]) else state.seen([each[look]]) for state, each in zip(states, streams, strict=True)]
        known = {
            str(number): Guardrail(state, each.margin, each.tier, each.minimum)
            for number, (state, each) in enumerate(zip(states, watched, strict=True))
        }
        found = decide(RULES, stage, known, Traffic(paired=True))
        stage = found.stage
        if found.action == "rollback" or stage == len(RULES.stages):
            return ("rollback" if found.action == "rollback" else "done"), look + 1
    return "hold", 0
