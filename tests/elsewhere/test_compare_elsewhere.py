"""``ragguard compare`` on other tools' results: what decides, what is missing, what is unlike, what has to be said."""

import json
import random
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ragguard.cli import invoke
from ragguard.records.evidence import NotApplicable, Unscored
from ragguard.records.report import Report
from ragguard.reports import document

FOREIGN = Path(__file__).resolve().parent.parent / "data" / "foreign"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def table(name: str, scores: dict[str, object], metric: str = "accuracy", **columns: dict[str, object]) -> str:
    rows = [{"id": case, metric: score, **{key: values.get(case) for key, values in columns.items()}} for case, score in scores.items()]
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return name


def right(count: int, wrong: int = 0) -> dict[str, object]:
    """So many cases, the first few wrong."""
    return {f"c{number:03d}": float(number >= wrong) for number in range(count)}


def judged(out: str = "reports/compare") -> Report:
    return document.from_json(Path(out) / "report.json")


@pytest.mark.parametrize(("wrong", "code", "answer"), [(0, 0, "promote"), (9, 0, "promote"), (12, 2, "hold"), (40, 1, "block")])
def test_exit_code_headline_and_files_agree(capsys, wrong, code, answer):
    old, new = table("old.jsonl", right(200, 5)), table("new.jsonl", right(200, wrong))
    assert invoke(["compare", old, new]) == code
    out = capsys.readouterr().out
    assert answer.upper() in out
    assert f"(exit code {code})" in out
    report = judged()
    assert (report.answer, report.exit_code) == (answer, code)
    assert answer.upper() in Path("reports/compare/report.md").read_text().splitlines()[0]
    suite = ElementTree.parse("reports/compare/report.junit.xml").getroot()
    assert (int(suite.get("failures")) > 0) == (code != 0)
    assert invoke(["compare", old, new, "--json", "--out", "again"]) == code
    assert json.loads(capsys.readouterr().out) == json.loads(Path("reports/compare/report.json").read_text())


def test_the_same_results_give_the_same_bytes_whatever_the_order_of_rows():
    scores = list(right(120, 7).items())
    old = table("old.jsonl", right(120, 9))
    assert invoke(["compare", old, table("new.jsonl", dict(scores))]) == 0
    first = judged()
    random.Random(7).shuffle(scores)
    assert invoke(["compare", old, table("new.jsonl", dict(scores))]) == 0
    again = judged()
    assert (again.cases, again.decisions) == (first.cases, first.decisions)


def test_a_candidate_that_lacks_cases_does_not_pass_silently(capsys):
    old = table("old.jsonl", right(200))
    for lacking, code in ((4, 0), (8, 2), (30, 4)):
        new = table("new.jsonl", dict(list(right(200).items())[lacking:]))
        assert invoke(["compare", old, new]) == code, f"{lacking} of 200 are missing"
        assert f"lacks {lacking} cases of 200 that old.jsonl has: c000, c001" in " ".join(capsys.readouterr().out.split())
    assert judged().cases[0].scores["candidate"]["accuracy"] == Unscored("the results do not have this case")
    assert "and 20 more" in next(warning for warning in judged().warnings if "lacks" in warning), "ten are named"


def test_cases_that_only_the_candidate_has_are_no_gain():
    old = table("old.jsonl", dict(list(right(200).items())[8:]))
    assert invoke(["compare", old, table("new.jsonl", right(200))]) == 2


def test_what_the_tool_could_not_score_counts_against_the_candidate():
    old = table("old.jsonl", right(200))
    new = table("new.jsonl", {**right(200), "c000": None}, error={"c000": "timeout after 60 s"})
    assert invoke(["compare", old, new]) == 0
    case = judged().cases[0]
    assert case.scores["candidate"]["accuracy"] == Unscored("timeout after 60 s")
    assert case.errors == {"candidate": "timeout after 60 s"}
    estimate = judged().decisions[0].verdicts[0].estimate
    assert (estimate.missing_candidate, estimate.cases) == (1, 200)
    assert estimate.pass_lower < estimate.lower


def test_strangers_are_not_compared(capsys):
    assert invoke(["compare", table("old.jsonl", right(9)), table("new.jsonl", {f"x{n}": 1 for n in range(9)})]) == 3
    assert "shares no case with old.jsonl (it has 'x0', the other 'c000')" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("ragas/old.csv", "deepeval/new.json", "holds results of deepeval, and"),
        ("inspect/old.eval", "promptfoo/out.json:new", "holds results of promptfoo, and"),
    ],
)
def test_two_tools_are_not_compared(capsys, before, after, words):
    assert invoke(["compare", str(FOREIGN / before), str(FOREIGN / after)]) == 3
    assert words in capsys.readouterr().err


def test_other_questions_under_the_same_id_are_not_compared(capsys):
    old = table("old.jsonl", right(70), question={case: f"what is {case}?" for case in right(70)})
    new = table("new.jsonl", right(70), question={case: f"who is {case}?" if case == "c003" else f"what is {case}?" for case in right(70)})
    assert invoke(["compare", old, new]) == 3
    assert "1 case of the same id ask or want something else than in old.jsonl: c003" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [("task_version", 2, "task version is '2'"), ("dataset", {"name": "other"}, "dataset is 'other'"),
     ("scorers", [{"name": "match", "options": {"model": "judge/2"}}], "scorer match is")],
)  # fmt: skip
def test_inspect_logs_of_another_dataset_version_or_judge_are_not_compared(capsys, key, value, words):
    log = json.loads((FOREIGN / "inspect/new.json").read_text())
    log["eval"][key] = value
    Path("new.json").write_text(json.dumps(log))
    assert invoke(["compare", str(FOREIGN / "inspect/old.json"), "new.json"]) == 3
    assert words in capsys.readouterr().err


def test_another_evaluation_model_is_not_compared(capsys):
    text = (FOREIGN / "deepeval/old.json").read_text()
    Path("new.json").write_text(text.replace("words/1", "words/2"))
    assert invoke(["compare", str(FOREIGN / "deepeval/old.json"), "new.json"]) == 3
    assert "evaluation model of Words Grounded is 'words/2', and 'words/1' in" in capsys.readouterr().err


def test_lm_eval_on_another_version_of_its_data_is_not_compared(capsys):
    folder = FOREIGN / "lm_eval"
    (old,) = (folder / "nano").glob("samples_colours_*.jsonl")
    rows = [json.loads(line) for line in next((folder / "stories").glob("samples_colours_*.jsonl")).read_text().splitlines()]
    rows[1] |= {"doc_hash": "0" * 64}
    Path("new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert invoke(["compare", str(old), "new.jsonl"]) == 3
    assert "1 case of the same id ask or want something else" in capsys.readouterr().err


def test_other_prompts_are_told():
    folder = FOREIGN / "lm_eval"
    rows = [json.loads(line) for line in next((folder / "nano").glob("samples_sums_*.jsonl")).read_text().splitlines()]
    for name in ("old", "new"):
        lines = [{**row, "prompt_hash": name} for row in rows]
        Path(f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert invoke(["compare", "old.jsonl", "new.jsonl"]) == 2
    assert any("saw other prompts for 3 cases (0, 1, 2)" in warning for warning in judged().warnings)


def test_lm_eval_tasks_count_alike_and_flips_are_shown(capsys):
    assert invoke(["compare", str(FOREIGN / "lm_eval/nano"), str(FOREIGN / "lm_eval/stories"), "--metric", "exact_match,digits"]) == 2
    blocking = [v for v in judged().decisions[0].verdicts if v.check.tier == "blocking"]
    assert [(str(v.check.metric), v.estimate.cases) for v in blocking] == [("exact_match(filter=digits)", 3)], (
        "the items of that task alone"
    )
    assert invoke(["compare", str(FOREIGN / "lm_eval/nano"), str(FOREIGN / "lm_eval/stories")]) == 2
    report = judged()
    assert {row.task: row.items for row in report.suites[0].tasks} == {"": 8, "colours": 5, "sums": 3}
    assert {v.check.slice for v in report.decisions[0].verdicts} == {"", "colours", "sums"}
    assert "lm-eval tasks: mean score of the items" in capsys.readouterr().out


MTEB_RESULTS = {"dataset_revision": "x", "task_name": "Tiny", "mteb_version": "2.26", "scores": {"test": [{"main_score": 0.6}]}}


@pytest.mark.parametrize("shape", ["file", "folder"])
def test_scores_of_whole_tasks_are_refused_with_what_to_give_instead(capsys, shape):
    for system in ("old", "new"):
        Path(f"mteb/{system}/model/1").mkdir(parents=True)
        Path(f"mteb/{system}/model/1/Tiny.json").write_text(json.dumps(MTEB_RESULTS))
    names = [f"mteb/{system}" + ("/model/1/Tiny.json" if shape == "file" else "") for system in ("old", "new")]
    assert invoke(["compare", *names]) == 3
    err = capsys.readouterr().err
    assert "mteb/old/model/1/Tiny.json: holds scores of whole tasks, and none of single cases" in err
    assert "prediction_folder=" in err
    results = [str(next((FOREIGN / "lm_eval" / system).glob("results_*.json"))) for system in ("nano", "stories")]
    assert invoke(["compare", *results]) == 3
    assert "--log_samples" in capsys.readouterr().err


def test_json_of_nobody_is_told_so(capsys):
    for name in ("old.json", "new.json"):
        Path(name).write_text('{"some": "thing"}')
    assert invoke(["compare", "old.json", "new.json"]) == 3
    assert (
        "old.json: is no report: it has no schema_version; give a report.json that ragguard wrote; of another tool's"
        in capsys.readouterr().err
    )


def test_what_decides_is_asked_for_where_no_tool_says(capsys):
    old, new = (str(FOREIGN / f"ragas/{name}.csv") for name in ("old", "new"))
    assert invoke(["compare", old, new]) == 3
    assert 'ragas puts none of its metrics first (exact_match, string_present); name what decides, for instance --metric "exact_match"' in (
        capsys.readouterr().err
    )
    assert invoke(["compare", old, new, "--metric", "exact_match"]) == 2
    tiers = {str(v.check.metric): v.check.tier for v in judged().decisions[0].verdicts}
    assert tiers == {"exact_match": "blocking", "string_present": "advisory"}
    assert invoke(["compare", old, new, "--metric", "exact_mach"]) == 3
    assert "did you mean 'exact_match'?" in capsys.readouterr().err


def test_direction_and_range_are_asked_for_and_taken(capsys):
    random.seed(7)
    old = table("old.jsonl", {f"c{n}": random.choice([2, 3, 4]) for n in range(200)}, "Helpfulness Rubric")
    worse = table("new.jsonl", {f"c{n}": random.choice([1, 2, 3]) for n in range(200)}, "Helpfulness Rubric")
    assert invoke(["compare", old, worse]) == 3
    err = capsys.readouterr().err
    assert 'say --higher-is-better "Helpfulness Rubric" or --lower-is-better "Helpfulness Rubric"' in err
    assert 'say --range "Helpfulness Rubric=LOW..HIGH" (seen: 1..4)' in err
    said = ["--range", "Helpfulness Rubric=1..5"]
    assert invoke(["compare", old, worse, *said, "--higher-is-better", "Helpfulness Rubric"]) == 1
    assert judged().decisions[0].verdicts[0].estimate.scale.high == 5
    assert invoke(["compare", old, worse, *said, "--lower-is-better", "Helpfulness Rubric"]) == 0
    assert invoke(["compare", old, worse, "--range", "Helpfulness Rubric=0..3", "--higher-is-better", "Helpfulness Rubric"]) == 3
    assert "outside its range 0 to 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--range", "accuracy=5"], "write METRIC=LOW..HIGH"),
        (["--range", "accuracy=5..1"], "is no range"),
        (["--margin", "1.5"], "is no share of a metric's range"),
        (["--higher-is-better", "x", "--lower-is-better", "x"], "x cannot be better both"),
        (["--format", "ragass"], "did you mean 'ragas'"),
        (["--id", "nothing"], "has no column 'nothing'"),
        (["--metric", "a", "--metric", "b"], "has no metric 'a'"),
    ],
)
def test_options_that_say_nothing_are_refused(capsys, options, words):
    assert invoke(["compare", table("old.jsonl", right(70)), table("new.jsonl", right(70)), *options]) == 3
    assert words in capsys.readouterr().err


def test_options_for_results_are_none_for_reports(capsys):
    assert invoke(["compare", table("old.jsonl", right(70)), table("new.jsonl", right(70))]) == 0
    assert invoke(["compare", "reports/compare", "reports/compare"]) == 0, "a comparison is a report like any other"
    assert invoke(["compare", "reports/compare", "reports/compare", "--metric", "accuracy"]) == 3
    assert "--metric is for results made elsewhere" in capsys.readouterr().err
    assert invoke(["compare", "reports/compare", "new.jsonl"]) == 3
    assert "new.jsonl is a file of results and reports/compare is not" in capsys.readouterr().err


def test_a_metric_without_a_range_only_advises(capsys):
    old, new = ({"accuracy": 1, "latency_ms": 100 + n} for n in (0, 50))
    for name, row in (("old.jsonl", old), ("new.jsonl", new)):
        Path(name).write_text("".join(json.dumps({"id": n, **row}) + "\n" for n in range(70)))
    assert invoke(["compare", "old.jsonl", "new.jsonl", "--metric", "accuracy"]) == 0
    latency = next(v for v in judged().decisions[0].verdicts if str(v.check.metric) == "latency_ms")
    assert (latency.check.tier, latency.estimate.scale.higher_is_better, latency.estimate.difference) == ("advisory", False, -50)
    assert invoke(["compare", "old.jsonl", "new.jsonl", "--metric", "latency_ms"]) == 3
    assert "'latency_ms' has no range" in capsys.readouterr().err


def test_a_metric_that_only_one_has_decides_nothing(capsys):
    old, new = table("old.jsonl", right(70), f1=right(70)), table("new.jsonl", right(70))
    assert invoke(["compare", old, new, "--metric", "accuracy"]) == 0
    assert any("f1 is not shown: has no metric 'f1', which old.jsonl has" in warning for warning in judged().warnings)
    assert invoke(["compare", old, new, "--metric", "f1"]) == 3
    assert "new.jsonl: has no metric 'f1', which old.jsonl has; run both with the same metrics" in capsys.readouterr().err


def test_clusters_and_tasks_are_those_of_the_table():
    intents = {case: f"i{int(case[1:]) // 2}" for case in right(200)}
    old, new = (table(f"{name}.jsonl", right(200, wrong), intent=intents) for name, wrong in (("old", 0), ("new", 1)))
    assert invoke(["compare", old, new]) == 0
    estimate = judged().decisions[0].verdicts[0].estimate
    assert (estimate.cases, estimate.intents) == (200, 100)
    assert estimate.difference == pytest.approx(-0.5 / 100), "half of one intent"
    assert "Hall" in estimate.method, "several cases an intent are no paired proportions"


SUITE = """
suite: support
cases: {not_tags: [draft]}
slices:
  billing: {tags: [billing]}
checks:
  - {metric: accuracy, tier: blocking, margin: 0.1}
  - {metric: accuracy, slice: billing, tier: must}
max_unscored: 0.5
"""


def test_a_suite_says_checks_slices_and_cases(capsys):
    tags = {"c000": ["billing"], "c001": ["draft"]}
    old, new = (table(f"{name}.jsonl", right(100, wrong), tags=tags) for name, wrong in (("old", 0), ("new", 1)))
    Path("suite.yaml").write_text(SUITE)
    assert invoke(["compare", old, new, "--suite", "suite.yaml"]) == 1
    verdicts = judged().decisions[0].verdicts
    assert {(v.check.tier, v.outcome, v.estimate.cases) for v in verdicts} == {("blocking", "pass", 99), ("must", "fail", 1)}
    assert judged().suites[0].name == "support"
    assert invoke(["compare", old, new, "--suite", "suite.yaml", "--metric", "accuracy"]) == 3
    assert "leave --metric and --margin out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("metric: accuracy, tier: blocking", "metric: acuracy, tier: blocking", "suite.yaml:6: has no metric 'acuracy'; did you mean"),
        ("tags: [billing]", "tags: [biling]", "slice 'billing' has no case; the tags there are: billing, draft"),
        ("suite: support", "suite: support\nkind: adversarial", "kind: adversarial asks systems"),
        ("not_tags: [draft]", "asks: current", "asks: is a field of queries"),
        ("tier: blocking", "tier: advisory", "no check is blocking"),
    ],
)  # fmt: skip
def test_a_suite_that_the_results_do_not_fit_is_refused(capsys, old, new, words):
    tags = {"c000": ["billing"], "c001": ["draft"]}
    files = [table(f"{name}.jsonl", right(100), tags=tags) for name in ("old", "new")]
    Path("suite.yaml").write_text(SUITE.lstrip().replace(old, new, 1))
    assert invoke(["compare", *files, "--suite", "suite.yaml"]) == 3
    assert words in capsys.readouterr().err


def test_rankings_are_scored_by_judgements_alone(capsys):
    folder = FOREIGN / "mteb"
    assert invoke(["compare", str(folder / "old"), str(folder / "new")]) == 3
    assert "or judgements alone with --qrels FILE" in capsys.readouterr().err
    assert invoke(["compare", str(folder / "old"), str(folder / "new"), "--qrels", str(folder / "qrels.txt")]) == 2
    report = judged()
    assert {str(v.check.metric): v.check.tier for v in report.decisions[0].verdicts} == {
        "nDCG@10": "blocking", "RR": "veto", "R@100": "veto", "AP": "advisory",
    }  # fmt: skip
    assert report.cases[0].rankings["candidate"][0].grade == 1
    options = ["--qrels", str(folder / "qrels.txt"), "--metric", "RR"]
    assert invoke(["compare", str(folder / "old"), str(folder / "new"), *options]) == 2
    assert [str(v.check.metric) for v in judged().decisions[0].verdicts] == ["RR"]
    assert invoke(["compare", str(folder / "old"), str(folder / "new"), *options[:2], "--metric", "Stale@5"]) == 3
    assert "cannot be told from rankings and judgements alone" in capsys.readouterr().err


def test_our_scores_of_a_run_are_those_that_ir_measures_printed():
    folder = FOREIGN / "ir_measures"
    runs = [str(folder / f"{name}.trec") for name in ("old", "new")]
    asked = ["--metric", "nDCG@10", "--metric", "RR", "--metric", "P(rel=2)@5"]
    assert invoke(["compare", *runs, "--qrels", str(folder / "qrels.txt"), *asked]) == 4, "a third of the candidate is missing"
    ours = {case.id: case.scores["baseline"] for case in judged().cases}
    assert isinstance(judged().cases[2].scores["candidate"]["nDCG@10"], Unscored), "new.trec lacks q3, which ir-measures counts as 0"
    assert invoke(["compare", *(str(folder / f"{name}.tsv") for name in ("old", "new")), "--metric", "nDCG@10"]) == 2
    theirs = {case.id: case.scores["baseline"] for case in judged().cases}
    for case in ("q1", "q3"):
        assert isinstance(ours[case].pop("P(rel=2)@5"), NotApplicable), "no document has this grade, which ir-measures counts as 0"
        assert theirs[case].pop("P(rel=2)@5") == 0
    for case, scores in ours.items():
        assert scores == pytest.approx(theirs[case], abs=5e-5), "to the four decimals that it prints"


def test_cranfield_by_judgements_alone_is_cranfield_by_its_collection(shared_data):
    data = shared_data / "cranfield"
    runs = [str(data / f"run.{name}.trec") for name in ("bm25", "potion4m")]
    qrels = next((data / "qrels").glob("*.tsv"))
    whole = invoke(["compare", *runs, "--collection", str(data), "--out", "whole"])
    assert invoke(["compare", *runs, "--qrels", str(qrels), "--out", "alone"]) == whole
    numbers = [{str(v.check.metric): v.estimate.difference for v in judged(out).decisions[0].verdicts} for out in ("whole", "alone")]
    assert numbers[0] == numbers[1]


def test_show_tells_about_one_case(capsys):
    assert invoke(["compare", str(FOREIGN / "promptfoo/out.json:old"), str(FOREIGN / "promptfoo/out.json:new")]) == 4
    capsys.readouterr()
    assert invoke(["show", "What is a refund?", "--report", "reports/compare"]) == 0
    out = capsys.readouterr().out
    assert "It is given back." in out
    assert "Ranked" not in out
