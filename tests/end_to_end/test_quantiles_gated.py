"""Latency and other lengths in a plan: quantiles as ratios, and targets that are exceeded."""

from pathlib import Path

import pytest
import worlds

SPEED = """\
checks:
  - {metric: nDCG@10, tier: blocking, margin: 0.05}
  - {metric: p95(of=Latency), tier: blocking, margin: 0.50}
  - {metric: "Exceeds(of=Latency, over=1000)", tier: veto, margin: 0.05}
  - {metric: "p50(of=Latency, stage=retrieve)", tier: advisory}
report: [p99(of=Latency)]
"""


def gated(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = world.gate()
    shown = capsys.readouterr()
    return code, " ".join((shown.out + shown.err).split())


@pytest.fixture
def many(tmp_path: Path) -> worlds.World:
    made = worlds.make(tmp_path, queries=520)
    made.suite(body=SPEED)
    return made


@pytest.mark.slow
def test_a_slower_candidate_is_blocked_by_its_tail_alone(many: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    many.plan(many.python("asked"), {"slow": many.python("slow")})
    code, shown = gated(many, capsys)
    assert code == 1
    verdicts = {str(v.check.metric): v for v in many.report.decisions[0].verdicts}
    tail = verdicts["p95(of=Latency)"]
    assert (tail.outcome, verdicts["nDCG@10"].outcome) == ("fail", "pass")
    assert tail.estimate.candidate_mean is not None
    assert tail.estimate.candidate_mean > 2
    assert tail.estimate.scale.unit == "ms"
    assert "paired percentile bootstrap" in tail.estimate.method
    assert verdicts["Exceeds(of=Latency, over=1000)"].outcome == "pass"
    assert "golden/p95(of=Latency) rose by" in shown
    means = {(mean.metric, mean.arm): mean.mean for mean in many.report.suites[0].means if not mean.slice}
    assert means["p95(of=Latency)", "slow"] == pytest.approx(tail.estimate.candidate_mean)
    assert (means["p99(of=Latency)", "slow"] or 0) >= tail.estimate.candidate_mean


@pytest.mark.slow
def test_what_is_kept_gets_the_same_verdict_again(many: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    many.plan(many.python("asked"), {"slow": many.python("slow")})
    first = gated(many, capsys)[0], many.timeless()
    assert (gated(many, capsys)[0], many.timeless()) == first


def test_a_tail_of_few_cases_is_refused_before_anything_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = worlds.make(tmp_path, queries=80)
    made.suite(body=SPEED)
    made.plan(made.python("asked"), {"slow": made.python("slow")})
    code, shown = gated(made, capsys)
    assert code == 3
    assert "suites/golden.yaml:4: p95(of=Latency) gates from 500 intents on, and this has 80; write tier: advisory, or add cases" in shown
    assert not made.calls()
    made.suite(body=SPEED.replace("tier: blocking, margin: 0.50", "tier: advisory"))
    code, shown = gated(made, capsys)
    assert code == 0
    assert made.report.decisions[0].verdicts[1].outcome in {"inconclusive", "fail"}


def test_cases_that_were_worked_on_together_have_no_time_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = worlds.make(tmp_path, queries=80)
    made.suite(body="checks:\n  - {metric: nDCG@10, tier: blocking}\n  - {metric: Latency, tier: advisory}\n")
    run = made.run_file("run.trec", lambda number: 1, 80)
    made.plan(run, {"slow": made.python("slow")})
    gated(made, capsys)
    assert "unscored are 0 of the candidate and 80 of the reference" in str(made.report.decisions[0].verdicts[1].reasons)


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("Latency", "Latency can only be advisory: it has no range"),
        ("Latency", "or check p95(of=Latency)"),
        ("p95(of=nDCG)@10", "a quantile is of what has no upper end and of which less is better"),
        ("p95", "p95 is made from another metric; for instance p95(of=Latency)"),
        ("Exceeds(of=Latency)", "Exceeds(of=Latency) needs over"),
        ("Exceeds(of=Latency, over=no)", "over must be a number above 0"),
        ("p95(of=Latency, stage=lunch)", "stage must be one of: total, retrieve"),
        ("p95(of=Latency, over=3)", "Latency has no parameter 'over'"),
    ],
)
def test_what_is_no_quantile(tmp_path: Path, capsys: pytest.CaptureFixture[str], metric: str, words: str) -> None:
    made = worlds.make(tmp_path, queries=80)
    made.suite(body=f'checks:\n  - {{metric: nDCG@10, tier: blocking}}\n  - {{metric: "{metric}", tier: veto}}\n')
    made.plan(worlds.TITLES, {"new": worlds.BOTH})
    code, shown = gated(made, capsys)
    assert code == 3
    assert words in shown


def test_no_rule_for_single_cases(many: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    many.suite(body=SPEED.replace("tier: blocking, margin: 0.50", "tier: must"))
    many.plan(worlds.TITLES, {"new": worlds.BOTH})
    code, shown = gated(many, capsys)
    assert code == 3
    assert "p95(of=Latency) is of all cases together, and tier: must of each alone" in shown
