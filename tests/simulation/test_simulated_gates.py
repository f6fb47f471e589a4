"""What ``error-rates`` says of a gate, from one sample of scores, against what is true of the population that the sample is from."""

import numpy as np
import pytest
from populations import equal, losing, retrieval

from ragguard.decision.simulate import simulate
from ragguard.error_rates import seeded
from ragguard.records.error_rates import Simulated
from ragguard.records.evidence import Check
from ragguard.records.metric import Metric, Scale
from ragguard.statistics.paired import lower_bound, moments_of_rows
from ragguard.statistics.redraw import Scored

ALPHA, MARGIN, SIZE, GATES, SAMPLES = 0.05, 0.05, 200, 1_000, 25
UNITS = tuple(("a", f"q{number:04}") for number in range(SIZE))


def measured(metric: str, noise: float, number: int) -> dict[tuple[str, float, str], Simulated]:
    """The rates from a sample of 200 queries, whose candidate is a little better or worse by chance, with a veto check beside it."""
    population = equal(retrieval(metric, noise))
    picked = np.random.default_rng(number).integers(0, len(population.baseline), SIZE)
    arms, exact = (population.baseline[picked], population.candidate[picked]), metric == "Success@1"
    checks = [
        Scored(Check("s", Metric("nDCG", 10), tier, MARGIN, slice=tier), Scale(binary=exact), UNITS, *arms, exact=exact)
        for tier in ("blocking", "veto")
    ]
    found = simulate(checks, alpha_pass=ALPHA, alpha_fail=ALPHA, gates=GATES, random=seeded(metric, str(number)))
    return {(each.kind, each.margins, each.manner): each for each in found.simulated}


@pytest.mark.slow
@pytest.mark.parametrize(("metric", "noise"), [("nDCG@10", 0.7), ("nDCG@10", 0.89), ("RR", 0.7), ("Success@1", 0.5)])
def test_rates_of_samples_are_those_of_the_population(metric: str, noise: float) -> None:
    rates = [measured(metric, noise, number) for number in range(SAMPLES)]
    population = equal(retrieval(metric, noise))
    at_margin = np.mean([each["planted", 1.0, "broken"].promoted.value for each in rates])
    assert 0.02 <= at_margin <= 0.075
    assert np.mean([each["planted", 0.0, ""].blocked.value for each in rates]) <= 0.05
    assert np.mean([each["swapped", 0.0, ""].blocked.value for each in rates]) <= 0.05
    assert all(each["planted", 2.0, "broken"].promoted.value < 0.05 for each in rates)
    if metric == "Success@1":
        return
    fresh = moments_of_rows(population.sample(np.random.default_rng(5), 10_000, SIZE))
    true = float((lower_bound(fresh, ALPHA) > -MARGIN).mean())
    for kind in ("swapped", "redrawn", "planted"):
        assert np.mean([each[kind, 0.0, ""].promoted.value for each in rates]) == pytest.approx(true, abs=0.04), kind


@pytest.mark.slow
def test_a_worse_candidates_scores_say_the_same_of_an_equal_one() -> None:
    """The rates hang on how unlike the arms are, not on which is better: the mean difference is taken out."""
    population = losing("nDCG@10", 0.7, 0.05, "half")
    picked = np.random.default_rng(3).integers(0, len(population.baseline), SIZE)
    arms = population.baseline[picked], population.candidate[picked]
    check = Check("s", Metric("nDCG", 10), "blocking", MARGIN)
    found = simulate([Scored(check, Scale(), UNITS, *arms)], alpha_pass=ALPHA, alpha_fail=ALPHA, gates=4_000, random=seeded("worse"))
    equal_ones = [each.promoted.value for each in found.simulated if not each.margins]
    assert min(equal_ones) > 0.6
    assert max(equal_ones) - min(equal_ones) < 0.06
