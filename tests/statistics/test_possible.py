"""What lies beyond the range is shown at its end, and no verdict is another for it."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from ragguard.decision.judge import judge
from ragguard.records.evidence import Check, PairedScores, Score, Truth, Unscored
from ragguard.records.metric import Metric, Scale
from ragguard.records.verdict import Estimate, Verdict
from ragguard.statistics import estimate as module

NDCG = Metric("nDCG", 10)
LEVELS = (0.0, 0.0, 0.25, 0.5, 1.0, 1.0)


def pairs(baseline: Sequence[Score], candidate: Sequence[Score], check: Check, scale: Scale, labels: int = 0) -> PairedScores:
    cases = tuple(f"q{number:03}" for number in range(len(baseline)))
    truths: list[Truth | None] = [None] * len(cases)
    for at in range(labels):
        one, other = baseline[at], candidate[at]
        truths[at] = Truth(one if isinstance(one, float) else None, other if isinstance(other, float) else None)
    return PairedScores(check, scale, cases, cases, tuple(baseline), tuple(candidate), truths=tuple(truths) if labels else ())


def found(paired: PairedScores) -> Estimate:
    return module.estimate(paired, alpha=0.05, endpoints=1)


def test_the_bounds_of_three_intents_are_those_of_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    three = pairs([0.0, 1.0, 0.5], [1.0, 0.0, 0.5], Check("s", NDCG, "blocking"), Scale())
    shown = found(three)
    assert (shown.lower, shown.upper, shown.pass_lower) == (-1.0, 1.0, -1.0)
    monkeypatch.setattr(module, "possible", lambda each: each)
    formula = found(three)
    assert formula.lower is not None
    assert formula.upper is not None
    assert formula.lower < -1 < 1 < formula.upper
    assert replace(formula, lower=-1.0, upper=1.0, pass_lower=-1.0) == shown


def test_what_a_metric_without_a_range_or_a_quantile_shows_stays_as_it_is() -> None:
    seconds = Scale(higher_is_better=False, high=None, unit="s")
    wide = found(pairs([10.0, 20.0, 90.0], [90.0, 20.0, 10.0], Check("s", Metric("Latency"), "advisory"), seconds))
    assert (wide.lower or 0) < -1
    slow = found(pairs([1.0] * 500, [5.0] * 500, Check("s", Metric.parse("p95(of=Latency)"), "blocking"), replace(seconds, quantile=0.95)))
    assert slow.difference == pytest.approx(-4.0)


def drawn(seed: int) -> PairedScores:
    """A small check: graded or won and lost, up or down, with or without labels, a limit, missing scores, more or less lost."""
    source = random.Random(seed)
    n, down, kind = source.randint(2, 9), source.random() < 0.5, source.choice(["graded", "strict", "binary", "labelled", "wide"])
    scale = Scale(not down, -1.0, 3.0) if kind == "wide" else Scale(not down, binary=kind == "binary")
    low, width = scale.low or 0.0, scale.width
    levels = (0.0, 1.0) if kind == "binary" else LEVELS
    worse = source.choice([levels, levels[: len(levels) // 2], levels[len(levels) // 2 :]])
    before, after = ([low + width * source.choice(each) for _ in range(n)] for each in (levels, worse))
    told: list[Score] = list(after)
    if source.random() < 0.3:
        told[-1] = Unscored("timeout")
    margin, limit = source.choice([0.0, 0.05, 0.5, 0.99]), source.choice([None, low, low + width / 2, low + width])
    check = Check("s", NDCG, "blocking", margin, limit=limit, strict=kind == "strict", max_unscored=1.0)
    return pairs(before, told, check, scale, labels=source.randint(1, n) if kind == "labelled" else 0)


def judged(paired: PairedScores) -> tuple[Verdict, ...]:
    """The verdicts without the guards, so that a bound or a mean decides."""
    return judge([("baseline", replace(found(paired), guard=0, missing_p=1.0))], alpha=0.05)


def test_no_verdict_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    several = [drawn(seed) for seed in range(3000)]
    shown = [judged(each)[0] for each in several]
    monkeypatch.setattr(module, "possible", lambda each: each)
    formula = [judged(each)[0] for each in several]
    assert [(each.outcome, each.degraded) for each in shown] == [(each.outcome, each.degraded) for each in formula]
    assert {each.outcome for each in shown} == {"pass", "fail", "inconclusive"}
    moved = [one.estimate != other.estimate for one, other in zip(shown, formula, strict=True)]
    assert sum(moved) > 500


def test_an_estimate_that_labels_correct_is_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge gives too little where people looked, and all there is where they did not."""
    judge_says = [0.8] * 18 + [0.0] * 2 + [1.0] * 100
    cases = tuple(f"q{number:03}" for number in range(120))
    truths = (*(Truth(0.0, each + 0.2) for each in judge_says[:20]), *[None] * 100)
    paired = PairedScores(Check("s", NDCG, "blocking"), Scale(), cases, cases, (0.0,) * 120, tuple(judge_says), truths=truths)
    shown = found(paired)
    monkeypatch.setattr(module, "possible", lambda each: each)
    formula = found(paired)
    assert (formula.difference or 0) > 1
    assert (formula.candidate_mean or 0) > 1
    assert (shown.difference, shown.candidate_mean, shown.upper) == (1.0, 1.0, 1.0)
    assert (shown.p_worse, shown.sd, shown.needed) == (formula.p_worse, formula.sd, formula.needed)


def test_every_estimate_lies_in_its_range() -> None:
    for seed in range(3000):
        seen = found(drawn(seed))
        low, high = seen.scale.low, seen.scale.high
        assert low is not None
        assert high is not None
        shares = [each for each in (seen.lower, seen.upper, seen.difference, seen.pass_lower) if each is not None]
        means = [each for each in (seen.baseline_mean, seen.candidate_mean, seen.pass_mean) if each is not None]
        assert all(-1 <= each <= 1 for each in shares)
        assert all(low <= each <= high for each in means)
