"""Whatever is broken: the right exit code, and a message that names the file, the line, what is wrong and what to do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Break = Callable[[Any], None]
GATE = ("gate",)

TRAINED = "{type: dense, train: {recipe: biencoder, base: model, data: train.jsonl}}"
MODULE = """\
def find(text, depth):
    return ["d-0", "d-1"]

def fails_always(text, depth):
    raise ConnectionError("the index is down")

def fails_once(text, depth):
    if text.startswith("question 3:"):
        raise TimeoutError("no answer in 5 s")
    return ["d-0", "d-1"]
"""


def edit(name: str, old: str, new: str) -> Break:
    return lambda tiny: tiny.edit(name, old, new)


def write(name: str, content: str | bytes) -> Break:
    return lambda tiny: tiny.write(name, content)


def candidate(spec: str, *more: Break) -> Break:
    def apply(tiny: Any) -> None:
        tiny.edit("gate.yaml", "{type: recorded, run: candidate.trec}", spec)
        for each in more:
            each(tiny)

    return apply


def remove(name: str) -> Break:
    return lambda tiny: tiny.path(name).unlink()


def append(name: str, line: str) -> Break:
    return lambda tiny: tiny.write(name, tiny.path(name).read_text(encoding="utf-8") + line)


def keep_queries(name: str, keep: Callable[[str], bool]) -> Break:
    return lambda tiny: tiny.write(
        name, "".join(line for line in tiny.path(name).read_text(encoding="utf-8").splitlines(True) if keep(line.split()[0]))
    )


def model(*files: str) -> Break:
    def make(tiny: Any) -> None:
        tiny.path("model/config.json")
        for name in files:
            tiny.write(f"model/{name}", "{}")

    return make


def training(*rows: dict[str, str] | str) -> Break:
    text = "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)
    return candidate(TRAINED, model("config.json", "model.safetensors"), write("train.jsonl", text))


GOOD_ROW = {"query": "what is a chargeback", "positive_document": "A chargeback is a reversal."}

FORGETTING = "suite: golden\nkind: forgetting\nsimilarity: [pairs.csv]\nchecks: [{metric: nDCG@10}]\n"

ROWS = [
    pytest.param(
        write("suites/golden.yaml", FORGETTING),
        GATE,
        3,
        ["suites/golden.yaml:3: similarity: there is no file pairs.csv", "paths start from the file that names them"],
        id="missing sentence pairs",
    ),
    pytest.param(
        lambda tiny: (
            tiny.write("suites/golden.yaml", FORGETTING),
            tiny.write("suites/pairs.csv", "sentence1,sentence2,score\na,b,much\n"),
        ),
        GATE,
        3,
        ["suites/pairs.csv:2: score is 'much', not a finite number"],
        id="malformed sentence pairs",
    ),
    pytest.param(
        write("suites/golden.yaml", FORGETTING.replace("similarity: [pairs.csv]", "collections: [../collection]")),
        GATE,
        3,
        ["suites/golden.yaml:3: a collection or slice called 'collection' is there already", "rename the folder"],
        id="one collection twice",
    ),
    pytest.param(
        append("gate.yaml", "canary:\n  guardrails:\n    - signal: Latency\n    - {signal: Refusd}\n"),
        ("check",),
        3,
        [
            "gate.yaml:11: Latency has no range",
            "write Exceeds(of=Latency, over=2000)",
            "gate.yaml:12: there is no signal 'Refusd'",
            "'Refused'?",
        ],
        id="what is no signal",
    ),
    pytest.param(
        append("gate.yaml", "canary:\n  redact:\n    entities: [EMAIL_ADRESS]\n    patterns: {A: '('}\n"),
        ("check",),
        3,
        ["gate.yaml:10: there is no entity 'EMAIL_ADRESS'", "did you mean 'EMAIL_ADDRESS'?", "'(' is no regular expression"],
        id="what cannot be redacted",
    ),
    pytest.param(remove("gate.yaml"), GATE, 3, ["gate.yaml: there is no such plan", "ragguard init"], id="missing plan"),
    pytest.param(
        edit("gate.yaml", "collection: collection", "collection: [collection"),
        GATE,
        3,
        ["gate.yaml:3", "not valid YAML", "begins in line 2"],
        id="bad YAML",
    ),
    pytest.param(write("gate.yaml", ""), GATE, 3, ["gate.yaml: is empty", "key: value"], id="empty plan"),
    pytest.param(
        edit("gate.yaml", "collection:", "colection:"),
        GATE,
        3,
        ["gate.yaml:2", "colection", "did you mean 'collection'?"],
        id="unknown key",
    ),
    pytest.param(
        edit("suites/golden.yaml", "tier: veto", "teir: veto"),
        GATE,
        3,
        ["suites/golden.yaml:6", "'teir'", "did you mean 'tier'?"],
        id="unknown key in a check",
    ),
    pytest.param(
        edit("suites/golden.yaml", "nDCG@10", "nDGC@10"),
        GATE,
        3,
        ["suites/golden.yaml:5", "nDGC", "did you mean 'nDCG'?"],
        id="unknown metric",
    ),
    pytest.param(
        edit("suites/golden.yaml", "nDCG@10", "nDCG@ten"), GATE, 3, ["suites/golden.yaml:5", "nDCG@ten", "nDCG@10"], id="bad metric syntax"
    ),
    pytest.param(
        edit("suites/golden.yaml", "R@5", "R"),
        GATE,
        3,
        ["suites/golden.yaml:7", "R needs a cutoff", "R@10"],
        id="metric without its cutoff",
    ),
    pytest.param(
        edit("suites/golden.yaml", "slice: canonical", "slice: canonicle"),
        GATE,
        3,
        ["suites/golden.yaml:6", "'canonicle'", "did you mean 'canonical'?"],
        id="slice that is not defined",
    ),
    pytest.param(
        edit("suites/golden.yaml", "tags: [canonical]", "tags: [canonicle]"),
        GATE,
        3,
        ["suites/golden.yaml:3", "'canonicle'", "did you mean 'canonical'?"],
        id="unknown tag",
    ),
    pytest.param(
        edit("suites/golden.yaml", "slices:", "cases: {tags: [canonical, explicit]}\nslices:"),
        GATE,
        3,
        ["suites/golden.yaml:2", "no query"],
        id="empty suite selection",
    ),
    pytest.param(
        edit("gate.yaml", "suites/golden.yaml", "suites/gold.yaml"),
        GATE,
        3,
        ["gate.yaml:8", "suites/gold.yaml", "no such suite"],
        id="missing suite",
    ),
    pytest.param(
        edit("gate.yaml", "collection: collection", "collection: colection"),
        GATE,
        3,
        ["gate.yaml:2", "colection"],
        id="collection folder missing",
    ),
    pytest.param(
        edit("gate.yaml", "collection: collection", "collection: collection\nsplit: dev"),
        GATE,
        3,
        ["qrels/dev.tsv", "test"],
        id="qrels of an unknown split",
    ),
    pytest.param(
        append("collection/qrels/test.tsv", "q-001\td-99\t1\n"),
        GATE,
        3,
        ["qrels/test.tsv:10", "'d-99'", "not in the corpus"],
        id="dangling qrels",
    ),
    pytest.param(
        append("collection/corpus.jsonl", '{"_id": "d-3", "text": "again"}\n'),
        GATE,
        3,
        ["corpus.jsonl:11", "'d-3'", "line 4"],
        id="duplicate ids",
    ),
    pytest.param(write("collection/corpus.jsonl", ""), GATE, 3, ["corpus.jsonl", "empty"], id="empty corpus"),
    pytest.param(
        append("collection/corpus.jsonl", '{"_id": "d-10", "text": "one"\n'),
        GATE,
        3,
        ["corpus.jsonl:11", "not JSON"],
        id="corpus line that is not JSON",
    ),
    pytest.param(
        write("collection/corpus.jsonl", '{"_id": "d-0", "text": "Gebühr"}\n'.encode("latin-1")),
        GATE,
        3,
        ["corpus.jsonl:1", "UTF-8"],
        id="corpus that is not UTF-8",
    ),
    pytest.param(remove("candidate.trec"), GATE, 3, ["gate.yaml:7", "candidate.trec"], id="missing run"),
    pytest.param(edit("candidate.trec", " 99 tiny", " nan tiny"), GATE, 3, ["candidate.trec:1", "nan", "finite"], id="NaN score in a run"),
    pytest.param(edit("candidate.trec", " 99 tiny", ""), GATE, 3, ["candidate.trec:1", "columns"], id="malformed run"),
    pytest.param(
        keep_queries("candidate.trec", lambda q: q < "q-004"),
        GATE,
        4,
        ["4 of the candidate", "8 cases", "new: 4 queries gave an error", "q-004: not in the run candidate.trec", "absent: empty"],
        id="run without half the queries",
    ),
    pytest.param(
        keep_queries("baseline.trec", lambda q: q < "q-004"),
        GATE,
        4,
        ["4 of the reference", "baseline: 4 queries gave an error", "q-004: not in the run baseline.trec"],
        id="baseline run without half the queries",
    ),
    pytest.param(
        write("candidate.trec", "x-1 Q0 d-1 1 3.5 other\n"),
        GATE,
        3,
        ["candidate.trec", "none of the collection's 8 queries", "x-1"],
        id="run of other queries",
    ),
    pytest.param(write("candidate.trec", ""), GATE, 3, ["candidate.trec", "empty"], id="empty run"),
    pytest.param(
        candidate("{type: dense, model: model}", model("config.json")),
        GATE,
        3,
        ["model", "no weights", "model.safetensors"],
        id="model folder without weights",
    ),
    pytest.param(
        candidate("{type: dense, model: ./modle}"), GATE, 3, ["modle", "no such model folder"], id="model folder that does not exist"
    ),
    pytest.param(
        candidate("{type: dense, model: models/tuned}"),
        GATE,
        3,
        ["models/tuned", "no such folder", "HF_HUB_OFFLINE"],
        id="model that is neither folder nor in the hub's cache",
    ),
    pytest.param(
        candidate("{type: dense, model: model}", model("config.json", "pytorch_model.bin")),
        GATE,
        3,
        ["pytorch_model.bin", "pickle", "allow_pickle"],
        id="pickled weights",
    ),
    pytest.param(
        candidate("{type: dense, model: model}", model("config.json", "model.safetensors")),
        GATE,
        4,
        ["model"],
        id="torn weights",
        marks=pytest.mark.slow,
    ),
    pytest.param(
        candidate('{type: lexical, document_text: "{titel} {text}"}'),
        GATE,
        3,
        ["gate.yaml:7", "titel", "did you mean 'title'?"],
        id="unknown template field",
    ),
    pytest.param(
        candidate('{type: recorded, run: "${TINY_RUNS}/candidate.trec"}'),
        GATE,
        3,
        ["gate.yaml:7", "TINY_RUNS", "not set"],
        id="unset environment variable",
    ),
    pytest.param(
        candidate("{type: python, callable: tiny_code:find}", write("tiny_code.py", MODULE)),
        GATE,
        3,
        ["gate.yaml:7", "tiny_code:find", "--allow-code"],
        id="code without leave",
    ),
    pytest.param(
        candidate("{type: python, callable: tiny_nowhere:find}"),
        (*GATE, "--allow-code"),
        3,
        ["gate.yaml:7", "tiny_nowhere", "no module"],
        id="module that does not exist",
    ),
    pytest.param(
        candidate("{type: python, callable: tiny_code:fnd}", write("tiny_code.py", MODULE)),
        (*GATE, "--allow-code"),
        3,
        ["'fnd'", "did you mean 'find'?"],
        id="callable that does not exist",
    ),
    pytest.param(
        candidate("{type: python, callable: tiny_code:fails_once}", write("tiny_code.py", MODULE)),
        (*GATE, "--allow-code"),
        4,
        ["1 of the candidate", "TimeoutError", "q-003"],
        id="callable that fails on some queries",
    ),
    pytest.param(
        candidate("{type: python, callable: tiny_code:fails_always}", write("tiny_code.py", MODULE)),
        (*GATE, "--allow-code"),
        4,
        ["8 of the candidate", "the index is down"],
        id="callable that fails on all",
    ),
    pytest.param(
        candidate("{type: python, callable: tiny_broken:find}", write("tiny_broken.py", "1 / 0\n")),
        (*GATE, "--allow-code"),
        4,
        ["tiny_broken", "ZeroDivisionError"],
        id="module that fails on import",
    ),
    pytest.param(
        lambda tiny: (
            tiny.write("tiny_broken.py", "1 / 0\n"),
            tiny.edit("gate.yaml", "{type: recorded, run: baseline.trec}", "{type: python, callable: tiny_broken:find}"),
        ),
        (*GATE, "--allow-code"),
        4,
        ["the baseline could not be run", "ZeroDivisionError"],
        id="baseline that cannot be run",
    ),
    pytest.param(
        candidate(TRAINED, model("config.json", "model.safetensors")), GATE, 3, ["gate.yaml:7", "train.jsonl"], id="training data missing"
    ),
    pytest.param(training(GOOD_ROW, '{"query": "what"}'), GATE, 3, ["train.jsonl:2", "no positive"], id="malformed training row"),
    pytest.param(
        training(GOOD_ROW, {"query": "Question 3: how do disputes work", "positive_document": "..."}),
        GATE,
        3,
        ["train.jsonl", "q-003", "question 3: how do disputes work", "remove"],
        id="training on golden queries",
    ),
    pytest.param(lambda tiny: None, (*GATE, "--candidate", "nwe"), 3, ["'nwe'", "did you mean 'new'?"], id="unknown candidate"),
    pytest.param(
        candidate("{type: recorded, run: baseline.trec}"),
        GATE,
        3,
        ["gate.yaml:6", "'new' is the baseline"],
        id="candidate identical to the baseline",
    ),
    pytest.param(
        edit("gate.yaml", "baseline:\n  retriever: {type: recorded, run: baseline.trec}", "baseline: accepted"),
        GATE,
        3,
        ["ragguard.lock", "nothing has been accepted", "ragguard accept"],
        id="accepted baseline without lock",
    ),
    pytest.param(
        lambda tiny: (
            edit("gate.yaml", "baseline:\n  retriever: {type: recorded, run: baseline.trec}", "baseline: accepted")(tiny),
            tiny.write("ragguard.lock", '{"candidate": "new", "sys'),
        ),
        GATE,
        3,
        ["ragguard.lock", "not a lock", "accept"],
        id="corrupt lock",
    ),
    pytest.param(lambda tiny: None, (*GATE, "--candidte", "new"), 3, ["--candidte", "--candidate"], id="bad option"),
    pytest.param(lambda tiny: None, ("gaet",), 3, ["gaet", "gate"], id="unknown command"),
    pytest.param(lambda tiny: None, ("show", "q-000"), 3, ["report.json", "ragguard gate"], id="show before any gate"),
    pytest.param(lambda tiny: None, ("accept", "new"), 3, ["report.json", "ragguard gate"], id="accept before any gate"),
    pytest.param(lambda tiny: None, ("compare", "nothing", "candidate.trec"), 3, ["nothing"], id="compare with nothing"),
    pytest.param(
        lambda tiny: None, ("compare", "baseline.trec", "candidate.trec"), 3, ["--collection"], id="compare run files without collection"
    ),
    pytest.param(lambda tiny: None, ("init", "."), 3, ["not an empty folder"], id="init where something is"),
    pytest.param(
        lambda tiny: tiny.write("suites/golden.yaml", "- a\n- b\n"),
        GATE,
        3,
        ["suites/golden.yaml: is a list", "gate.yaml:8"],
        id="suite that is a list",
    ),
    pytest.param(append("suites/golden.yaml", "suite: golden\n"), GATE, 3, ["suites/golden.yaml:8", "duplicate key"], id="key given twice"),
    pytest.param(
        edit("gate.yaml", "collection: collection", "collection: collection\nalpha: 0.7\nseed: seven"),
        GATE,
        3,
        ["gate.yaml:3: alpha", "0.7", "gate.yaml:4: seed", "'seven'"],
        id="wrong values, all at once",
    ),
    pytest.param(
        edit("collection/qrels/test.tsv", "d-1\t1", "d-1\tyes"),
        GATE,
        3,
        ["qrels/test.tsv:3", "'yes'", "whole number"],
        id="grade that is no number",
    ),
    pytest.param(
        lambda tiny: None,
        (*GATE, "--out", "gate.yaml/below"),
        4,
        ["gate.yaml/below", "cannot be written"],
        id="read-only folder for reports",
    ),
]


@pytest.mark.parametrize(("break_it", "arguments", "code", "words"), ROWS)
def test_broken_input_gets_its_exit_code_and_a_message_to_act_on(
    tiny: Callable[..., Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    break_it: Break,
    arguments: tuple[str, ...],
    code: int,
    words: list[str],
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    made = tiny()
    break_it(made)
    got = made.run(*arguments)
    printed = capsys.readouterr()
    text = " ".join((printed.out + printed.err).split())
    assert got == code, text
    assert [word for word in words if word not in text] == [], text
    assert "Traceback" not in text


def test_everything_that_is_wrong_is_said_at_once(tiny: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Also what only the systems show is found before any of them runs."""
    made = tiny(candidates={"a": "{type: dense, model: ./nowhere}", "b": '{type: lexical, document_text: "{titel}"}'})
    assert made.gate() == 3
    told = capsys.readouterr().err
    assert "nowhere" in told
    assert "gate.yaml:9: document_text '{titel}'" in told
    assert "ask the queries" not in told, "a system ran although another could not"


@pytest.mark.parametrize("moment", ["baseline", "later"])
def test_full_disk_under_the_store_is_no_verdict(
    tiny: Callable[..., Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    full_disk: Callable[[int], Path],
    moment: str,
) -> None:
    made = tiny(queries=90)
    disk = full_disk(0 if moment == "baseline" else 24)
    monkeypatch.setenv("RAGGUARD_STORE", str(disk))
    assert made.gate() == 4
    printed = capsys.readouterr()
    text = " ".join((printed.out + printed.err).split())
    assert "No space left on device; free some space there" in text
    assert str(disk) in "".join((printed.out + printed.err).split())
    assert "Traceback" not in text
    assert "PROMOTE" not in text


def test_full_disk_under_the_reports_names_the_file(
    tiny: Callable[..., Any], capsys: pytest.CaptureFixture[str], full_disk: Callable[[int], Path]
) -> None:
    made = tiny()
    disk = full_disk(0)
    assert made.gate("--out", str(disk / "reports")) == 4
    told = capsys.readouterr()
    assert f"{disk}/reports" in told.err
    assert "No space left on device; free some space there" in told.err
    assert "HOLD" not in told.out
