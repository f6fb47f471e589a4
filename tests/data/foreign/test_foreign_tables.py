"""Tables of anybody's: wide and long, every way to write a score, repeats; and whatever hypothesis thinks of."""

import csv
import io
import json
import math
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragguard.data.foreign import named, opened, values
from ragguard.data.foreign.known import known
from ragguard.data.foreign.wanted import Wanted
from ragguard.errors import InputError
from ragguard.records.evidence import Unscored
from ragguard.records.foreign import Known, Table
from ragguard.records.metric import Metric


def load(path: Path, **wanted: str) -> Table:
    return opened.table(path, opened.of(path, "table"), Wanted(**wanted))


def written(folder: Path, text: str, name: str = "x.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_wide_and_long_say_the_same(tmp_path):
    wide = load(written(tmp_path, "id,acc,f1\na,1,0.5\nb,0,0.25\n"))
    long = load(written(tmp_path, "id,metric,value\na,acc,1\nb,acc,0\na,f1,0.5\nb,f1,0.25\n", "y.csv"))
    nested = load(
        written(tmp_path, '{"id": "a", "scores": {"acc": 1, "f1": 0.5}}\n{"id": "b", "scores": {"acc": 0, "f1": 0.25}}\n', "z.jsonl")
    )
    listed = load(written(tmp_path, '[{"id": "a", "acc": 1, "f1": 0.5}, {"id": "b", "acc": 0, "f1": 0.25}]', "z.json"))
    assert wide.scores == long.scores == nested.scores == listed.scores == {"acc": {"a": 1.0, "b": 0.0}, "f1": {"a": 0.5, "b": 0.25}}


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1", 1.0), ("0.25", 0.25), ("1e-3", 0.001), (".5", 0.5), ("pass", 1.0), ("FAIL", 0.0), ("True", 1.0), ("false", 0.0),
     ("Correct", 1.0), (" yes ", 1.0)],
)  # fmt: skip
def test_every_way_to_write_a_score(tmp_path, cell, value):
    assert load(written(tmp_path, f"id,acc\na,{cell}\n")).scores == {"acc": {"a": value}}


@pytest.mark.parametrize("cell", ["", "NaN", "null", "None", "n/a", "-"])
def test_every_way_to_write_none(tmp_path, cell):
    assert load(written(tmp_path, f"id,acc\na,1\nb,{cell}\n")).scores["acc"]["b"] == Unscored("table gave no score")


def test_words_say_what_is_better_and_truth_values_do_not(tmp_path):
    table = load(written(tmp_path, "id,verdict,leaked\na,pass,true\nb,fail,false\n"))
    assert table.known == {"verdict": Known(True, 0.0, 1.0), "leaked": Known(None, 0.0, 1.0)}


def test_repeats_are_averaged_and_one_that_failed_leaves_the_case_unscored(tmp_path):
    table = load(written(tmp_path, "id,epoch,acc,error\na,1,1,\na,2,0,\nb,1,1,\nb,2,,timeout after 60 s\n"))
    assert table.repeats == 2
    assert table.scores["acc"] == {"a": 0.5, "b": Unscored("1 of 2 repeats: timeout after 60 s")}
    assert table.errors == {"b": "timeout after 60 s"}


def test_without_ids_the_question_tells_cases_apart(tmp_path):
    table = load(written(tmp_path, "question,expected,acc\nhow,x,1\nwho,x,0\nhow,x,0\nhow,y,1\n"))
    assert [item.text for item in table.items.values()] == ["how", "who", "how"]
    assert list(table.scores["acc"].values()) == [0.5, 0.0, 1.0], "asked again, it is a repeat; wanted otherwise, another case"


def test_columns_of_intent_task_and_tags(tmp_path):
    table = load(written(tmp_path, "id,intent,task,tags,acc\na,i,t,x y,1\nb,i,t,,0\n"))
    item = table.items["a"]
    assert (item.intent, item.task, item.tags) == ("i", "t", ("x", "y"))


def test_the_same_question_twice_is_one_intent(tmp_path):
    table = load(written(tmp_path, "id,question,acc\na,how,1\nb,how,0\nc,who,1\n"))
    assert {name: item.intent for name, item in table.items.items()} == {"a": "a", "b": "a", "c": "c"}


def test_another_column_of_ids(tmp_path):
    path = written(tmp_path, "id,ticket,acc\n1,T-7,1\n2,T-9,0\n")
    assert set(load(path, id="ticket").items) == {"T-7", "T-9"}
    with pytest.raises(InputError, match="did you mean 'ticket'"):
        load(path, id="tickets")


def test_text_is_no_metric_and_says_so(tmp_path):
    table = load(written(tmp_path, "id,acc,comment,empty\na,1,fine,\nb,0,0.5,\n"))
    assert set(table.scores) == {"acc"}
    assert table.left_out == {"comment": f"holds no scores ({tmp_path}/x.csv:2: 'fine')", "empty": "is empty"}


def test_a_row_without_a_column_lacks_its_score(tmp_path):
    table = load(written(tmp_path, '{"id": 1, "acc": 1}\n{"id": 2}\n', "x.jsonl"))
    assert table.scores["acc"]["2"] == Unscored("table gave no score")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("nDCG@10", "nDCG@10"), ("Answer Relevancy", "Answer_Relevancy"), ("Correctness [GEval]", "Correctness_GEval"), ("6b", "m_6b"),
     ("factual_correctness(mode=f1)", "factual_correctness(mode=f1)"), ("P(rel=2)@5", "P(rel=2)@5"), ("größe", "gr_e"), ("!", "metric")],
)  # fmt: skip
def test_names_of_metrics_become_ours(theirs, ours):
    assert named.metric(theirs) == ours
    assert str(Metric.parse(ours)) == ours


def test_what_is_known_of_a_metric_by_its_name():
    assert known("ragas", "noise_sensitivity_relevant(mode=x)") == Known(False, 0.0, 1.0)
    assert known("trec_eval", "ndcg_cut_10") == known("trec_eval", "P_5") == known("ir-measures", "nDCG@10") == Known(True, 0.0, 1.0)
    assert known("table", "P") is None, "it may be a p-value"
    assert known("deepeval", "Correctness_GEval") == Known(True, 0.0, 1.0)
    assert known("deepeval", "Bias") is None, "DeepEval 4 turned it around"
    assert known("lm-eval", "word_perplexity") == Known(False, unbounded=True)


SCORES = st.one_of(st.floats(allow_nan=False, allow_infinity=False, width=32), st.booleans(), st.integers(-1000, 1000), st.none())
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(
    lambda text: text.strip() == text
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, SCORES, min_size=1, max_size=12))
def test_what_is_written_is_read(rows):
    with TemporaryDirectory() as folder:
        path = written(
            Path(folder), "".join(json.dumps({"id": name, "metric": "m", "value": score}) + "\n" for name, score in rows.items()), "x.jsonl"
        )
        kinds = {isinstance(score, bool) for score in rows.values() if score is not None}
        graded = any(not isinstance(score, bool) and score not in (None, 0, 1) for score in rows.values())
        if kinds == {True, False} and graded:
            with pytest.raises(InputError, match="write all of them alike"):
                load(path)
            return
        found = load(path).scores["m"]
    assert {name: score if isinstance(score, float) else None for name, score in found.items()} == {
        name: None if score is None else float(score) for name, score in rows.items()
    }


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, st.tuples(SCORES, NAMES), min_size=1, max_size=8))
def test_csv_with_any_text_in_it_is_read(rows):
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(["id", "question", "m"])
    writer.writerows([name, text, "" if score is None else float(score)] for name, (score, text) in rows.items())
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes(stream.getvalue().encode())
        table = load(path)
    assert {name: item.text for name, item in table.items.items()} == {name: text for name, (_, text) in rows.items()}


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["x.csv", "x.tsv", "x.jsonl", "x.json", "x.parquet", "x.eval", "x.txt"]))
def test_whatever_a_file_holds_it_is_read_or_refused(raw, name):
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(raw)
        try:
            table = opened.table(path, opened.of(path), Wanted())
        except InputError as refused:
            table, told = None, str(refused)
    assert name in told if table is None else all(_whole(score) for scores in table.scores.values() for score in scores.values())


def _whole(score: object) -> bool:
    return isinstance(score, Unscored) or (isinstance(score, float) and math.isfinite(score))


@given(st.one_of(st.text(max_size=20), st.floats(), st.integers(), st.booleans(), st.none(), st.lists(st.integers(), max_size=2)))
def test_a_value_is_a_finite_number_or_none_or_refused(value):
    try:
        found = values.read(value)
    except ValueError:
        assert not values.absent(value)
        return
    assert found is None or math.isfinite(found[0])
    assert (found is None) == values.absent(value)
