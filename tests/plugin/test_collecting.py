"""Which items there are, what they are called, and what pytest says where the plan is wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest
import workspaces
from workspaces import CHECKS, GOOD, IDS, WORSE

from ragguard.cli import invoke

Run = Callable[..., pytest.RunResult]
Make = Callable[..., Path]
PLAN = ("--ragguard-plan", "gate.yaml")


def ids(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "::" in line]


def test_every_check_of_every_candidate_is_an_item(inner: Run, small: Make) -> None:
    small({"tuned": GOOD, "other": WORSE})
    result = inner(*PLAN, "--co", "-q")
    assert result.ret == 0
    assert ids(result) == [f"gate.yaml::{candidate}::{name}" for candidate in ("tuned", "other") for name in IDS]


def test_collecting_runs_and_writes_nothing(inner: Run, small: Make) -> None:
    folder = small()
    before = {path for path in folder.rglob("*") if "__pycache__" not in path.parts}
    assert inner(*PLAN, "--co", "-q", "-p", "no:cacheprovider").ret == 0
    assert {path for path in folder.rglob("*") if "__pycache__" not in path.parts} == before


def test_one_candidate(inner: Run, small: Make) -> None:
    small({"tuned": GOOD, "other": WORSE})
    assert ids(inner(*PLAN, "--ragguard-candidate", "other", "--co", "-q")) == [f"gate.yaml::other::{name}" for name in IDS]


def test_the_anchor_has_items_of_its_own(inner: Run, small: Make) -> None:
    small(more="anchor:\n  retriever: {type: recorded, run: worse.trec}\n")
    found = ids(inner(*PLAN, "--co", "-q"))
    assert "gate.yaml::tuned::golden::nDCG@10::against-anchor" in found
    assert "gate.yaml::tuned::golden::RR::canonical::against-anchor" in found
    assert len(found) == len(set(found)) == 2 * (len(IDS) - 1) + 1


def test_a_check_of_tier_must_beside_another_has_a_name_of_its_own(inner: Run, small: Make) -> None:
    small(checks=CHECKS + "  - {metric: Success@5, slice: canonical, tier: veto}\n")
    found = ids(inner(*PLAN, "--co", "-q"))
    assert {"gate.yaml::tuned::golden::Success@5::canonical", "gate.yaml::tuned::golden::Success@5::canonical::must"} <= set(found)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["gate.yaml::tuned::decision"], ["tuned::decision"]),
        (["gate.yaml::tuned::golden::RR::canonical"], ["tuned::golden::RR::canonical"]),
        (["gate.yaml::other"], [f"other::{name}" for name in IDS]),
        (["-k", "decision and not other"], ["tuned::decision"]),
        (["-k", "tuned and canonical"], ["tuned::golden::RR::canonical", "tuned::golden::Success@5::canonical"]),
        (["-k", "blocking"], ["tuned::golden::nDCG@10", "other::golden::nDCG@10"]),
        (["--deselect", "gate.yaml::other"], [f"tuned::{name}" for name in IDS]),
    ],
)
def test_items_are_picked_as_usual(inner: Run, small: Make, arguments: list[str], wanted: list[str]) -> None:
    small({"tuned": GOOD, "other": WORSE})
    assert ids(inner(*PLAN, "--co", "-q", *arguments)) == [f"gate.yaml::{name}" for name in wanted]


def test_items_stand_beside_the_tests_of_the_project(inner: Run, small: Make, pytester: pytest.Pytester) -> None:
    small()
    pytester.mkdir("tests").joinpath("test_mine.py").write_text("def test_mine(): pass\n")
    mine, plan = ["tests/test_mine.py::test_mine"], [f"gate.yaml::tuned::{name}" for name in IDS]
    assert sorted(ids(inner(*PLAN, "--co", "-q"))) == sorted(mine + plan)
    assert ids(inner(*PLAN, "--co", "-q", "tests")) == mine + plan
    assert ids(inner(*PLAN, "--co", "-q", "-m", "not ragguard")) == mine


def test_a_plan_elsewhere(inner: Run, pytester: pytest.Pytester, tmp_path: Path) -> None:
    folder = workspaces.make(tmp_path / "far")
    found = ids(inner("--ragguard-plan", folder / "gate.yaml", "--co", "-q"))
    assert [name.partition("gate.yaml::")[2] for name in found] == [f"tuned::{name}" for name in IDS]


def test_a_plan_of_the_ini_file_is_collected_where_the_arguments_lead_to_it(inner: Run, small: Make, pytester: pytest.Pytester) -> None:
    small()
    pytester.makeini("[pytest]\nragguard_plan = gate.yaml\n")
    pytester.mkdir("tests").joinpath("test_mine.py").write_text("def test_mine(): pass\n")
    assert len(ids(inner("--co", "-q"))) == 1 + len(IDS)
    assert ids(inner("--co", "-q", "tests")) == ["tests/test_mine.py::test_mine"]


def test_no_plan_no_item(inner: Run, small: Make) -> None:
    small()
    assert inner().ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_plan_that_pytest_ignores_is_not_passed_over(inner: Run, pytester: pytest.Pytester) -> None:
    workspaces.make(pytester.path / ".hidden")
    pytester.makepyfile(test_mine="def test_mine(): pass")
    result = inner("--ragguard-plan", ".hidden/gate.yaml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*gate.yaml was not collected, for pytest ignores it or its folder*"])
    assert inner("--ragguard-plan", ".hidden/gate.yaml", "test_mine.py").ret == 0


BROKEN = {
    "an unknown key": ("gate.yaml", "name: small", "name: small\ncandidats: 3"),
    "a metric that nobody knows": ("suites/golden.yaml", "nDCG@10", "nDGC@10"),
    "a suite that is not there": ("gate.yaml", "suites/golden.yaml", "suites/gold.yaml"),
    "a run that is not there": ("gate.yaml", "good.trec", "nowhere.trec"),
    "a slice without cases": ("suites/golden.yaml", "[canonical]", "[canonicle]"),
    "a model that is not there": ("gate.yaml", "{type: recorded, run: good.trec}", "{type: dense, model: ./nowhere}"),
}


@pytest.mark.parametrize(("file", "old", "new"), BROKEN.values(), ids=list(BROKEN))
def test_a_wrong_plan_is_a_collection_error_in_the_words_of_the_command_line(
    inner: Run, small: Make, capsys: pytest.CaptureFixture[str], file: str, old: str, new: str
) -> None:
    path = small() / file
    path.write_text(path.read_text().replace(old, new, 1))
    capsys.readouterr()
    assert invoke(["gate", "gate.yaml"]) == 3
    said = capsys.readouterr().err.strip()
    result = inner(*PLAN)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert said in result.stdout.str()
    assert "Traceback" not in result.stdout.str()
    assert "File " not in result.stdout.str()
    result.assert_outcomes(errors=1)


def test_a_candidate_that_is_not_in_the_plan(inner: Run, small: Make) -> None:
    small()
    result = inner(*PLAN, "--ragguard-candidate", "tund")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["gate.yaml:5: there is no candidate 'tund'; did you mean 'tuned'?"])


@pytest.mark.parametrize(("option", "kind"), [("--ragguard-plan", "plan"), ("--ragguard-report", "report")])
def test_a_file_that_is_not_there_is_a_usage_error(inner: Run, pytester: pytest.Pytester, option: str, kind: str) -> None:
    result = inner(option, "nowhere.yaml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: nowhere.yaml: there is no such {kind}; *ragguard *"])


def test_a_wrong_word_in_the_ini_file_is_a_usage_error(inner: Run, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nragguard_inconclusive = pass\n")
    result = inner()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*ragguard_inconclusive is 'pass'; write fail or skip"])
