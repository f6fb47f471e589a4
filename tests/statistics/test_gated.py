"""Simulated gates beside the shipped rule, gate by gate: against the baseline, against an anchor, and with cases that must never break."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ragguard.decision.decide import decide
from ragguard.decision.judge import judge
from ragguard.decision.many import decided
from ragguard.error_rates import seeded
from ragguard.records.evidence import Check, PairedScores
from ragguard.records.metric import Metric, Scale
from ragguard.statistics.estimate import estimate
from ragguard.statistics.gated import judged
from ragguard.statistics.redraw import Arms, Drawn, Scored, arms, breaks, drawn

Array = NDArray[np.float64]
NDCG, HIT = Metric("nDCG", 10), Metric("Hit")
N, GATES = 90, 60
UNITS = tuple(("a", f"i{number:03}") for number in range(N))


def plan(seed: int) -> list[Scored]:
    """A graded check, one that is won or lost, and a veto, each with an anchor; a rule for a few cases."""
    rng = np.random.default_rng(seed)
    quality = rng.beta(2, 1.2, N)
    before, after, anchor = (np.clip(quality + rng.normal(shift, 0.15, N), 0, 1) for shift in (0.0, 0.0, rng.uniform(-0.1, 0.05)))
    hits = [(each > 0.4).astype(float) for each in (before, after, anchor)]
    met = np.where(rng.random((2, 6)) < 0.03, 0.0, 1.0)
    return [
        Scored(Check("s", NDCG, "blocking", 0.06), Scale(), UNITS, before, after, anchor=anchor),
        Scored(Check("s", HIT, "blocking", 0.12), Scale(binary=True), UNITS, *hits[:2], exact=True, anchor=hits[2]),
        Scored(Check("s", NDCG, "veto", 0.05, slice="part"), Scale(), UNITS[::2], before[::2], after[::2], anchor=anchor[::2]),
        Scored(Check("s", HIT, "must", slice="canonical"), Scale(binary=True), UNITS[:6], *met, exact=True),
    ]


def shipped(checks: Sequence[Scored], scores: Sequence[Sequence[Array]]) -> str:
    """The answer of the shipped rule; ``scores`` holds, by check, what baseline, candidate and anchor have."""
    estimates = []
    for against, at in (("baseline", 0), ("anchor", 2)):
        for each, own in zip(checks, scores, strict=True):
            if at < len(own):
                cases = tuple(f"q{number:03}" for number in range(len(own[0])))
                pairs = PairedScores(each.check, each.scale, cases, cases, tuple(own[at].tolist()), tuple(own[1].tolist()))
                estimates.append((against, estimate(pairs, alpha=0.05, endpoints=2)))
    return decide("c", judge(estimates, alpha=0.05)).answer


def remade(each: Scored, rows: Drawn, how: Arms, rng: np.random.Generator | None) -> list[Array]:
    found = [*arms(each, rows, how, breaks(rows, how, rng))]
    return [*found, each.anchor[rows.rows]] if each.anchor is not None else found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("manner", ["swapped", "centred", "broken"])
def test_a_simulated_gate_decides_as_the_shipped_one(manner: str, seed: int) -> None:
    checks, answers, wanted = plan(seed), list[str](), list[str]()
    for batch in drawn(checks, GATES, seeded("x", str(seed)), anew=True):
        how = [Arms(manner if manner != "broken" or number == 0 else "swapped", 0.15) for number in range(len(checks))]  # type: ignore[arg-type]
        seeds = [np.random.default_rng(number) for number in range(len(checks))]
        found = [judged(each, rows, arm, 0.05, rng) for each, rows, arm, rng in zip(checks, batch, how, seeds, strict=True)]
        assert [len(each) for each in found] == [2, 2, 2, 1]
        several = decided([(each.check, one) for each, told in zip(checks, found, strict=True) for one in told], alpha=0.05)
        answers += ["promote" if p else "block" if b else "hold" for p, b in zip(several.promoted, several.blocked, strict=True)]
        again = [np.random.default_rng(number) for number in range(len(checks))]
        made = [remade(*each) for each in zip(checks, batch, how, again, strict=True)]
        if manner == "centred":  # off the range by what is taken off: the shipped rule refuses such scores
            made = [[_inside(arm) for arm in own] for own in made]
        wanted += [shipped(checks, [[arm[gate] for arm in own] for own in made]) for gate in range(GATES)]
    assert sum(one != other for one, other in zip(answers, wanted, strict=True)) <= (3 if manner == "centred" else 0)
    assert len(set(answers)) > 1


def _inside(values: Array) -> Array:
    return np.clip(values, 0.0, 1.0)


def test_every_answer_is_among_those_compared() -> None:
    seen = set[str]()
    for seed in range(3):
        checks = plan(seed)
        for batch in drawn(checks, GATES, seeded("y", str(seed)), anew=True):
            made = [remade(each, rows, Arms("swapped"), None) for each, rows in zip(checks, batch, strict=True)]
            seen |= {shipped(checks, [[arm[gate] for arm in own] for own in made]) for gate in range(GATES)}
    assert seen == {"promote", "block", "hold"}


@pytest.mark.parametrize("missed", [0, 1, 3])
def test_what_one_arm_misses_an_equal_candidate_misses_by_a_coin(missed: int) -> None:
    met = np.ones(20), np.concatenate([np.zeros(missed), np.ones(20 - missed)])
    rule = Scored(Check("s", HIT, "must"), Scale(binary=True), UNITS[:20], *met, exact=True)
    held = [judged(rule, rows, Arms("swapped"), 0.05)[0].passes for (rows,) in drawn([rule], 4_000, seeded("z"), anew=False)]
    assert np.concatenate(held).mean() == pytest.approx(0.5**missed, abs=0.04)
    both = replace(rule, baseline=met[1])
    assert all(
        judged(both, rows, Arms("swapped"), 0.05)[0].passes.all() == (not missed) for (rows,) in drawn([both], 50, seeded("z"), anew=False)
    )


def test_a_loss_shows_against_the_anchor_too() -> None:
    same = np.full(N, 0.8)
    check = Scored(Check("s", NDCG, "blocking", 0.05), Scale(), UNITS, same, same, anchor=same)
    (rows,) = next(iter(drawn([check], 100, seeded("loss"), anew=True)))
    for found in judged(check, rows, Arms("evenly", check.share(0.1)), 0.05):
        assert found.difference == pytest.approx(np.full(100, -0.1))
        assert not found.passes.any()
