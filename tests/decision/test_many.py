"""The rule for many simulated candidates decides as ``estimate``, ``judge`` and ``decide`` do, candidate by candidate."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ragguard.decision.decide import decide
from ragguard.decision.judge import judge
from ragguard.decision.many import decided
from ragguard.records.evidence import Check, PairedScores, Truth
from ragguard.records.metric import Metric, Scale
from ragguard.records.verdict import Estimate
from ragguard.statistics.estimate import BINARY, estimate
from ragguard.statistics.many import sampled, sampled_corrected
from ragguard.statistics.ppi import Split

Array = NDArray[np.float64]
NDCG, STALE, HIT = Metric("nDCG", 10), Metric("Stale", 5), Metric("VersionAcc", 1)
SHARE, LESS, BOTH = Scale(), Scale(higher_is_better=False), Scale(binary=True)
WIDE = Scale(low=-1.0, high=3.0)


@dataclass(frozen=True)
class Made:
    check: Check
    scale: Scale
    before: Array
    after: Array
    strata: tuple[str, ...] = ()

    @property
    def intents(self) -> int:
        return self.before.shape[1]


def graded(rng: np.random.Generator, check: Check, scale: Scale, rows: int, n: int, strata: tuple[str, ...] = ()) -> Made:
    low, width = scale.low or 0.0, scale.width
    quality = rng.beta(2, 1.2, (rows, n))
    moved = np.where(rng.random((rows, n)) < 0.5, rng.normal(rng.uniform(-0.2, 0.1, (rows, 1)), 0.2, (rows, n)), 0.0)
    after = np.clip(quality + moved, 0, 1)
    before, after = (each if scale.higher_is_better else 1 - each for each in (quality, after))
    return Made(check, scale, low + width * before, low + width * after, strata)


def binary(rng: np.random.Generator, check: Check, rows: int, n: int, scale: Scale = BOTH) -> Made:
    drop = rng.uniform(-0.05, 0.2, (rows, 1))
    uniform = rng.random((rows, n))
    return Made(check, scale, (uniform < 0.7).astype(float), ((uniform < 0.66 - drop) | (uniform > 0.96)).astype(float))


def plan(seed: int, rows: int) -> list[Made]:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(50, 200))
    tasks = tuple(f"task{min(index // 40, 2)}" for index in range(size))
    return [
        graded(rng, Check("golden", NDCG, "blocking", 0.05), SHARE, rows, size),
        graded(rng, Check("golden", NDCG, "blocking", 0.08, slice="strict", strict=True, limit=0.55), SHARE, rows, size),
        binary(rng, Check("versions", HIT, "blocking", 0.05, limit=0.6), rows, size),
        binary(rng, Check("versions", HIT, "veto", 0.1, slice="strict", strict=True), rows, 60),
        binary(rng, Check("versions", Metric("Inverted"), "veto", 0.1), rows, 90, Scale(higher_is_better=False, binary=True)),
        graded(rng, Check("versions", STALE, "veto", 0.05, limit=0.4), LESS, rows, 70),
        graded(rng, Check("skills", Metric("TaskScore"), "blocking", 0.1), SHARE, rows, size, tasks),
        graded(rng, Check("other", Metric("Wide"), "veto", 0.02, limit=1.5), WIDE, rows, 120),
        graded(rng, Check("shown", NDCG, "advisory", 0.02), SHARE, rows, 80),
    ]


def shipped(made: list[Made], row: int, endpoints: int) -> str:
    estimates = []
    for each in made:
        cases = tuple(f"q{number:04}" for number in range(each.intents))
        scores = tuple(each.before[row].tolist()), tuple(each.after[row].tolist())
        strata = each.strata or ("",) * each.intents
        found = estimate(PairedScores(each.check, each.scale, cases, cases, *scores, strata), alpha=0.05, endpoints=endpoints)
        assert found.method.startswith(BINARY) == each.scale.binary
        estimates.append(("baseline", found))
    return decide("c", judge(estimates, alpha=0.05)).answer


@pytest.mark.parametrize("seed", range(4))
def test_many_candidates_are_decided_as_each_of_them_is(seed: int) -> None:
    rows, made = 20, plan(seed, 20)
    several = [
        (
            each.check,
            sampled(each.check, each.scale, each.before, each.after, alpha=0.05, strata=each.strata, exact=each.scale.binary),
        )
        for each in made
    ]
    found = decided(several, alpha=0.05)
    answers = ["promote" if p else "block" if b else "hold" for p, b in zip(found.promoted, found.blocked, strict=True)]
    assert answers == [shipped(made, row, 4) for row in range(rows)]


def test_every_answer_is_among_those_compared() -> None:
    answers = {shipped(plan(seed, 40), row, 4) for seed in range(3) for row in range(40)}
    easy = [plan(seed, 40)[:1] for seed in range(3)]
    answers |= {shipped(made, row, 1) for made in easy for row in range(40)}
    assert answers == {"promote", "block", "hold"}


@pytest.mark.parametrize("seed", range(3))
def test_one_blocking_check_is_decided_alike(seed: int) -> None:
    made = plan(seed, 40)
    for each in (one for one in made if one.check.tier == "blocking"):
        exact = each.scale.binary
        found = decided(
            [(each.check, sampled(each.check, each.scale, each.before, each.after, alpha=0.05, strata=each.strata, exact=exact))],
            alpha=0.05,
        )
        answers = ["promote" if p else "block" if b else "hold" for p, b in zip(found.promoted, found.blocked, strict=True)]
        assert answers == [shipped([each], row, 1) for row in range(40)]


@pytest.mark.parametrize("margin", [0.0, 0.05])
@pytest.mark.parametrize("n", [2, 58, 59, 60])
def test_degenerate_samples_are_decided_alike(n: int, margin: float) -> None:
    """All equal, all zero, a constant difference, nobody succeeds; fewer intents than the guard, and just enough."""
    rows = [(0.5, 0.5), (0.0, 0.0), (0.5, 0.52), (0.5, 0.46), (0.5, 0.3), (1.0, 1.0)]
    before, after = (np.array([[row[arm]] * n for row in rows]) for arm in (0, 1))
    made = [Made(Check("golden", NDCG, "blocking", margin), SHARE, before, after)]
    found = decided([(made[0].check, sampled(made[0].check, SHARE, before, after, alpha=0.05))], alpha=0.05)
    answers = ["promote" if p else "block" if b else "hold" for p, b in zip(found.promoted, found.blocked, strict=True)]
    assert answers == [shipped(made, row, 1) for row in range(len(rows))]
    zeros, ones = np.zeros((1, n)), np.ones((1, n))
    for before, after in ((zeros, zeros), (ones, ones), (ones, zeros), (zeros, ones)):
        hit = [Made(Check("versions", HIT, "blocking", margin), BOTH, before, after)]
        found = decided([(hit[0].check, sampled(hit[0].check, BOTH, before, after, alpha=0.05, exact=True))], alpha=0.05)
        answers = ["promote" if p else "block" if b else "hold" for p, b in zip(found.promoted, found.blocked, strict=True)]
        assert answers == [shipped(hit, 0, 1)]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("sharp", [0.05, 0.3, 3.0])
def test_judges_that_labels_correct_are_decided_alike(sharp: float, strict: bool) -> None:
    rng, n, others, rows = np.random.default_rng(8), 80, 150, 25
    check = Check("answers", Metric.parse("rubric:helpful"), "blocking", 0.06, strict=strict, limit=0.55)
    human = np.clip(rng.normal(0.7, 0.2, (2, rows, n + others)) - [[[0.0]], [[0.03]]], 0, 1)
    judge = np.clip(human + rng.normal(0.1, sharp, human.shape), 0, 1)
    parts = [Split(human[arm][:, :n], judge[arm][:, :n], judge[arm][:, n:]) for arm in (0, 1)]
    found = decided([(check, sampled_corrected(check, SHARE, *parts, alpha=0.05))], alpha=0.05)
    answers = ["promote" if p else "block" if b else "hold" for p, b in zip(found.promoted, found.blocked, strict=True)]
    cases, wanted = tuple(f"q{number:04}" for number in range(n + others)), []
    for row in range(rows):
        truths = [*(Truth(human[0, row, each], human[1, row, each]) for each in range(n)), *[None] * others]
        scores = tuple(judge[0, row].tolist()), tuple(judge[1, row].tolist())
        pairs = PairedScores(check, SHARE, cases, cases, *scores, truths=tuple(truths))
        verdicts = judge_(estimate(pairs, alpha=0.05, endpoints=1))
        wanted.append(verdicts)
    assert answers == wanted
    assert len(set(wanted)) > 1


def judge_(found: Estimate) -> str:
    """The answer on one check; that labelled and unlabelled intents look unlike has no part in it."""
    assert found.correction is not None
    return decide("c", judge([("baseline", replace(found, correction=replace(found.correction, alike_p=None)))], alpha=0.05)).answer
