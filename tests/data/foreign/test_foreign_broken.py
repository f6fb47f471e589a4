"""Files that are torn, contradict themselves or are another tool's: refused, with the place and what to do."""

import gzip
import json
import sys
import zipfile
from pathlib import Path

import pytest

from ragguard.data.foreign import opened
from ragguard.data.foreign.wanted import Wanted
from ragguard.errors import InputError, MissingExtra
from ragguard.records.foreign import Table

HERE = Path(__file__).parent


def load(path: Path, name: str = "") -> Table:
    return opened.table(path, opened.of(path, name), Wanted())


@pytest.mark.parametrize("name", ["inspect/old.json", "promptfoo/out.json", "deepeval/old.json"])
def test_a_torn_document_names_its_line(tmp_path, name):
    path = tmp_path / "torn.json"
    text = (HERE / name).read_text()
    path.write_text(text[: len(text) // 2])
    tool = opened.of(path).name
    with pytest.raises(InputError, match=rf"torn\.json:{text[: len(text) // 2].count(chr(10)) + 1}: is not whole JSON") as caught:
        load(path, tool)
    assert "was it cut off" in str(caught.value)


@pytest.mark.parametrize("name", ["promptfoo/out.jsonl", "ragas/old.jsonl"])
def test_a_torn_line_names_its_number(tmp_path, name):
    path = tmp_path / "torn.jsonl"
    raw = (HERE / name).read_bytes()
    path.write_bytes(raw[:-20])
    with pytest.raises(InputError, match=rf"torn\.jsonl:{len(raw.splitlines())}: is not JSON"):
        load(path)


def test_a_torn_log_is_refused(tmp_path):
    raw = (HERE / "inspect/old.eval").read_bytes()
    path = tmp_path / "torn.eval"
    path.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(InputError, match=r"torn\.eval"):
        load(path)
    with zipfile.ZipFile(HERE / "inspect/old.eval") as archive:
        begin = archive.getinfo("samples/ten-minus-one_epoch_1.json").header_offset + 200
    path.write_bytes(raw[:begin] + bytes(8) + raw[begin + 8 :])
    with pytest.raises(InputError, match="is damaged"):
        load(path)


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_log_packed_otherwise_reads_the_same(tmp_path, packing):
    log = json.loads((HERE / "inspect/new.json").read_text())
    path = tmp_path / "new.eval"
    with zipfile.ZipFile(path, "w", packing) as archive:
        for sample in log.pop("samples"):
            archive.writestr(f"samples/{sample['id']}_epoch_{sample['epoch']}.json", json.dumps(sample))
        archive.writestr("header.json", json.dumps(log))
    assert load(path).scores == load(HERE / "inspect/new.json").scores


def test_zstandard_without_its_library_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "cramjam", None)
    with pytest.raises(MissingExtra, match="Zstandard"):
        load(HERE / "inspect/old.eval")


def test_a_killed_eval_lacks_the_samples_that_it_did_not_come_to(tmp_path):
    log = json.loads((HERE / "inspect/old.json").read_text())
    log["samples"] = [sample for sample in log["samples"] if sample["id"] != "ten-minus-one"]
    del log["results"]
    path = tmp_path / "killed.json"
    path.write_text(json.dumps({**log, "status": "cancelled"}))
    table = load(path)
    assert table.scores["match"]["ten-minus-one"].unscored == "the eval ended (cancelled) before this sample"
    assert "did not end well (status cancelled)" in table.warnings[0]


def test_nan_that_inspect_writes_is_a_missing_score(tmp_path):
    log = json.loads((HERE / "inspect/old.json").read_text())
    log["samples"][0]["scores"]["match"] = {"value": float("nan"), "reason": "no grade in the reply"}
    path = tmp_path / "nan.json"
    path.write_text(json.dumps(log))
    assert "no grade in the reply" in load(path).scores["match"][log["samples"][0]["id"]].unscored


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,acc\n1,0.5\n1,0.7\n", [r"x\.csv:3", "a second score acc of case '1'", "column repeat"]),
        ("id,acc\n1,0.5\n2\n", [r"x\.csv:3", "has 1 columns, and the header 2"]),
        ("id,acc\n1,0.5\n2,inf\n", [r"x\.csv:3", "inf"]),
        ("id,acc\n1,0.5\n2,abc\n", [r"x\.csv:3", "'abc' is neither a number nor a word"]),
        ("id,acc\n1,pass\n2,0.7\n", [r"x\.csv:3", "0.7 here, and a word or truth value above"]),
        ("id,acc\n1,0.7\n2,pass\n", [r"x\.csv:3", "a word or truth value here, and a number above"]),
        ("id,acc\n,0.7\n", [r"x\.csv:2", "id is empty"]),
        ("id,acc,acc\n1,1,1\n", [r"x\.csv:1", "two columns are called 'acc'"]),
        ('id,acc\n1,"0.5\n', [r"x\.csv:2", "not a whole CSV line"]),
        ("name,acc\na,0.5\n", [r"x\.csv", r"columns: name, acc\); name the column of ids with --id"]),
        ("id,question,acc\n1,how,1\n2,who,1\n1,why,0\n", [r"x\.csv:4", "case '1' asks something else here"]),
        ("id,metric,value\n1,,0.5\n", [r"x\.csv:2", "metric is empty"]),
        ("", ["has no cases"]),
    ],
)  # fmt: skip
def test_a_table_that_contradicts_itself_is_refused(tmp_path, text, words):
    path = tmp_path / "x.csv"
    path.write_text(text)
    for word in words:
        with pytest.raises(InputError, match=word):
            load(path, "table")


def test_every_problem_comes_at_once(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"id": 1, "acc": 1}\n{"id": 2, "acc": [1]}\nnonsense\n{"id": 1, "acc": 0}\n')
    with pytest.raises(InputError, match=r"x\.jsonl:3: is not JSON"):
        load(path, "table")
    path.write_text('{"id": 1, "acc": 1}\n{"id": 2, "acc": [1]}\n{"id": 1, "acc": 0}\n')
    with pytest.raises(InputError) as caught:
        load(path, "table")
    assert [problem.where.rpartition(":")[2] for problem in caught.value.problems] == ["2", "3"]


def test_text_that_is_not_utf_8_and_gzip_that_is_not_whole(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b"id,acc\n1,\xff\n")
    with pytest.raises(InputError, match=r"is not UTF-8 \(byte 9\)"):
        load(path)
    packed = tmp_path / "x.csv.gz"
    packed.write_bytes(gzip.compress(b"id,acc\n1,1\n2,0\n")[:-9])
    with pytest.raises(InputError, match="not a whole gzip file"):
        load(packed)
    packed.write_bytes(gzip.compress(b"id,acc\n1,1\n2,0\n"))
    assert load(packed).scores == {"acc": {"1": 1.0, "2": 0.0}}


def test_a_file_of_another_tool_is_told_so(tmp_path):
    for name in ("lm-eval", "promptfoo", "ir-measures"):
        with pytest.raises(InputError, match="name the tool"):
            load(HERE / "ragas/old.jsonl", name)
    for name in ("inspect", "deepeval"):
        with pytest.raises(InputError, match=r"--format"):
            load(HERE / "promptfoo/out.json", name)


def test_parquet_needs_no_more_than_the_base_install(monkeypatch):
    whole = load(HERE / "ragas/old.parquet").scores
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert load(HERE / "ragas/old.parquet").scores == whole, "fastparquet comes with ranx"
    monkeypatch.setitem(sys.modules, "fastparquet", None)
    with pytest.raises(MissingExtra, match="Parquet"):
        load(HERE / "ragas/old.parquet")


def test_a_file_that_is_no_parquet_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1 nothing of the kind")
    with pytest.raises(InputError, match="is not Parquet"):
        load(path)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match="is not Parquet"):
        load(path)


def test_deepeval_cases_that_nothing_tells_apart_are_refused(tmp_path):
    path = tmp_path / "run.json"
    path.write_text(
        json.dumps({"testCases": [], "conversationalTestCases": [{"name": "conversational_test_case_0", "turns": [], "success": True}]})
    )
    with pytest.raises(InputError, match="name the test cases"):
        load(path)
