"""What each tool really wrote, read: its scores, its errors in its own words, what must agree and what is only told."""

import json
import shutil
from pathlib import Path

import pytest

from ragguard.data.foreign import formats, opened, rankings
from ragguard.data.foreign.wanted import Wanted
from ragguard.errors import InputError
from ragguard.records.evidence import Unscored
from ragguard.records.foreign import Known, Table

HERE = Path(__file__).parent


def read(name: str, arm: str = "") -> Table:
    path = HERE / name
    return opened.table(path, opened.of(path), Wanted(arm))


@pytest.mark.parametrize(
    ("path", "tool"),
    [
        ("lm_eval/nano", "lm-eval"), ("inspect/old.eval", "inspect"), ("inspect/old.json", "inspect"), ("promptfoo/out.json", "promptfoo"),
        ("promptfoo/out.jsonl", "promptfoo"), ("deepeval/old.json", "deepeval"), ("ragas/old.csv", "ragas"), ("ragas/old.jsonl", "ragas"),
        ("ragas/old.parquet", "ragas"), ("mteb/old", "mteb"), ("mteb/old/TinyRetrieval_predictions.json", "mteb"),
        ("ir_measures/old.tsv", "ir-measures"), ("ir_measures/old.jsonl", "ir-measures"), ("ir_measures/old.trec", "trec"),
    ],
)  # fmt: skip
def test_what_a_tool_wrote_is_recognised(path, tool):
    found = formats.recognise(HERE / path)
    assert found is not None
    assert found.name == tool


def test_what_looks_like_nothing_is_said_with_all_formats(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("nothing to see\n")
    with pytest.raises(InputError, match=r"name the tool with --format: lm-eval, inspect, promptfoo, deepeval, mteb, trec"):
        opened.of(path)
    with pytest.raises(InputError, match="did you mean 'promptfoo'"):
        opened.of(path, "promptfo")


def test_lm_eval_scores_every_item_by_its_tasks_first_metric():
    table = read("lm_eval/nano")
    assert table.task_metric == {"colours": "acc", "sums": "exact_match(filter=strict)"}
    results = json.loads(next((HERE / "lm_eval/nano").glob("results_*.json")).read_text())["results"]
    for task, metric, theirs in (("colours", "acc", "acc,none"), ("sums", "exact_match(filter=digits)", "exact_match,digits")):
        scores = [score for case, score in table.scores[metric].items() if table.items[case].task == task]
        assert sum(scores) / len(scores) == pytest.approx(results[task][theirs]), "the mean is the one that lm-eval printed"
    assert table.names["exact_match,digits"] == "exact_match(filter=digits)"
    assert table.known["acc"].higher_is_better is True
    assert table.about["model"] == "nano"
    assert table.facts["version of task colours"] == "Yaml"


def test_lm_eval_says_what_was_asked_wanted_and_said():
    table = read("lm_eval/nano")
    item = table.items["colours/0"]
    assert (item.text, item.expected, table.said["colours/0"].text) == ("The sky is", "blue", "blue")
    assert table.items["sums/1"].expected == "5"
    assert table.said["sums/1"].text == "5 5 8"
    assert len({item.intent for item in table.items.values()}) == 7, "two items of colours are the same document, by lm-eval's own hash"


def test_lm_eval_leaves_out_what_is_no_score_of_an_item(tmp_path):
    (path,) = (HERE / "lm_eval/nano").glob("samples_colours_*.jsonl")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    lines = [{**row, "metrics": ["word_perplexity", "acc"], "word_perplexity": [-3.5, 2]} for row in rows]
    made = tmp_path / path.name
    made.write_text("".join(json.dumps(line) + "\n" for line in lines))
    table = opened.table(made, opened.of(made), Wanted())
    assert set(table.scores) == {"acc"}
    assert "lm-eval computes it of all of them" in table.left_out["word_perplexity"]


def test_lm_eval_takes_the_newest_file_of_a_task(tmp_path):
    (path,) = (HERE / "lm_eval/nano").glob("samples_sums_*.jsonl")
    (tmp_path / "samples_sums_2026-01-01T00-00-00.000000.jsonl").write_text("")
    shutil.copy(path, tmp_path)
    assert len(opened.table(tmp_path, opened.of(tmp_path), Wanted()).items) == 3


@pytest.mark.parametrize("kind", ["json", "eval"])
def test_inspect_averages_epochs_and_keeps_what_failed(kind):
    table = read(f"inspect/new.{kind}")
    assert table.main == ("match",)
    assert table.repeats == 2
    assert table.scores["match"]["six-plus-six"] == 0.5, "right once, wrong once"
    assert table.scores["verdict"]["six-plus-six"] == 0.75, "C and P"
    failed = table.scores["match"]["half-of-eight"]
    assert failed == Unscored("1 of 2 repeats: ValueError('the tool server did not answer')")
    assert table.errors == {"half-of-eight": "epoch 2: ValueError('the tool server did not answer')"}
    assert table.items["six-plus-six"].tags == ("area=sums",)
    assert {"form:brief", "form:digits"} <= set(table.scores), "a scorer of several values"
    assert table.known["verdict"] == Known(True, 0.0, 1.0)
    assert table.facts["arithmetic: dataset"] == "sums"


def test_inspect_log_is_the_same_packed_and_plain():
    packed, plain = read("inspect/old.eval"), read("inspect/old.json")
    assert packed.scores == plain.scores
    assert packed.items == plain.items
    assert (packed.facts, packed.about) == (plain.facts, plain.about)


def test_inspect_mean_is_the_logs_own():
    log = json.loads((HERE / "inspect/old.json").read_text())
    printed = {each["name"]: each["metrics"].get("accuracy", each["metrics"].get("mean"))["value"] for each in log["results"]["scores"]}
    table = read("inspect/old.json")
    for ours, theirs in (("match", "match"), ("verdict", "verdict"), ("form:digits", "digits")):
        scores = table.scores[ours].values()
        assert sum(scores) / len(scores) == pytest.approx(printed[theirs])


@pytest.mark.parametrize("name", ["promptfoo/out.json", "promptfoo/out.jsonl"])
def test_promptfoo_averages_repeats_of_one_provider(name):
    table = read(name, "new")
    assert table.main == ("pass",)
    assert table.repeats == 2
    by_text = {item.text: case for case, item in table.items.items()}
    refund, limit = by_text["What is a refund?"], by_text["Is there a limit?"]
    assert table.scores["pass"][refund] == 0.0
    assert table.scores["Wording"] == {refund: 0.0}, "a metric that one test alone has"
    assert table.scores["pass"][limit] == Unscored("1 of 2 repeats: 503 from the service")
    assert table.scores["Facts"][limit] == Unscored("1 of 2 repeats: 503 from the service")
    assert table.items[refund].tags == ("area=refunds",)
    assert table.said[refund].contexts == ("A refund gives money back.",)


def test_promptfoo_with_several_providers_asks_which():
    with pytest.raises(InputError, match=r"holds several systems \(old, new\); name one: .*out.json:old"):
        read("promptfoo/out.json")
    with pytest.raises(InputError, match="did you mean 'new'"):
        read("promptfoo/out.json", "neww")


def test_deepeval_keeps_what_its_metrics_could_not_score():
    table = read("deepeval/new.json")
    by_text = {item.text: case for case, item in table.items.items()}
    empty = by_text["Is there a limit?"]
    assert table.scores["Exact_Match"][empty] == Unscored(
        "MissingTestCaseParamsError: 'actual_output' cannot be empty for the 'Exact Match' metric"
    )
    assert isinstance(table.scores["success"][empty], Unscored), "DeepEval counts it as failed; nobody scored it"
    assert table.scores["success"][by_text["Which currencies?"]] == 1.0
    assert table.names["Words Grounded"] == "Words_Grounded"
    assert table.facts["evaluation model of Words Grounded"] == "words/1"
    assert table.items[by_text["What is a refund?"]].tags == ("billing",)


@pytest.mark.parametrize(("threshold", "success", "way"), [(0.3, True, True), (0.9, True, False), (0.9, False, True)])
def test_deepeval_shows_by_its_thresholds_which_way_a_metric_points(tmp_path, threshold, success, way):
    case = {"name": "a", "input": "q", "actualOutput": "x", "success": success}
    metric = {"name": "Hallucination", "threshold": threshold, "score": 0.5, "success": success}
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"testCases": [{**case, "metricsData": [metric]}]}))
    assert opened.table(path, opened.of(path), Wanted()).known["Hallucination"].higher_is_better is way


def test_ragas_tables_of_all_kinds_are_alike():
    tables = [read(f"ragas/new.{kind}") for kind in ("csv", "jsonl", "parquet")]
    assert tables[0].scores == tables[1].scores == tables[2].scores
    assert tables[0].said == tables[1].said == tables[2].said
    (refund,) = (case for case, item in tables[0].items.items() if item.text == "What is a refund?")
    assert tables[0].scores["exact_match"][refund] == 0.0
    assert tables[0].said[refund].contexts == ("A refund gives money back.",)
    assert tables[0].items[refund].expected == "Money back."


def test_what_ragas_could_not_score_is_missing(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("user_input,response,faithfulness\nwhat,that,0.5\nwho,he,\nwhy,so,nan\n")
    table = opened.table(path, opened.of(path), Wanted())
    scores = [table.scores["faithfulness"][case] for case in table.items]
    assert scores == [0.5, Unscored("ragas gave no score"), Unscored("ragas gave no score")]


def test_ir_measures_of_both_kinds_are_alike_up_to_its_rounding():
    plain, lines = read("ir_measures/old.tsv"), read("ir_measures/old.jsonl")
    assert plain.scores.keys() == lines.scores.keys() == {"nDCG@10", "RR", "P(rel=2)@5"}
    for metric, scores in plain.scores.items():
        assert scores == pytest.approx(lines.scores[metric], abs=5e-5)
    assert "all" not in plain.items


def test_means_alone_are_refused(tmp_path):
    path = tmp_path / "means.tsv"
    path.write_text("all\tnDCG@10\t0.5\n")
    with pytest.raises(InputError, match="only means or nothing; write those of every query, with -q"):
        opened.table(path, opened.of(path), Wanted())


def test_trec_eval_is_read_as_it_prints(shared_data):
    path = next(path for path in sorted((shared_data / "trec_eval").rglob("*")) if path.is_file() and _per_query(path))
    found = opened.of(path)
    assert found.name == "trec_eval"
    table = opened.table(path, found, Wanted())
    line = next(line.split() for line in path.read_text().splitlines() if line.split()[0] == "map" and line.split()[1] != "all")
    assert table.scores["map"][line[1]] == float(line[2])


def _per_query(path: Path) -> bool:
    lines = [line.split() for line in path.read_text(errors="replace").splitlines()]
    return any(len(cells) == 3 and cells[0] == "map" and cells[1] != "all" for cells in lines)


def test_mteb_predictions_are_rankings():
    found = rankings.read(HERE / "mteb/new")
    assert [ranked.id for ranked in found["q1"]][:2] == ["d1", "d3"]
    assert rankings.model(HERE / "mteb/new/TinyRetrieval_predictions.json") == "tiny/new 1"
    assert found == rankings.read(HERE / "mteb/new/TinyRetrieval_predictions.json")


def test_mteb_subsets_splits_and_tasks_are_named(tmp_path):
    whole = json.loads((HERE / "mteb/new/TinyRetrieval_predictions.json").read_text())
    for task in ("One", "Two"):
        (tmp_path / f"{task}_predictions.json").write_text(json.dumps({**whole, "en": whole["default"]}))
    with pytest.raises(InputError, match=r"holds several systems \(One, Two\)"):
        rankings.read(tmp_path)
    with pytest.raises(InputError, match=r"\(default/test, en/test\)"):
        rankings.read(tmp_path, Wanted("One"))
    assert rankings.read(tmp_path, Wanted("Two/en/test")).keys() == {"q1", "q2", "q3"}


def test_mteb_predictions_that_rank_nothing_are_refused(tmp_path):
    path = tmp_path / "Banking77_predictions.json"
    path.write_text(json.dumps({"mteb_model_meta": {}, "default": {"test": [[1, 2, 0], [1, 1, 0]]}}))
    with pytest.raises(InputError, match="only retrieval and reranking tasks can be compared"):
        rankings.read(path)
