"""What a roll-out does next, rule by rule, and in which order the rules speak."""

from dataclasses import replace

import numpy as np
import pytest

from ragguard.decision.rollout import Guardrail, Next, Rules, Traffic, decide
from ragguard.statistics.betting import Evidence, unseen

RULES = Rules()
FINE = Traffic(baseline=9_900, candidate=100, requests=100)


def state(mean: float, pairs: int) -> Evidence:
    return unseen(RULES.margins()).seen([mean] * pairs)


def told(traffic: Traffic = FINE, stage: int = 0, **guardrails: Evidence) -> Next:
    return decide(RULES, stage, {name: Guardrail(each) for name, each in guardrails.items()}, traffic)


def test_an_equal_candidate_goes_stage_by_stage_to_all_traffic() -> None:
    seen, stages = state(0.0, 0), []
    stage, traffic = 0, Traffic(paired=True)
    for pairs in range(1, 400):
        seen = seen.seen([0.0])
        found = decide(RULES, stage, {"ndcg": Guardrail(seen)}, traffic)
        if found.action == "advance":
            stages.append((pairs, found.stage))
            stage = found.stage
    assert [number for _, number in stages] == [1, 2, 3]
    assert all(pairs >= least.pairs for (pairs, _), least in zip(stages, RULES.stages, strict=True))
    assert found == Next("done", 3, ("all traffic goes to the candidate",))


def test_a_loss_is_rolled_back_with_its_guardrail_named() -> None:
    found = told(ndcg=state(-0.2, 60), thumbs=state(0.0, 60))
    assert (found.action, found.stage) == ("rollback", 0)
    assert found.reasons[0].startswith("ndcg fell by 0.200 over 60 pairs (evidence ")
    assert len(found.reasons) == 1


def test_more_guardrails_ask_for_more_evidence() -> None:
    bad = state(-0.2, 30)
    assert 1 / RULES.alpha < np.exp(bad.log_loss) < 20 / RULES.alpha
    assert told(bad=bad).action == "rollback"
    assert told(bad=bad, **{f"g{number}": state(0.0, 30) for number in range(19)}).action == "hold"


def test_a_certain_but_small_loss_is_no_rollback() -> None:
    seen = state(-0.024, 6_000)
    assert np.exp(seen.log_loss) > 1 / RULES.alpha
    assert told(ndcg=seen).action == "advance"
    assert told(ndcg=state(-0.026, 6_000)).action == "rollback"


def test_one_guardrail_that_lacks_pairs_holds_all() -> None:
    found = told(ndcg=state(0.0, 200), thumbs=state(0.0, 49))
    assert found == Next("hold", 0, ("thumbs: 49 of 50 pairs",))
    unsure = unseen(RULES.margins()).seen([0.48, -0.52] * 100)
    found = told(Traffic(), stage=2, ndcg=unsure)
    assert found.reasons == (f"ndcg: a drop of 0.05 is not excluded (evidence {np.exp(unsure.log_within(0.05)):.3g} of 20)",)


def test_the_emergency_margin_acts_at_once_whatever_the_ratio() -> None:
    many = {f"g{number}": state(0.0, 30) for number in range(100)}
    broken = replace(FINE, baseline=100, candidate=9_900)
    assert told(bad=state(-0.31, 29), **many).action == "hold"
    found = told(broken, bad=state(-0.31, 30), **many)
    assert found == Next("rollback", 0, ("bad fell by 0.310 over 30 pairs, beyond the emergency margin 0.3",))


def test_errors_and_unsafe_answers_act_at_once() -> None:
    found = told(Traffic(requests=3, failed=3, unsafe=1), ndcg=state(0.0, 0))
    assert found.action == "rollback"
    assert found.reasons == (
        "1 unsafe answers of the candidate (limit 0)",
        "3 of 3 requests of the candidate failed, surely more than 5.0%: look at its errors",
    )
    assert told(Traffic(requests=3, failed=1), ndcg=state(0.0, 0)).action == "hold"
    assert told(Traffic(requests=10_000, failed=490), ndcg=state(0.0, 0)).action == "hold"
    assert told(Traffic(requests=10_000, failed=700), ndcg=state(0.0, 0)).action == "rollback"


def test_a_sample_ratio_mismatch_stops_rollback_and_advance() -> None:
    broken = Traffic(baseline=9_700, candidate=300)
    for mean in (0.0, -0.2):
        found = told(broken, ndcg=state(mean, 60))
        assert (found.action, found.person) == ("hold", True)
        assert "sample-ratio mismatch: the candidate got 300 of 10000 (3.00%) where 1.00% was planned" in found.reasons[0]
    assert told(replace(broken, paired=True), ndcg=state(0.0, 60)).action == "advance"
    assert told(Traffic(), ndcg=state(0.0, 60)).action == "advance"


def test_traffic_that_vanished_holds_and_does_not_advance() -> None:
    quiet = replace(FINE, silent=30.0)
    assert told(ndcg=state(0.0, 60)).action == "advance"
    found = told(quiet, ndcg=state(0.0, 60))
    assert (found.action, found.person) == ("hold", True)
    assert "no event of the candidate for 30 minutes" in found.reasons[0]
    assert told(quiet, ndcg=state(-0.2, 60)).action == "rollback"


def test_labels_used_up_hold_then_roll_back() -> None:
    seen = state(0.0, 0).merged(Evidence(RULES.margins(), 6_400, 0, (-1,) * 7, ((-1,) * 7,) * 3))
    first = told(ndcg=seen)
    assert (first.action, first.person) == ("hold", True)
    assert "6400 pairs of 6400 are judged" in first.reasons[0]
    assert "rolled back by itself in 24 hours" in first.reasons[0]
    last = told(replace(FINE, held=24.0), ndcg=seen)
    assert last.action == "rollback"
    assert "nobody decided within 24 hours" in last.reasons[0]


def test_after_the_last_stage_a_loss_is_still_rolled_back() -> None:
    assert told(stage=3, ndcg=state(0.0, 300)).action == "done"
    assert told(stage=3, ndcg=state(-0.2, 300)).action == "rollback"


def test_the_order_of_events_and_of_guardrails_does_not_matter() -> None:
    values = np.random.default_rng(3).uniform(-0.8, 0.7, 120)
    states = [unseen(RULES.margins()).seen(np.random.default_rng(seed).permutation(values)) for seed in range(5)]
    assert len({repr(told(a=each, b=each)) for each in states}) == 1
    good, bad = state(0.1, 40), state(-0.4, 40)
    assert told(a=bad, b=good, c=bad) == told(c=bad, b=good, a=bad)


def test_what_cannot_be_decided_is_refused() -> None:
    with pytest.raises(ValueError, match="without a blocking guardrail"):
        told()
    with pytest.raises(ValueError, match="no stage 4"):
        told(stage=4, ndcg=state(0.0, 1))
