"""Two stored things compared: run files, reports, run ids; what is unlike is refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import worlds
from worlds import TEXTS, TITLES, World

from ragguard.cli import invoke
from ragguard.records.report import Report
from ragguard.reports import document

Compare = Callable[..., int]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = worlds.make(tmp_path)
    monkeypatch.chdir(tmp_path)
    made.plan(TITLES, {"new": TEXTS})
    return made


def judged(out: Path = Path("reports/compare")) -> Report:
    return document.from_json(out / "report.json")


def gated(world: World, to: str) -> Path:
    """Gate, and put the reports somewhere else."""
    world.gate("--out", str(world.folder / to))
    return world.folder / to


@pytest.mark.parametrize(("order", "code", "means"), [(("bm25", "potion4m"), 1, (0.316, 0.284)), (("potion4m", "bm25"), 0, (0.284, 0.316))])
def test_cranfield_both_ways(shared_data, tmp_path, monkeypatch, order, code, means):
    monkeypatch.chdir(tmp_path)
    data = shared_data / "cranfield"
    runs = [str(data / f"run.{name}.trec") for name in order]
    got = invoke(["compare", *runs, "--collection", str(data)])
    report = judged()
    estimate = next(v.estimate for v in report.decisions[0].verdicts if str(v.check.metric) == "nDCG@10")
    assert (round(estimate.baseline_mean or 0, 3), round(estimate.candidate_mean or 0, 3)) == means
    assert got == report.exit_code
    assert (got == 0) == (code == 0)
    assert {name for case in report.cases for name in case.scores} == {"baseline", "candidate"}


def test_run_files_need_their_collection(world, capsys):
    world.run_file("a.trec", lambda _: 1, 80)
    world.run_file("b.trec", lambda _: 3, 80)
    assert invoke(["compare", "a.trec", "b.trec"]) == 3
    assert "--collection FOLDER" in capsys.readouterr().err
    assert invoke(["compare", "a.trec", "b.trec", "--collection", "collection"]) == 1
    assert judged().answer == "block"
    assert "BLOCK" in capsys.readouterr().out
    assert invoke(["compare", "b.trec", "a.trec", "--collection", "collection", "--out", "elsewhere", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["answer"] == judged(Path("elsewhere")).answer == "promote"


def test_run_files_in_json_lines_a_suite_and_a_split_of_ones_own(world):
    world.run_file("a.trec", lambda _: 1, 80)
    lines = [{"query-id": f"q-{n:04d}", "ranking": [{"id": f"d-{n % 20:02d}", "score": 1.5}]} for n in range(80)]
    world.write("b.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    world.suite("mine", "checks:\n  - {metric: Success@1, tier: blocking, margin: 0.5}\n")
    (world.folder / "collection/qrels/test.tsv").rename(world.folder / "collection/qrels/dev.tsv")
    options = ["--collection", "collection", "--split", "dev", "--suite", "suites/mine.yaml"]
    assert invoke(["compare", "a.trec", "b.jsonl", *options]) == 0
    assert [(s.name, s.split) for s in judged().suites] == [("mine", "dev")]


def test_a_folder_a_file_and_a_run_id_name_the_same_report(world):
    before = gated(world, "before")
    run = document.from_json(before / "report.json").run
    answers = []
    for name in ("before", "before/report.json", run):
        assert invoke(["compare", f"{name}:baseline", f"{name}:new"]) == 0
        answers.append(judged())
    assert answers[0] == answers[1] == answers[2]
    gate, compared = document.from_json(before / "report.json"), answers[0]
    assert [v.estimate for v in compared.decisions[0].verdicts] == [v.estimate for v in gate.decisions[0].verdicts]
    assert [arm.role for arm in compared.arms] == ["baseline", "candidate"]
    assert invoke(["compare", f"{run}:new", f"{run}:baseline"]) == 1
    assert invoke(["compare", run, run]) == 0, "a run's name alone is its candidate"


def test_run_ids_are_found_in_another_store(world, monkeypatch):
    monkeypatch.setenv("RAGGUARD_STORE", str(world.folder / "elsewhere"))
    run = document.from_json(gated(world, "before") / "report.json").run
    assert invoke(["compare", f"{run}:baseline", run]) == 0


def test_two_reports_of_one_question(world):
    old = gated(world, "old")
    world.plan(TITLES, {"next": "{type: lexical, document_text: '{title} {text}'}"})
    new = gated(world, "new")
    assert invoke(["compare", str(old), str(new)]) == 0
    report = judged()
    assert [(arm.name, arm.description["retriever"]["document_text"]) for arm in report.arms] == [
        ("baseline", "{text}"),
        ("candidate", "{title} {text}"),
    ]
    assert {mean.arm for suite in report.suites for mean in suite.means} == {"baseline", "candidate"}


def test_a_report_compared_with_itself_blocks_nothing(world):
    gated(world, "before")
    for arm in ("new", "baseline"):
        assert invoke(["compare", f"before:{arm}", f"before:{arm}"]) == 0
        assert {v.estimate.difference for v in judged().decisions[0].verdicts} == {0.0}
    small = worlds.make(world.folder / "small", queries=30)
    small.plan(TITLES, {"new": TEXTS})
    small.gate()
    assert invoke(["compare", str(small.out), str(small.out)]) == 2, "too few to promote, and nothing to block"


def test_a_report_and_a_run_file_are_unlike(world, capsys):
    gated(world, "before")
    world.run_file("a.trec", lambda _: 1, 80)
    assert invoke(["compare", "before", "a.trec", "--collection", "collection"]) == 3
    assert "compare two run files, or two reports" in capsys.readouterr().err


def test_another_golden_set_is_refused(world, capsys):
    gated(world, "before")
    qrels = world.folder / "collection/qrels/test.tsv"
    qrels.write_text(qrels.read_text() + "q-0000\td-03\t1\n")
    gated(world, "after")
    assert invoke(["compare", "before", "after"]) == 3
    assert "golden: the two ran on different golden sets" in capsys.readouterr().err
    assert not Path("reports/compare").exists()


@pytest.mark.parametrize(
    ("old", "new"),
    [("margin: 0.05}\n", "margin: 0.06}\n"), ("RR", "AP"), ("checks", "cases: {tags: [even]}\nchecks"), ("veto", "advisory")],
)
def test_other_margins_checks_and_cases_are_refused(world, capsys, old, new):
    gated(world, "before")
    world.suite(body=worlds.CHECKS.replace(old, new, 1))
    gated(world, "after")
    assert invoke(["compare", "before", "after"]) == 3
    assert "different cases, checks or margins" in capsys.readouterr().err


def test_a_suite_that_only_one_ran_is_refused(world, capsys):
    gated(world, "before")
    world.suite("more")
    world.plan(TITLES, {"new": TEXTS}, suites=("golden", "more"))
    gated(world, "after")
    for pair in (("before", "after"), ("after", "before")):
        assert invoke(["compare", *pair]) == 3
        assert "did not run the suite 'more'" in capsys.readouterr().err


def test_what_is_not_there_is_said(world, capsys):
    world.plan(TITLES, {"new": TEXTS, "other": "{type: lexical}"})
    gated(world, "before")
    for names, message in (
        (("before", "before:new"), "several candidates (new, other); name one: before:new"),
        (("before:nwe", "before:new"), "did you mean 'new'?"),
        (("before:new", "nowhere"), "nowhere: is no run, report or run file"),
    ):
        assert invoke(["compare", *names]) == 3
        assert message in capsys.readouterr().err
    shutil.copy("before/report.json", "torn.json")
    Path("torn.json").write_text(Path("torn.json").read_text()[:-100])
    assert invoke(["compare", "before:new", "torn.json"]) == 3
    assert "is not JSON" in capsys.readouterr().err


def test_an_outage_is_not_compared_as_if_it_were_a_result(world):
    world.plan(TITLES, {"broken": world.python("out_of_order")})
    gated(world, "before")
    assert invoke(["compare", "before:baseline", "before:broken"]) == 4
    assert judged().answer == "error"
    assert "no route to the index" in judged().cases[0].errors["candidate"]


def test_a_candidate_that_never_ran_cannot_be_compared(world, capsys):
    world.plan(TITLES, {"broken": world.python("Keyed", ", arguments: {nonsense: 1}"), "new": TEXTS})
    gated(world, "before")
    assert invoke(["compare", "before:new", "before:broken"]) == 4


def test_one_query_by_id_and_by_text(world, capsys):
    world.gate()
    capsys.readouterr()
    assert invoke(["show", "q-0002", "--plan", "gate.yaml"]) == 0
    by_id = capsys.readouterr().out
    assert "question on word2" in by_id
    assert invoke(["show", "Question on WORD2", "--report", "reports/world"]) == 0
    assert capsys.readouterr().out == by_id
    assert invoke(["show", "q-0002", "--json"]) == 0
    (case,) = json.loads(capsys.readouterr().out)["cases"]
    assert set(case["rankings"]) == {"baseline", "new"}
    assert invoke(["show", "q-002"]) == 3
    assert "did you mean 'q-00" in capsys.readouterr().err
