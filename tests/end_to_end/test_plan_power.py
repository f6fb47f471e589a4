"""What a plan can detect before anything runs, by assumption or by what its stored runs showed."""

import json
from pathlib import Path
from typing import Any

import pytest
import worlds

from ragguard.cli import invoke

TWO = """\
checks:
  - {metric: nDCG@10, tier: blocking, margin: 0.05}
  - {metric: RR, tier: veto, margin: 0.05}
"""
BINARY = """\
checks:
  - {metric: Success@1, tier: blocking, margin: 0.05}
  - {metric: Success@10, tier: must}
"""


@pytest.fixture
def world(tmp_path: Path) -> worlds.World:
    made = worlds.make(tmp_path, queries=80)
    before = made.run_file("before.trec", lambda number: 2 if number % 5 == 0 else 1, 80)
    after = made.run_file("after.trec", lambda number: 2 if number % 10 == 0 else 1, 80)
    made.suite(body=TWO)
    made.suite("binary", BINARY)
    made.plan(before, {"new": after}, suites=("golden", "binary"))
    return made


def told(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> Any:
    capsys.readouterr()
    assert invoke(["power", str(world.folder / "gate.yaml"), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_without_a_run_the_stated_assumptions_count(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(world, capsys)
    spread = {(each["check"]["metric"], each["check"]["tier"]): each["sd"] for each in found["prospects"]}
    assert spread["nDCG@10", "blocking"] == 0.25
    assert spread["RR", "veto"] == 0.32
    assert spread["Success@1", "blocking"] == pytest.approx((2 * 0.05) ** 0.5)
    assert {each["sd_from"] for each in found["prospects"]} == {""}
    assert (found["suite"], found["bottleneck"]) == ("binary", "binary/Success@1")
    weakest = next(each for each in found["prospects"] if each["check"]["metric"] == "Success@1")
    assert found["lacking_intents"] == weakest["needed"] - 80 == found["lacking_cases"]
    chances = [each["chance"] for each in found["prospects"] if each["check"]["tier"] == "blocking"]
    assert found["promoted"] == pytest.approx(chances[0] * chances[1])
    assert [each["check"] for each in found["curves"]] == ["", "golden/nDCG@10", "binary/Success@1"]
    at = dict(zip(found["curves"][0]["differences"], found["curves"][0]["promoted"], strict=True))
    assert at[0.0] == pytest.approx(found["promoted"])
    assert list(at.values()) == sorted(at.values())
    assert at[-0.05] == pytest.approx(0.05**2)
    assert not (world.folder / ".ragguard").exists()


def test_a_stored_run_tells_the_spread(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    world.gate()
    seen = {v.check.identity: v.estimate for v in world.report.decisions[0].verdicts}
    found = told(world, capsys)
    for each in found["prospects"][:3]:
        estimate = seen[f"{each['check']['suite']}/{each['check']['metric']}"]
        assert estimate.sd is not None
        assert estimate.sd < each["sd"] < 1.2 * estimate.sd
        assert f"run {world.report.run}, new: {estimate.sd:.3f} over 80 intents" in each["sd_from"]
    assert found["measured"] == []
    assert invoke(["error-rates", str(world.folder / "gate.yaml"), "--gates", "200"]) == 0
    assert told(world, capsys)["measured"][0].startswith("new: a candidate worse by the margin passes")


def test_a_picture_is_drawn_and_told_on_a_terminal(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["power", str(world.folder / "gate.yaml")]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "an equal candidate is promoted" in shown
    assert "the bottleneck is the suite binary: binary/Success@1 lacks" in shown
    assert "assumed" in shown
    picture = world.out / "power.svg"
    drawn = picture.read_text()
    assert "chance of promotion" in drawn
    assert "binary/Success@1" in drawn
    invoke(["power", str(world.folder / "gate.yaml")])
    assert picture.read_text() == drawn


def test_a_plan_that_can_never_pass_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = worlds.make(tmp_path, queries=40)
    made.plan("{type: lexical}", {"new": worlds.TITLES})
    found = told(made, capsys)
    assert found["promoted"] == 0
    assert any("can never pass: 40 intents, at least 59 are needed" in each for each in found["warnings"])
