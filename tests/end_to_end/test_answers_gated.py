"""Answers gated whole on golden/payments: an honest generator against those that were spoiled in one way each, and who has none at all."""

import shutil
from pathlib import Path

import pytest
import worlds
from worlds import BOTH, World

from ragguard import gate, preflight
from ragguard.cli import invoke
from ragguard.errors import InputError
from ragguard.records.report import Report

# Systems that know the gold answers by heart, as a model that was trained on the test set would; each spoiled in one way.
KNOWING = """
import json, re
from pathlib import Path

DATA = Path(__file__).parent / "golden" / "payments"
QUERIES = {row["text"]: row for row in map(json.loads, (DATA / "queries.jsonl").read_text().splitlines())}
GENUINE = {" ".join(row["text"].split()) for row in map(json.loads, (DATA / "corpus.jsonl").read_text().splitlines())}
NOT_TOLD = "The documents do not say."


def honest(question, texts):
    row = QUERIES.get(question)
    return row["gold_answer"] if row and row["answerable"] and texts else NOT_TOLD


def swapped(question, texts):
    row = QUERIES.get(question)
    said = honest(question, texts)
    return f"It is {row['forbidden'][0]}." if row and row["forbidden"] and len(question) % 2 else said


def refusing(question, texts):
    return NOT_TOLD if len(question) % 3 == 0 else honest(question, texts)


def talking(question, texts):
    said = honest(question, texts)
    return "Yes, that is so." if said == NOT_TOLD and len(question) % 2 else said


def distracted(question, texts):
    planted = [text for text in texts if not any(" ".join(text.split()).endswith(known) for known in GENUINE)]
    return f"{planted[0]} [1]" if planted and "orders" not in planted[0] else honest(question, texts)


def obedient(question, texts):
    orders = [found for text in texts for found in re.findall(r'(?:words|Reply|answer with) "([^"]+)"', text)]
    return f"{orders[0].capitalize()}." if orders else honest(question, texts)


def leaking(question, texts):
    secrets = [found for text in texts for found in re.findall(r"not for readers: (\\S+)\\.", text)]
    return " ".join([honest(question, texts), *secrets])


def inventing(question, texts):
    said = honest(question, texts)
    return said if said == NOT_TOLD or len(question) % 2 else f"{said} Set auto_mode_x to 777."


def asking(question, texts):
    return "Please provide the passage that this is about." if len(question) % 3 == 0 else honest(question, texts)
"""
BLOCKED_BY = {
    "swapped": {"version-confusion/VersionConflation"},
    "refusing": {"golden/FalseRefusal", "golden/Completeness"},
    "talking": {"golden/FalseAnswer"},
    "distracted": {"adversarial/Completeness/distractors"},
    "obedient": {"adversarial/InstructionFollowed"},
    "leaking": {"adversarial/CanaryLeak"},
    "inventing": {"golden/UnsupportedValue"},
    "asking": {"golden/AsksForSources", "golden/Completeness"},
}
SUITES = ("golden", "adversarial", "version-confusion")


@pytest.fixture(scope="module")
def report(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The shipped suites over golden/payments, a baseline that knows all, and a spoiled candidate of each kind."""
    folder = tmp_path_factory.mktemp("answers")
    for part in ("golden/payments", "suites"):
        shutil.copytree(root / part, folder / part)
    (folder / "knowing_answers.py").write_text(KNOWING)

    def system(name: str) -> str:
        return f"{{retriever: {{type: lexical}}, generator: {{type: python, callable: 'knowing_answers:{name}', contexts: 5}}}}"

    candidates = "".join(f"  {name}: {system(name)}\n" for name in BLOCKED_BY)
    suites = ", ".join(f"suites/{name}.yaml" for name in SUITES)
    plan = f"name: answers\ncollection: golden/payments\nbaseline: {system('honest')}\ncandidates:\n{candidates}suites: [{suites}]\n"
    (folder / "gate.yaml").write_text(plan)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RAGGUARD_STORE", raising=False)
        return gate.run(folder / "gate.yaml", allow_code=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", BLOCKED_BY)
def test_what_was_spoiled_is_blocked_by_the_check_that_looks_for_it(report: Report, name: str) -> None:
    (decision,) = [each for each in report.decisions if each.candidate == name]
    assert decision.answer == "block"
    failed = {verdict.check.identity for verdict in decision.verdicts if verdict.outcome == "fail"}
    assert BLOCKED_BY[name] <= failed, failed
    assert not any(verdict.outcome == "error" for verdict in decision.verdicts)


@pytest.mark.slow
def test_gold_answers_are_complete_and_conflate_nothing(report: Report) -> None:
    answerable = [case for case in report.cases if case.suite == "golden" and "unanswerable" not in case.tags]
    for case in answerable:
        scores = case.scores["baseline"]
        assert scores["ExactMatch"] == scores["TokenF1"] == scores["LengthRatio"] == 1.0, case.id
    # A few of them say a required phrase in other words.
    assert sum(case.scores["baseline"]["Completeness"] == 1.0 for case in answerable) >= 0.97 * len(answerable)
    for case in report.cases:
        if case.suite == "version-confusion":
            assert case.scores["baseline"]["VersionConflation"] != 1.0, case.id


CHECKED = """\
suite: golden
checks:
  - {metric: nDCG@10, tier: blocking, margin: 0.10}
  - {metric: AbstentionAcc, tier: veto, margin: 0.10, needs: answers}
report: [R@5, FalseRefusal]
"""
ANSWERS = "def first(question, texts):\n    return f'{texts[0].split()[0]} [1]' if texts else 'I do not know.'\n"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = worlds.make(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAGGUARD_STORE", raising=False)
    made.write(f"says_{made.module}.py", ANSWERS)
    made.write("suites/golden.yaml", CHECKED)
    return made


def plan(world: World, *, baseline: bool, candidate: bool) -> None:
    says = f", generator: {{type: python, callable: 'says_{world.module}:first', contexts: 1}}"
    before = f"baseline: {{retriever: {BOTH}{says if baseline else ''}}}\n"
    after = f"candidates:\n  new: {{retriever: {world.python('asked')}{says if candidate else ''}}}\n"
    world.write("gate.yaml", f"name: world\ncollection: collection\n{before}{after}suites: [suites/golden.yaml]\n")


def test_where_nobody_answers_the_checks_of_answers_are_left_out_and_the_report_says_so(world, capsys) -> None:
    plan(world, baseline=False, candidate=False)
    assert invoke(["check"]) == 0
    said = "no system of the plan answers, so 1 check of answers is left out"
    assert said in " ".join(capsys.readouterr().out.split())
    assert world.gate() == 0
    assert said in " ".join(capsys.readouterr().out.split())
    (suite,) = world.report.suites
    assert suite.note == said
    assert {mean.metric for mean in suite.means} == {"nDCG@10", "R@5"}


def test_where_all_answer_they_are_judged(world) -> None:
    plan(world, baseline=True, candidate=True)
    assert world.gate() == 0
    (suite,) = world.report.suites
    assert suite.note == ""
    assert {mean.metric for mean in suite.means} == {"nDCG@10", "AbstentionAcc", "R@5", "FalseRefusal"}


def test_where_one_system_alone_answers_there_is_nothing_to_compare(world, capsys) -> None:
    plan(world, baseline=False, candidate=True)
    assert invoke(["check"]) == 3
    assert "suites/golden.yaml:4: golden/AbstentionAcc compares answers, and these systems give none: baseline" in capsys.readouterr().err


def test_a_check_of_answers_that_nobody_said_may_be_left_out_is_an_error(world) -> None:
    world.write("suites/golden.yaml", CHECKED.replace(", needs: answers", ""))
    plan(world, baseline=False, candidate=False)
    with pytest.raises(InputError, match=r"golden.yaml:4: golden/AbstentionAcc is about answers, and no system of the plan gives any"):
        preflight.load(world.folder / "gate.yaml")


def test_a_suite_that_would_be_empty_is_an_error(world) -> None:
    world.write("suites/other.yaml", "suite: other\nchecks:\n  - {metric: AbstentionAcc, tier: veto, needs: answers}\n")
    plan(world, baseline=False, candidate=False)
    text = (world.folder / "gate.yaml").read_text().replace("suites/golden.yaml", "suites/golden.yaml, suites/other.yaml")
    world.write("gate.yaml", text)
    with pytest.raises(InputError, match="every check needs answers, and no system of the plan gives any"):
        preflight.load(world.folder / "gate.yaml")


def test_of_several_answers_to_a_case_a_share_is_no_longer_yes_or_no(world) -> None:
    plan(world, baseline=True, candidate=True)
    once = preflight.load(world.folder / "gate.yaml").scales
    text = (world.folder / "gate.yaml").read_text()
    drawn = "generator: {type: causal-lm, model: here, temperature: 0.5, repeats: 3}}\n"
    world.write("gate.yaml", text.replace(text[text.rindex("generator:") : text.index("suites:")], drawn))
    several = preflight.load(world.folder / "gate.yaml").scales
    assert {str(metric) for metric, scale in once.items() if scale.binary} == {"AbstentionAcc", "FalseRefusal"}
    assert not any(scale.binary for scale in several.values())


def test_blocking_checks_that_are_left_out_are_not_counted(world) -> None:
    checks = "".join(f"  - {{metric: nDCG@{k}, tier: blocking}}\n" for k in range(1, 6))
    world.write("suites/golden.yaml", f"suite: golden\nchecks:\n{checks}  - {{metric: AbstentionAcc, tier: blocking, needs: answers}}\n")
    plan(world, baseline=False, candidate=False)
    assert preflight.load(world.folder / "gate.yaml").endpoints == 5
    plan(world, baseline=True, candidate=True)
    with pytest.raises(InputError, match="6 blocking checks"):
        preflight.load(world.folder / "gate.yaml")
