"""How often a gate is wrong on its own data: measured from a stored run, kept, and shown beside every later verdict."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import worlds

from ragguard.cli import invoke
from ragguard.reports import document


@pytest.fixture
def world(tmp_path: Path) -> worlds.World:
    """80 queries; the candidate has every tenth document on the second rank, the baseline every fifth."""
    made = worlds.make(tmp_path, queries=80)
    before = made.run_file("before.trec", lambda number: 2 if number % 5 == 0 else 1, 80)
    after = made.run_file("after.trec", lambda number: 2 if number % 10 == 0 else 1, 80)
    made.plan(before, {"new": after})
    return made


def measure(world: worlds.World, capsys: pytest.CaptureFixture[str], *options: str) -> Any:
    capsys.readouterr()
    code = invoke(["error-rates", str(world.folder / "gate.yaml"), "--gates", "400", "--json", *options])
    found = json.loads(capsys.readouterr().out)
    assert code == found.get("exit_code", 0)
    return found


def test_rates_are_measured_on_the_newest_run_and_stand_beside_later_verdicts(
    world: worlds.World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert world.gate() == 0
    assert world.report.error_rates == ()
    (found,) = measure(world, capsys)["error_rates"]
    assert (found["candidate"], found["run"], found["gates"]) == ("new", world.report.run, 400)
    kinds = [(each["kind"], each["margins"], each["manner"]) for each in found["simulated"]]
    assert kinds[:3] == [("swapped", 0.0, ""), ("redrawn", 0.0, ""), ("planted", 0.0, "")]
    assert {("planted", margins, manner) for margins in (0.5, 1.0, 2.0) for manner in ("evenly", "broken")} == set(kinds[3:])
    equal, *planted = (each["promoted"] for each in found["simulated"][2:])
    assert equal["count"] > max(each["count"] for each in planted)
    assert all(each["promoted"]["lower"] <= each["promoted"]["count"] / 400 <= each["promoted"]["upper"] for each in found["simulated"])
    at_margin = [each["promoted"]["count"] for each in found["simulated"] if each["margins"] == 1]
    assert max(at_margin) <= 40

    assert world.gate() == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"How often this gate is wrong: {found['summary']}" in shown
    assert world.report.error_rates[0].summary == found["summary"]
    page = (world.out / "report.md").read_text()
    assert found["summary"][:60] in page.replace("\\", "")
    assert "Error rates of this gate" in page


def test_the_same_plan_and_data_have_the_same_rates(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    world.gate()
    assert measure(world, capsys) == measure(world, capsys)


def test_other_demands_have_rates_of_their_own(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    world.gate()
    measure(world, capsys)
    world.suite(body=worlds.CHECKS.replace("margin: 0.05", "margin: 0.08"))
    world.gate()
    assert world.report.error_rates == ()


def test_rates_of_another_candidate_are_shown_with_its_name(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    world.gate()
    measure(world, capsys)
    newer = world.run_file("newer.trec", lambda number: 2 if number % 8 == 0 else 1, 80)
    world.plan("{type: recorded, run: before.trec}", {"newer": newer})
    world.gate()
    shown = " ".join(capsys.readouterr().out.split())
    assert "How often this gate is wrong, on what new scored in run" in shown


def test_without_a_run_it_says_what_to_do_first(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    found = measure(world, capsys)
    assert found["exit_code"] == 3
    assert f"run one first: ragguard gate {world.folder / 'gate.yaml'}" in found["error"][0]
    world.gate()
    world.suite(body=worlds.CHECKS.replace("margin: 0.05", "margin: 0.08"))
    assert measure(world, capsys)["exit_code"] == 3


def test_a_report_folder_will_do(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    world.gate()
    (found,) = measure(world, capsys, "--report", str(world.out))["error_rates"]
    assert found == measure(world, capsys)["error_rates"][0]
    unknown = measure(world, capsys, "--report", str(world.out), "--candidate", "nwe")
    assert unknown["exit_code"] == 3
    assert "did you mean 'new'" in unknown["error"][0]


def test_it_is_told_on_a_terminal_with_what_it_holds_for(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    world.suite(body=worlds.CHECKS.replace("report:", "  - {metric: Success@10, tier: must}\nreport:"))
    world.gate()
    capsys.readouterr()
    assert invoke(["error-rates", str(world.folder / "gate.yaml"), "--gates", "200"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "These rates hold for" in told
    assert "left out" not in told
    assert "was missed" not in told
    assert "golden/nDCG@10 passes" in told


def test_cases_that_must_never_break_block_the_candidates_that_break_them(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    """Of 40 odd queries the baseline has 8 on the second rank, and the candidate none: a coin for each is almost never good 8 times."""
    rule = "  - {metric: Success@1, slice: odd, tier: must}\nslices: {odd: {tags: [odd]}}\nreport:"
    world.suite(body=worlds.CHECKS.replace("report:", rule))
    assert world.gate() == 0
    (found,) = measure(world, capsys)["error_rates"]
    told = "golden/Success@1/odd (must) was missed by the baseline in 8 of 40 intents, and by the candidate in 0"
    assert any(each.startswith(told) for each in found["conditions"])
    assert all(each["blocked"]["count"] > 370 for each in found["simulated"])
    assert found["passing"]["golden/nDCG@10"]["count"] > 200  # the check itself is what it was
    assert found["left_out"] == []


def test_an_anchor_is_met_by_the_same_candidates(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    """An anchor that is far better is passed by no equal candidate, and one that is far worse by all, which changes nothing else."""
    world.gate()
    (alone,) = measure(world, capsys)["error_rates"]
    before = "{type: recorded, run: before.trec}"
    shares = {}
    for name, rank in (("better", 1), ("worse", 4)):
        anchor = world.run_file(f"{name}.trec", lambda number, rank=rank: rank, 80)  # type: ignore[misc]
        world.plan(before, {"new": "{type: recorded, run: after.trec}"}, more=f"anchor: {{retriever: {anchor}}}\n")
        world.gate()
        (shares[name],) = measure(world, capsys)["error_rates"]
        assert set(shares[name]["passing"]) == {"golden/nDCG@10", "golden/nDCG@10 against the anchor"}
        assert shares[name]["left_out"] == []
    against = {name: each["passing"]["golden/nDCG@10 against the anchor"]["count"] for name, each in shares.items()}
    assert against["better"] < 80
    assert against["worse"] == 400
    (promoted, *_), (same, *_) = ([each["promoted"]["count"] for each in found["simulated"]] for found in (alone, shares["worse"]))
    assert promoted == pytest.approx(same, abs=60)
    assert shares["better"]["simulated"][0]["promoted"]["count"] < 120


def test_checks_against_an_anchor_without_scores_are_left_out(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    before = "{type: recorded, run: before.trec}"
    world.plan(before, {"new": "{type: recorded, run: after.trec}"}, more=f"anchor: {{retriever: {before}}}\n")
    world.gate()
    path = world.out / "report.json"
    kept = json.loads(path.read_bytes())
    for case in kept["cases"]:
        case["scores"]["anchor"] = {name: {"unscored": "lost"} for name in case["scores"]["anchor"]}
    path.write_text(json.dumps(kept))
    (found,) = measure(world, capsys, "--report", str(world.out))["error_rates"]
    assert found["left_out"][0] == "golden/nDCG@10 against the anchor: fewer than two intents have a score in all arms"
    assert set(found["passing"]) == {"golden/nDCG@10"}


def test_a_gate_without_any_blocking_check_to_simulate_says_so(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    world.gate()
    path = world.out / "report.json"
    kept = json.loads(path.read_bytes())
    for case in kept["cases"]:
        case["scores"]["new"] = {name: {"unscored": "lost"} for name in case["scores"]["new"]}
    path.write_text(json.dumps(kept))
    found = measure(world, capsys, "--report", str(world.out))
    assert found["exit_code"] == 3
    assert "no blocking check of new can be simulated" in found["error"][0]


def test_the_report_reads_back(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    world.gate()
    measure(world, capsys)
    world.gate()
    assert document.to_json(document.from_json(world.out / "report.json")) == (world.out / "report.json").read_bytes()


def test_several_candidates_are_measured_each(tiny: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    made = tiny(queries=90, candidates={"new": "{type: recorded, run: candidate.trec}", "other": "{type: recorded, run: other.trec}"})
    made.write(
        "other.trec", made.path("candidate.trec").read_text().replace(" tiny", " other").replace("q-003 Q0 d-3 1 99", "q-003 Q0 d-3 1 1")
    )
    made.gate()
    capsys.readouterr()
    assert made.run("error-rates", "--gates", "200", "--json") == 0
    found = json.loads(capsys.readouterr().out)["error_rates"]
    assert [each["candidate"] for each in found] == ["new", "other"]
    made.gate()
    assert "on what new scored" in " ".join(capsys.readouterr().out.split())


def test_a_run_that_stopped_early_tells_no_rates(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    world.plan("{type: recorded, run: before.trec}", {"bad": world.run_file("bad.trec", lambda number: 20, 80)})
    assert world.gate("--sequential") == 1
    assert "the run stopped early" in measure(world, capsys, "--report", str(world.out))["error"][0]
    assert "is stored" in measure(world, capsys)["error"][0]


def test_of_several_candidates_one_that_could_not_run_is_left_out(world: worlds.World, capsys: pytest.CaptureFixture[str]) -> None:
    world.plan("{type: recorded, run: before.trec}", {"new": "{type: recorded, run: after.trec}", "dead": world.python("out_of_order")})
    world.gate()
    found = measure(world, capsys)
    assert [each["candidate"] for each in found["error_rates"]] == ["new"]
    assert "no blocking check of dead can be simulated" in found["error_rates"][0]["left_out"][-1]
    assert measure(world, capsys, "--candidate", "dead")["exit_code"] == 3
