"""The command line: examples, JSON and nothing else, exit codes that agree with what is printed, light imports."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from ragguard import cli, gate
from ragguard.cli import invoke

COMMANDS = (
    *("init", "check", "train", "gate", "compare", "show", "accept", "schema", "cases"),
    *("power", "error-rates", "nightly", "history", "drill", "shadow"),
)
JUDGE_COMMANDS = ("calibrate", "sample")
CANARY_COMMANDS = ("start", "observe", "watch", "status", "decide", "abort", "simulate", "report", "drift", "serve")
DATA_COMMANDS = ("harvest",)
HEAVY = ("torch", "transformers", "sentence_transformers", "datasets", "peft", "faiss", "pandas", "sqlalchemy", "alembic", "matplotlib")
HEADLINES = {0: "PROMOTE", 1: "BLOCK", 2: "HOLD", 4: "ERROR"}

WORSE = "{type: recorded, run: worse.trec}"


@pytest.fixture
def ready(tiny: Callable[..., Any]) -> Any:
    """A workspace that was gated: its candidate is promoted."""
    made = tiny(queries=90)
    assert made.gate() == 0
    return made


def worse(made: Any, second: int) -> None:
    """A run that has the document of the first ``second`` queries on the second rank, and of all others nowhere."""
    lines = [line for line in made.path("baseline.trec").read_text().splitlines() if line.split()[3] != "1" or int(line[2:5]) < second]
    made.write("worse.trec", "\n".join(lines) + "\n")


def python(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has after some code."""
    tail = "\nimport sys; print('\\n' + 'MODULES ' + ' '.join({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code + tail], capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("MODULES ")[2].split())


def test_every_command_is_known_and_tested_here() -> None:
    assert {command.name or command.callback.__name__ for command in cli.app.registered_commands if command.callback} == set(COMMANDS)
    groups = {group.name: group.typer_instance for group in cli.app.registered_groups}
    for name, commands in (("judge", JUDGE_COMMANDS), ("canary", CANARY_COMMANDS), ("data", DATA_COMMANDS)):
        assert {command.callback.__name__ for command in groups[name].registered_commands} == set(commands)


GROUPED = (
    *(f"judge {each}" for each in JUDGE_COMMANDS),
    *(f"canary {each}" for each in CANARY_COMMANDS),
    *(f"data {each}" for each in DATA_COMMANDS),
)


@pytest.mark.parametrize("command", [*COMMANDS, *GROUPED])
def test_help_of_every_command_has_an_example(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert invoke([*command.split(), "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"Example: ragguard {command}" in told
    assert "--json" in told


def test_help_names_the_exit_codes_and_imports_nothing_heavy() -> None:
    asked = "\n".join(f"assert invoke({[*words, '--help']}) == 0" for words in ([], ["gate"], ["judge"], ["canary"]))
    loaded = python(f"from ragguard.cli import invoke\n{asked}")
    assert loaded.isdisjoint({*HEAVY, "ranx", "numba", "scipy", "numpy"})


def test_check_imports_no_model_library_and_runs_nothing(tiny: Callable[..., Any]) -> None:
    made = tiny(baseline="{type: lexical}", candidates={"new": "{type: dense, model: model}"})
    made.write("model/model.safetensors", "")
    made.write("model/config.json", "{}")
    loaded = python("from ragguard.cli import invoke\nassert invoke(['check']) == 0")
    assert loaded.isdisjoint(HEAVY)
    assert not made.path(".ragguard").exists(), "check left something"


def json_of(capsys: pytest.CaptureFixture[str]) -> Any:
    """All of standard output, which must be one JSON document."""
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "code", "keys"),
    [
        (["gate"], 0, {"answer", "decisions", "arms"}),
        (["check"], 0, {"suites", "prospects", "warnings"}),
        (["train"], 0, set()),
        (["power"], 0, {"promoted", "bottleneck", "prospects", "curves", "picture"}),
        (["error-rates", "--gates", "100"], 0, {"error_rates"}),
        (["show", "q-000"], 0, {"cases", "documents"}),
        (["show", "QUESTION 1: how do webhooks work"], 0, {"cases"}),
        (["show", "--html", "page.html"], 0, {"file"}),
        (["accept", "new"], 0, {"candidate", "run", "decision"}),
        (["compare", "baseline.trec", "candidate.trec", "--collection", "collection"], 0, {"answer", "decisions"}),
        (["compare", "reports/tiny:baseline", "reports/tiny"], 0, {"answer"}),
        (["init", "made"], 0, {"folder", "files"}),
        (["schema", "--out", "schemas"], 0, {"files"}),
        (["cases", "--out", "asked"], 0, {"files"}),
        (["judge", "calibrate", "labels.jsonl"], 0, {"agreement", "summary", "worst"}),
        (["judge", "calibrate", "nowhere.jsonl"], 3, {"error", "exit_code"}),
        (["judge", "calibrate", "labels.jsonl", "--out", "gate.yaml/x"], 4, {"error", "exit_code"}),
        (["judge", "sample", "nowhere.yaml"], 3, {"error", "exit_code"}),
        (["shadow", "gate.yaml", "nowhere.jsonl"], 3, {"error", "exit_code"}),
        (["data", "harvest", "labels.jsonl"], 3, {"error", "exit_code"}),
        (["data", "harvest", "nowhere.jsonl"], 3, {"error", "exit_code"}),
        (["data", "harvest", "--accept", "nowhere.jsonl", "--into", "collection"], 3, {"error", "exit_code"}),
        (["nightly"], 0, {"night", "answer", "drifts", "alert", "history"}),
        (["history"], 3, {"error", "exit_code"}),
        (["nightly", "nowhere.yaml"], 3, {"error", "exit_code"}),
        (["nightly", "--history", "gate.yaml/x"], 4, {"error", "exit_code"}),
        (["gate", "--candidate", "nwe"], 3, {"error", "exit_code"}),
        (["gate", "nowhere.yaml"], 3, {"error", "exit_code"}),
        (["gate", "--nonsense"], 3, {"error", "exit_code"}),
        (["check", "nowhere.yaml"], 3, {"error", "exit_code"}),
        (["train", "nowhere.yaml"], 3, {"error", "exit_code"}),
        (["power", "nowhere.yaml"], 3, {"error", "exit_code"}),
        (["power", "--out", "gate.yaml/x"], 4, {"error", "exit_code"}),
        (["error-rates", "nowhere.yaml"], 3, {"error", "exit_code"}),
        (["error-rates", "--candidate", "nwe"], 3, {"error", "exit_code"}),
        (["show", "q-999"], 3, {"error", "exit_code"}),
        (["accept", "nwe"], 3, {"error", "exit_code"}),
        (["compare", "nothing", "reports/tiny"], 3, {"error", "exit_code"}),
        (["init", "collection"], 3, {"error", "exit_code"}),
        (["gate", "--out", "gate.yaml/x"], 4, {"error", "exit_code"}),
        (["schema", "--out", "gate.yaml/x"], 4, {"error", "exit_code"}),
        (["cases", "--out", "gate.yaml/x"], 4, {"error", "exit_code"}),
    ],
)
def test_json_is_all_of_standard_output(
    ready: Any, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, keys: set[str]
) -> None:
    rows = [{"query": f"q-{number}", "answer": "a", "label": number % 2, "judge": 1} for number in range(9)]
    ready.write("labels.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    capsys.readouterr()
    assert ready.run(*arguments, "--json") == code
    data = json_of(capsys)
    assert keys <= data.keys()
    if "exit_code" in keys:
        assert data["exit_code"] == code
        assert all(isinstance(line, str) and line for line in data["error"])


@pytest.mark.parametrize(
    ("keep", "code"),
    [(90, 0), (0, 1), (86, 2)],
)
def test_exit_code_agrees_with_what_is_printed_and_written(
    tiny: Callable[..., Any], capsys: pytest.CaptureFixture[str], keep: int, code: int
) -> None:
    made = tiny(queries=90, candidates={"new": WORSE})
    worse(made, keep)
    if keep == 90:
        made.write("worse.trec", made.path("candidate.trec").read_text())
    assert made.gate() == code
    printed = capsys.readouterr().out
    assert re.findall(r"\b(PROMOTE|BLOCK|HOLD|ERROR)\b", printed)[0] == HEADLINES[code]
    assert f"(exit code {code})" in printed
    assert made.report["exit_code"] == code
    assert made.report["answer"] == HEADLINES[code].lower()
    assert made.gate("--json") == code
    assert json_of(capsys)["exit_code"] == code


def test_several_candidates_are_promoted_if_one_is_and_one_can_be_picked(
    tiny: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    made = tiny(queries=200, candidates={"bad": WORSE, "good": "{type: recorded, run: candidate.trec}"})
    worse(made, 0)
    assert made.gate() == 0
    assert {each["candidate"]: each["answer"] for each in made.report["decisions"]} == {"bad": "block", "good": "promote"}
    assert made.gate("--candidate", "bad") == 1
    assert made.gate("--candidate", "good") == 0


def test_uncaught_error_is_no_verdict(
    tiny: Callable[..., Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tiny()
    monkeypatch.setattr(gate, "run", lambda *_, **__: 1 / 0)
    assert made.gate() == 4
    told = capsys.readouterr()
    assert "ZeroDivisionError" in told.err
    assert "nothing was judged" in told.err
    assert told.out == ""
    assert made.gate("--json") == 4
    assert json_of(capsys)["exit_code"] == 4


@pytest.mark.parametrize(("error", "code", "word"), [(KeyboardInterrupt(), 130, "interrupted"), (MemoryError(), 4, "out of memory")])
def test_interrupt_and_lack_of_memory_have_their_codes(
    tiny: Callable[..., Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    word: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    made = tiny()
    monkeypatch.setattr(gate, "run", fail)
    assert made.gate() == code
    told = capsys.readouterr().err
    assert word in told
    assert "Traceback" not in told


def test_plain_terminal_of_ascii_alone_is_no_error(ready: Any) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ragguard.cli", "gate"],
        capture_output=True,
        check=False,
        env={"PYTHONIOENCODING": "ascii", "PATH": "", "LC_ALL": "C"},
    )
    assert done.returncode == 0, done.stderr.decode()
    assert b"PROMOTE" in done.stdout


def test_schemas_hold_for_what_people_and_gates_write(ready: Any, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ready.run("schema", "--out", "schemas") == 0
    schemas = {name: json.loads(ready.path(f"schemas/{name}.schema.json").read_text()) for name in ("gate", "suite", "report")}
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    yaml = YAML(typ="safe")
    for plan in [ready.path("gate.yaml"), root / "gate.yaml", *root.glob("examples/*/gate.yaml")]:
        jsonschema.validate(yaml.load(plan.read_text()), schemas["gate"])
    for suite in [ready.path("suites/golden.yaml"), *root.glob("suites/*.yaml")]:
        jsonschema.validate(yaml.load(suite.read_text()), schemas["suite"])
    jsonschema.validate(ready.report, schemas["report"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**ready.report, "surprise": 1}, schemas["report"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**yaml.load(ready.path("gate.yaml").read_text()), "colection": "x"}, schemas["gate"])


def test_schema_of_a_suite_takes_slices_as_a_list_too(ready: Any) -> None:
    assert ready.run("schema", "--out", "schemas") == 0
    schema = json.loads(ready.path("schemas/suite.schema.json").read_text())
    jsonschema.validate({"suite": "s", "slices": ["a", "b"], "checks": [{"metric": "RR"}]}, schema)


def test_check_prints_power_and_runs_no_model(tiny: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    made = tiny()
    assert made.run("check") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "tiny: the plan is valid" in told
    assert "golden/nDCG@10 can never pass: 8 intents, at least 59 are needed" in told
    assert not made.path("reports").joinpath("tiny").exists()


def test_check_compares_the_collection_with_its_manifest(tiny: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    from ragguard.data import manifest

    made = tiny()
    manifest.write(made.path("collection"), {"corpus.jsonl": "by hand", "queries.jsonl": "by hand"})
    assert made.run("check") == 0
    made.edit("collection/corpus.jsonl", "step by step", "stop by stop")
    assert made.run("check") == 3
    assert "collection/corpus.jsonl: has another content than the manifest says" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("{type: dense, model: ./nowhere}", ["nowhere", "no such model folder"]),
        ('{type: lexical, document_text: "{titel}"}', ["gate.yaml:7", "did you mean 'title'?"]),
        ("{type: dense, train: {recipe: biencoder, base: ./nowhere, data: train.jsonl}}", ["nowhere"]),
    ],
)
def test_check_finds_what_a_gate_would_stumble_on(
    tiny: Callable[..., Any], capsys: pytest.CaptureFixture[str], spec: str, words: list[str]
) -> None:
    made = tiny(candidates={"new": spec})
    made.write("train.jsonl", '{"query": "what is a chargeback", "positive": "A reversal."}\n')
    assert made.run("check") == 3
    told = capsys.readouterr().err
    assert [word for word in words if word not in told] == [], told


def test_check_neither_runs_nor_refuses_code_of_a_plan(tiny: Callable[..., Any]) -> None:
    made = tiny(candidates={"new": "{type: python, callable: tiny_boom:find}"})
    made.write("tiny_boom.py", "raise SystemExit(9)\n")
    assert made.run("check") == 0


def test_accept_refuses_what_was_not_promoted_unless_forced(tiny: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    made = tiny()
    assert made.gate() == 2
    capsys.readouterr()
    assert made.run("accept", "new") == 3
    assert "'new' was not promoted but decided 'hold'" in capsys.readouterr().err
    assert not made.path("ragguard.lock").exists()
    assert made.run("accept", "new", "--force", "--json") == 0
    assert json_of(capsys)["forced"] is True


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_reader_that_leaves_early_changes_no_exit_code(ready: Any, options: list[str]) -> None:
    """``ragguard gate | head -1``: a broken pipe must not read as a block (1)."""
    with subprocess.Popen([sys.executable, "-m", "ragguard.cli", "gate", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.close()
        told = run.stderr.read().decode()
    assert run.returncode == 0, told
    assert "Traceback" not in told
    assert "BrokenPipe" not in told


def test_code_of_a_plan_that_exits_is_no_verdict(tiny: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    made = tiny(candidates={"new": "{type: python, callable: tiny_exits:find}"})
    made.write("tiny_exits.py", "raise SystemExit(1)\n")
    assert made.gate("--allow-code") == 4
    assert "exit(1)" in capsys.readouterr().err


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke([]) == 3
    printed = capsys.readouterr()
    assert "Commands:" in printed.out + printed.err
