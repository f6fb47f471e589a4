"""gate --sequential: cases in random batches, and an end as soon as the decision is sure."""

import json
from pathlib import Path

import pytest
import worlds

from ragguard.cli import invoke

TWO = """\
slices:
  canonical: {tags: [even]}
checks:
  - {metric: nDCG@10, tier: blocking, margin: 0.05}
  - {metric: RR, tier: veto, margin: 0.05}
  - {metric: Success@20, slice: canonical, tier: must}
  - {metric: "Worst(of=nDCG)@10", tier: advisory}
"""


@pytest.fixture
def world(tmp_path: Path) -> worlds.World:
    made = worlds.make(tmp_path, queries=600)
    made.suite()
    return made


def recorded(world: worlds.World, name: str, share: float, rank: int = 20) -> str:
    """A run that has the document of a share of the queries, spread over all, far down."""
    step = round(1 / share) if share else 0
    return world.run_file(f"{name}.trec", lambda number: rank if step and number % step == 0 else 1, 600)


def told(capsys: pytest.CaptureFixture[str]) -> str:
    shown = capsys.readouterr()
    return " ".join((shown.out + shown.err).split())


def test_a_clear_loss_is_blocked_after_a_few_batches(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    world.plan(recorded(world, "before", 0), {"worse": recorded(world, "worse", 0.5)})
    assert world.gate("--sequential") == 1
    report = world.report
    early = report.sequential
    assert early is not None
    assert early.stopped
    assert 32 <= early.asked < 200
    assert (early.cases, early.alpha, report.alpha) == (600, 0.05, 0.025)
    assert early.spared == 600 - early.asked
    assert early.answers_spared == 0
    assert len(report.cases) == early.asked == report.suites[0].cases
    assert f"stopped early: {early.asked} of 600 cases were asked" in report.suites[0].note
    verdicts = {str(v.check.metric): v for v in report.decisions[0].verdicts}
    assert verdicts["nDCG@10"].outcome == "fail"
    assert "fell: sure after" in verdicts["nDCG@10"].reasons[0]
    assert verdicts["nDCG@10"].estimate.intents == early.asked
    assert f"Stopped as soon as the decision was sure, after {early.asked} of 600 cases" in told(capsys)


def test_an_equal_candidate_is_promoted_early_and_never_below_the_guard(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    world.plan(recorded(world, "before", 0.1), {"same": recorded(world, "same", 0.1, rank=19)})
    assert world.gate("--sequential") == 0
    early = world.report.sequential
    assert early is not None
    assert early.stopped
    assert 72 <= early.asked < 400
    assert "pass, sure after" in told(capsys)
    assert world.gate() == 0
    assert world.report.sequential is None
    assert len(world.report.cases) == 600


def test_the_same_plan_stops_at_the_same_case(world: worlds.World) -> None:
    world.plan(recorded(world, "before", 0), {"worse": recorded(world, "worse", 0.5)})
    world.gate("--sequential")
    first = world.timeless()
    world.gate("--sequential")
    assert world.timeless() == first


def test_what_is_never_sure_ends_with_the_fixed_rule_on_all_cases(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    world.plan(recorded(world, "before", 0), {"worse": recorded(world, "worse", 1 / 33)})
    assert world.gate("--sequential") in {0, 2}
    early = world.report.sequential
    assert early is not None
    assert not early.stopped
    assert (early.asked, early.spared, early.batches) == (600, 0, 19)
    assert "All 600 cases were asked, in 19 batches" in told(capsys)
    estimate = world.report.decisions[0].verdicts[0].estimate
    assert (estimate.intents, estimate.alpha) == (600, 0.025)


def test_calls_are_spared(world: worlds.World) -> None:
    world.plan(recorded(world, "before", 0.5), {"new": world.python("asked")})
    assert world.gate("--sequential") == 0
    early = world.report.sequential
    assert early is not None
    assert early.stopped
    assert len(world.calls()) == early.asked < 600


def test_cases_that_must_never_break_are_asked_first_and_a_miss_ends_it(world: worlds.World) -> None:
    world.suite(body=TWO)
    world.plan(recorded(world, "before", 0), {"new": world.run_file("new.trec", lambda number: 1, 600)})
    lines = [
        line for line in (world.folder / "new.trec").read_text().splitlines() if not line.startswith("q-0598 ") or "d-18 1 " not in line
    ]
    world.write("new.trec", "\n".join(lines) + "\n")
    assert world.gate("--sequential") == 1
    report = world.report
    assert report.sequential is not None
    assert report.sequential.batches == 1
    assert 300 <= report.sequential.asked < 350
    rule = next(v for v in report.decisions[0].verdicts if v.check.tier == "must")
    assert (rule.outcome, rule.misses, rule.estimate.cases) == ("fail", ("q-0598",), 300)
    assert report.decisions[0].verdicts[0].estimate.intents == 32


def test_one_candidate_at_a_time_and_no_anchor(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    run = recorded(world, "before", 0)
    world.plan(run, {"a": recorded(world, "a", 0.5), "b": recorded(world, "b", 0.25)})
    assert world.gate("--sequential") == 3
    assert "gate them one after the other, each at its share of alpha; the baseline is asked once: --candidate a" in told(capsys)
    assert world.gate("--sequential", "--candidate", "b") == 1
    world.plan(run, {"a": recorded(world, "a", 0.5)}, more=f"anchor: {{retriever: {recorded(world, 'c', 0.2)}}}\n")
    assert world.gate("--sequential") == 3
    assert "--sequential compares with the baseline alone" in told(capsys)


def test_several_candidates_one_after_the_other_share_alpha_and_the_baseline(world: worlds.World) -> None:
    world.plan(world.python("asked"), {"a": recorded(world, "a", 0.5), "b": recorded(world, "b", 0.01)})
    assert world.gate("--sequential", "--candidate", "a") == 1
    first = world.report
    assert world.gate("--sequential", "--candidate", "b") == 0
    second = world.report
    assert len(world.calls()) == 600  # the baseline's, once
    assert first.sequential is not None
    assert second.sequential is not None
    assert first.sequential.asked < second.sequential.asked
    assert {v.estimate.alpha for report in (first, second) for v in report.decisions[0].verdicts} == {0.05 / 2 / 2}


def test_json_says_how_it_went(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    world.plan(recorded(world, "before", 0), {"worse": recorded(world, "worse", 0.5)})
    capsys.readouterr()
    assert invoke(["gate", str(world.folder / "gate.yaml"), "--sequential", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["sequential"]["stopped"] is True
    assert "Stopped as soon as the decision was sure" in (world.out / "report.md").read_text()


def test_a_run_that_stopped_early_is_compared_with_no_other(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    world.plan(recorded(world, "before", 0), {"worse": recorded(world, "worse", 0.5)})
    world.gate("--sequential", "--out", str(world.folder / "early"))
    world.gate("--out", str(world.folder / "whole"))
    capsys.readouterr()
    assert invoke(["compare", str(world.folder / "whole"), str(world.folder / "early"), "--out", str(world.folder / "both")]) == 3
    assert "stopped early, after cases of its own" in told(capsys)


def test_nobody_is_promoted_early_past_a_veto_that_waits_for_all_cases(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    same = "  - {metric: p95(of=Latency), tier: veto, margin: 0.5, limit: 5000}\n"
    world.suite(body=worlds.CHECKS.replace("report:", same + "report:"))
    world.plan(world.python("asked"), {"new": world.python("asked", ", version: '2'")})
    assert world.gate("--sequential") in {0, 1}
    whole = world.report.sequential
    assert whole is not None
    assert not whole.stopped
    assert world.report.decisions[0].verdicts[1].estimate.intents == 600


def test_the_worst_wording_is_looked_at_too(world: worlds.World) -> None:
    asked = [{"_id": f"q-{n:04d}", "text": f"question on word{n}", "intent": f"i-{n // 2}"} for n in range(600)]
    world.write("collection/queries.jsonl", "".join(json.dumps(row) + "\n" for row in asked))
    world.suite(body="checks:\n  - {metric: nDCG@10, tier: blocking}\n  - {metric: Worst(of=nDCG)@10, tier: blocking}\n")
    world.plan(recorded(world, "before", 0.1), {"same": recorded(world, "same", 0.1, rank=19)})
    assert world.gate("--sequential") == 0
    early = world.report.sequential
    assert early is not None
    assert early.stopped
    assert "Worst(of=nDCG)@10: pass, sure after" in str(world.report.decisions[0].reasons)
