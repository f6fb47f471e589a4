"""STATISTICS.md section 7, row 6: the real ``judge`` and ``decide`` over four endpoints and six slices (300, 300, 300, 3,000 cases)."""

from collections import Counter

import numpy as np
import pytest
from populations import Array, accepted, accepted_at_least, equal, losing, retrieval
from vectorised import estimates

from ragguard.decision.decide import decide
from ragguard.decision.judge import judge
from ragguard.records.evidence import Check, PairedScores
from ragguard.records.metric import Metric, Scale
from ragguard.statistics.estimate import estimate

TRIALS = 4_000
ALPHA, ENDPOINTS = 0.05, 4
NDCG, ACCURACY, EXACT = Metric("nDCG", 10), Metric("VersionAcc", 1), Metric("ExactMatch")
SUITES = {"golden": (NDCG, 0.05), "adversarial": (NDCG, 0.05), "version-confusion": (ACCURACY, 0.05), "forgetting": (EXACT, 0.02)}
Arms = tuple[Array, Array]


def ranked(rng: np.random.Generator, drop: float) -> Arms:
    population = losing("nDCG@10", 0.89, drop, "half") if drop else equal(retrieval("nDCG@10", 0.89))
    picked = rng.integers(0, len(population.baseline), (TRIALS, 300))
    return population.baseline[picked], population.candidate[picked]


def binary(rng: np.random.Generator, drop: float, size: int, churn: float) -> Arms:
    """Success in 70 of 100 cases; the candidate wins ``churn`` of all, and loses that and ``drop``."""
    uniform = rng.random((TRIALS, size))
    return (uniform < 0.7).astype(float), ((uniform < 0.7 - churn - drop) | (uniform > 1 - churn)).astype(float)


def draw(drops: dict[str, float]) -> dict[str, Arms]:
    rng = np.random.default_rng(6)
    return {
        "golden": ranked(rng, drops.get("golden", 0.0)),
        "adversarial": ranked(rng, drops.get("adversarial", 0.0)),
        "version-confusion": binary(rng, drops.get("version-confusion", 0.0), 300, 0.03),
        "forgetting": binary(rng, drops.get("forgetting", 0.0), 3000, 0.04),
    }


def answers(drops: dict[str, float]) -> Counter[str]:
    arms, columns = draw(drops), []
    for suite, (metric, margin) in SUITES.items():
        plain = suite in {"version-confusion", "forgetting"}
        check = Check(suite, metric, "blocking", margin)
        columns.append(estimates(check, *arms[suite], alpha=ALPHA, endpoints=ENDPOINTS, binary=plain))
    for suite in ("golden", "adversarial"):
        for part in range(3):
            check = Check(suite, NDCG, "veto", 0.05, slice=f"slice-{part}")
            before, after = (arm[:, 100 * part : 100 * part + 100] for arm in arms[suite])
            columns.append(estimates(check, before, after, alpha=ALPHA, endpoints=ENDPOINTS))
    rows = zip(*columns, strict=True)
    return Counter(decide("c", judge([("baseline", found) for found in row], alpha=ALPHA)).answer for row in rows)


@pytest.mark.slow
def test_row_6_an_equal_candidate_is_promoted() -> None:
    found = answers({})
    assert accepted_at_least(found["promote"], TRIALS, 0.85), found
    assert accepted(found["block"], TRIALS, 0.05), found


@pytest.mark.slow
@pytest.mark.parametrize("suite", SUITES)
def test_row_6_one_endpoint_at_its_margin_is_not_promoted(suite: str) -> None:
    found = answers({suite: SUITES[suite][1]})
    assert accepted(found["promote"], TRIALS, 0.06), found


@pytest.mark.slow
@pytest.mark.parametrize("suite", SUITES)
def test_row_6_a_drop_of_two_margins_is_blocked(suite: str) -> None:
    found = answers({suite: 2 * SUITES[suite][1]})
    assert accepted_at_least(found["block"], TRIALS, 0.95), found


def test_simulated_estimates_are_those_of_estimate() -> None:
    arms = draw({})
    for suite, plain in (("golden", False), ("version-confusion", True)):
        check = Check(suite, SUITES[suite][0], "blocking", 0.05)
        before, after = (arm[:20] for arm in arms[suite])
        for row, quick in enumerate(estimates(check, before, after, alpha=ALPHA, endpoints=ENDPOINTS, binary=plain)):
            ids = tuple(f"q{case:03}" for case in range(before.shape[1]))
            pairs = PairedScores(check, Scale(binary=plain), ids, ids, tuple(before[row].tolist()), tuple(after[row].tolist()))
            slow = estimate(pairs, alpha=ALPHA, endpoints=ENDPOINTS)
            for name in ("difference", "lower", "upper", "pass_lower", "pass_mean", "sd", "mde", "p_worse", "baseline_mean"):
                assert getattr(slow, name) == pytest.approx(getattr(quick, name), rel=1e-9, abs=1e-12), name
            for name in ("guard", "intents", "wins", "ties", "losses", "needed", "needed_as_observed"):
                assert getattr(slow, name) == getattr(quick, name), name
