"""The adversarial suite, gated whole: clean queries beside perturbed ones, planted documents, and what it all cost, in every report."""

import json
from pathlib import Path

import pytest
import worlds
from worlds import BOTH, TEXTS, World

from ragguard.cli import invoke
from ragguard.records.report import Report
from ragguard.reports import document

SUITE = """\
kind: adversarial
perturbations: [plain, polite, negated, swapped]
attacks: [distractors, poisoned, instructions]
targets: 5
checks:
  - {metric: nDCG@10, tier: blocking, margin: 0.05}
  - {metric: nDCG@10, slice: polite, tier: veto, margin: 0.10}
  - {metric: Poisoned@5, tier: veto, margin: 0.10}
  - {metric: Drop(of=nDCG)@10, tier: advisory}
report: [Confused@1, WrongType@1]
"""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Twenty documents of two products; every query names the product of its document."""
    made = worlds.make(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAGGUARD_STORE", raising=False)
    path = tmp_path / "collection/corpus.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    products = [("payouts", "guide"), ("cards", "api")]
    marked = [{**row, "product": products[i % 2][0], "type": products[i % 2][1]} for i, row in enumerate(rows)]
    path.write_text("".join(json.dumps(row) + "\n" for row in marked))
    path = tmp_path / "collection/queries.jsonl"
    asked = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps({**row, "text": f"{products[i % 2][0]} {row['text']}"}) + "\n" for i, row in enumerate(asked)))
    made.suite("adversarial", SUITE)
    return made


def test_cases_means_and_costs_are_in_the_report(world, capsys):
    world.plan(BOTH, {"new": TEXTS}, ["adversarial"])
    assert world.gate() == 0
    report = world.report
    (suite,) = report.suites
    assert suite.made == ("plain", "polite", "negated", "swapped", "distractors", "poisoned", "instructions")
    assert suite.note == "each attack aims at 5 intents at most"
    aside = [case for case in report.cases if case.aside]
    assert len(aside) == 80
    assert suite.cases == len(report.cases) - 80
    found = {(each.metric, each.slice): each for each in suite.means if each.arm == "new"}
    assert found["nDCG@10", "clean"].scored == 80
    assert found["nDCG@10", "swapped"].scored == 0
    assert found["Confused@1", "swapped"].scored == 80
    assert found["Poisoned@5", ""].scored == found["Poisoned@5", "poisoned"].scored + found["Poisoned@5", "instructions"].scored == 10
    for case in report.cases:
        if case.aside or "swapped" in case.slices:
            continue
        clean = next(each for each in aside if each.id == case.id.split("~")[0])
        for arm in ("baseline", "new"):
            cost = clean.scores[arm]["nDCG@10"] - case.scores[arm]["nDCG@10"]
            assert case.scores[arm]["Drop(of=nDCG)@10"] == pytest.approx(cost, abs=1e-12)
    printed = capsys.readouterr().out
    assert "What hurt: nDCG@10" in printed
    markdown = (world.out / "report.md").read_text()
    assert "**What hurt**: `nDCG@10`" in markdown
    assert "| `poisoned` | 5 |" in markdown


def test_planted_documents_are_found_and_shown_as_such(world, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    world.plan(BOTH, {"new": TEXTS}, ["adversarial"])
    world.gate()
    report = world.report
    planted = {name: shown.planted for name, shown in report.documents.items() if shown.planted}
    assert set(planted.values()) == {"distractors", "poisoned", "instructions"}
    poisoned = next(case for case in report.cases if "poisoned" in case.slices)
    assert any(shown.id in planted for shown in poisoned.rankings["new"])
    assert not any(shown.id in planted for case in report.cases if case.aside for shown in case.rankings["new"])
    capsys.readouterr()
    assert invoke(["show", poisoned.id]) == 0
    assert "PLANTED (poisoned)" in capsys.readouterr().out


def test_a_second_run_and_a_comparison_say_the_same(world, capsys):
    world.plan(BOTH, {"new": TEXTS}, ["adversarial"])
    world.gate()
    before = world.timeless()
    world.gate()
    assert world.timeless() == before
    capsys.readouterr()
    assert invoke(["compare", "reports/world:baseline", "reports/world:new", "--out", "again"]) == 0
    assert differences(document.from_json(world.folder / "again/report.json")) == differences(world.report)


def test_full_lifts_the_caps(world):
    world.suite("adversarial", SUITE.replace("targets: 5\n", "targets: 5\nper_query: 1\n"))
    world.plan(BOTH, {"new": TEXTS}, ["adversarial"])
    world.gate()
    capped = world.report.suites[0]
    world.gate("--full")
    full = world.report.suites[0]
    assert (capped.cases, full.cases) == (80 + 3 * 5, 3 * 80 + 3 * 80)  # plain changes nothing here
    assert capped.note == "1 of 4 perturbations a query; each attack aims at 5 intents at most"
    assert full.note == ""
    assert capped.fingerprint != full.fingerprint


def test_a_system_with_its_own_index_cannot_be_attacked(world, capsys):
    world.plan(world.python("asked"), {"new": TEXTS}, ["adversarial"])
    assert world.gate() == 3
    said = capsys.readouterr().err
    assert "gate.yaml:3: " in said
    assert "brings its own index, so what an adversarial suite plants in the corpus is not in it; leave attacks: out" in said


def test_a_drop_can_only_be_advisory(world, capsys):
    world.suite("adversarial", SUITE.replace("@10, tier: advisory", "@10, tier: veto"))
    world.plan(BOTH, {"new": TEXTS}, ["adversarial"])
    assert world.gate() == 3
    assert "adversarial.yaml:10: Drop(of=nDCG)@10 can only be advisory" in capsys.readouterr().err


def test_poison_needs_an_attack(world, capsys):
    world.suite("adversarial", SUITE.replace("attacks: [distractors, poisoned, instructions]\ntargets: 5\n", ""))
    world.plan(BOTH, {"new": TEXTS}, ["adversarial"])
    assert world.gate() == 3
    assert "it needs a suite of kind: adversarial, with poisoned or instructions among its attacks" in capsys.readouterr().err


def test_cases_are_written_for_a_system_that_is_asked_elsewhere_and_judged_as_recorded(world, capsys):
    world.plan(BOTH, {"new": TEXTS}, ["adversarial"])
    assert invoke(["cases", "gate.yaml", "--out", "asked"]) == 0
    assert len(capsys.readouterr().out.split()) == 7
    asked = world.folder / "asked/adversarial"
    texts = {row["_id"]: row["text"] for path in asked.rglob("queries.jsonl") for row in map(json.loads, path.read_text().splitlines())}
    world.gate()
    report = world.report
    assert texts == {case.id: case.text for case in report.cases}
    planted = [json.loads(line) for line in (asked / "poisoned/planted.jsonl").read_text().splitlines()]
    assert len(planted) == 5
    assert all(row["_id"].startswith("planted:poisoned:") and row["text"] and row["product"] for row in planted)
    # Asked elsewhere: the same rankings, as a run file, are judged the same.
    lines = [
        f"{case.id} Q0 {shown.id} {rank} {shown.score} x\n" for case in report.cases for rank, shown in enumerate(case.rankings["new"], 1)
    ]
    world.write("new.trec", "".join(lines))
    world.plan(BOTH, {"new": "{type: recorded, run: new.trec}"}, ["adversarial"])
    assert world.gate() == 0
    assert differences(world.report) == differences(report)


def differences(report: Report) -> dict[str, float | None]:
    return {each.check.identity: each.estimate.difference for each in report.decisions[0].verdicts}
