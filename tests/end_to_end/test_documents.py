"""Every command that README and docs show is run, and every plan that they show is read."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from foreign_tools import WRITERS, Scored
from pydantic import TypeAdapter
from ruamel.yaml import YAML

from ragguard.canary import known
from ragguard.canary.redaction import redactor
from ragguard.canary.signals import names
from ragguard.data.labels import read_labels
from ragguard.data.mapped import check, read_layout
from ragguard.judges.build import build
from ragguard.judges.protocols import Context
from ragguard.metrics import catalog
from ragguard.plan.canary import CanaryPlan
from ragguard.plan.judges import JudgePlan, RubricJudge
from ragguard.plan.models import GatePlan, SuitePlan
from ragguard.plan.named import is_file_name
from ragguard.plan.nightly import NightlyPlan
from ragguard.plan.retrievers import DenseRetriever
from ragguard.plan.stages import CrossEncoderReranker
from ragguard.plan.systems import SystemPlan
from ragguard.records.metric import Metric
from ragguard.reports import document
from ragguard.systems import factory

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROGRAMS = {
    "ragguard": [sys.executable, "-m", "ragguard.cli"],
    "pytest": [sys.executable, "-m", "pytest", "-p", "ragguard.pytest_plugin"],
}

# Commands that stand in a sentence, with what the starter workspace has in place of the reader's own files.
IN_SENTENCES = {
    "ragguard compare": "ragguard compare old.trec new.trec --collection golden/payments",
    "ragguard compare old.trec new.trec --collection golden/docs": "ragguard compare old.trec new.trec --collection golden/payments",
    "ragguard compare old.jsonl new.jsonl": "ragguard compare foreign/table/old.csv foreign/table/new.csv",
    "ragguard compare results/old results/new --format lm-eval": "ragguard compare foreign/old foreign/new --format lm-eval",
    "ragguard compare old.eval new.eval": "ragguard compare foreign/inspect/old.json foreign/inspect/new.json",
    "ragguard compare out.json:old out.json:new": "ragguard compare foreign/promptfoo/old.json:old foreign/promptfoo/new.json:new",
    "ragguard compare test_run_old.json test_run_new.json": "ragguard compare foreign/deepeval/old.json foreign/deepeval/new.json",
    "ragguard compare old.csv new.csv --metric faithfulness": "ragguard compare foreign/ragas.csv foreign/ragas.csv --metric faithfulness",
    "ragguard compare old.trec new.trec --qrels qrels.txt": "ragguard compare old.trec new.trec --qrels golden/payments/qrels/test.tsv",
    "ragguard compare old.tsv new.tsv --metric nDCG@10": "ragguard compare foreign/ir.tsv foreign/ir.tsv --metric nDCG@10",
    "ragguard accept tuned": "ragguard accept with-titles",
    "ragguard accept": "ragguard accept with-titles",
    "ragguard check": "ragguard check",
    "ragguard power": "ragguard power",
    "ragguard power gate.yaml": "ragguard power gate.yaml",
    "ragguard error-rates": "ragguard error-rates --gates 200",
    "ragguard error-rates gate.yaml": "ragguard error-rates gate.yaml --gates 200",
    "ragguard init . --ci github": "ragguard init . --ci github",
    "ragguard train": "ragguard train",
    "ragguard schema": "ragguard schema",
    "ragguard show": "ragguard show a-api-key-overlap-after-roll-current.1",
    "ragguard show --html page.html": "ragguard show --html page.html",
    "ragguard cases": "ragguard cases",
    "ragguard drill": "ragguard drill --mutant first-lost",
    "ragguard drill gate.yaml": "ragguard drill gate.yaml --mutant nothing-found --mutant unchanged",
    "ragguard gate": "ragguard gate",
    "ragguard gate --full": "ragguard gate --full",
    "ragguard gate --sequential": "ragguard gate --sequential",
    "ragguard --help": "ragguard --help",
    "ragguard canary": "ragguard canary --help",
    "ragguard nightly": "ragguard nightly --date 2026-01-02",
    "ragguard history": "ragguard history",
    "ragguard history 2026-01-02 2026-01-31": "ragguard history last last",
    "ragguard canary serve": "ragguard canary serve --openapi service.json",
    "ragguard canary report": "ragguard canary report",
    "ragguard canary drift": "ragguard canary drift --log production.jsonl",
    "ragguard canary simulate": "ragguard canary simulate --rollouts 100",
    "ragguard shadow gate.yaml production.jsonl": "ragguard shadow gate.yaml production.jsonl --share 0.5",
    "ragguard data harvest": "ragguard data harvest production.jsonl --out harvested.jsonl",
    "ragguard judge calibrate": "ragguard judge calibrate labels.jsonl",
    "ragguard judge calibrate labels.jsonl --plan gate.yaml --judge helpful --out reports/judge": (
        "ragguard judge calibrate labels.jsonl --out reports/judge"
    ),
    "ragguard judge sample": "ragguard judge sample answering.yaml --out all.jsonl --allow-code",
    "ragguard judge sample gate.yaml --n 100 --out labels.jsonl": (
        "ragguard judge sample answering.yaml --n 100 --out sampled.jsonl --allow-code"
    ),
}


def _blocks(language: str) -> list[tuple[str, str]]:
    pattern = re.compile(rf"^```{language}\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return [(page.name, block) for page in PAGES for block in pattern.findall(page.read_text(encoding="utf-8"))]


def _lines() -> list[str]:
    indented = [line.strip() for page in PAGES for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("    make ")]
    fenced = [line for _, block in _blocks("sh") for line in block.splitlines() if line.strip()]
    return [line.split("  #")[0].split(" #")[0].strip() for line in [*fenced, *indented]]


def _inline() -> list[str]:
    found = [code for page in PAGES for code in re.findall(r"`((?:ragguard|make|python|pip) [^`]+)`", page.read_text(encoding="utf-8"))]
    return list(dict.fromkeys(" ".join(code.split()) for code in found))


def _plan(path: Path) -> GatePlan:
    return GatePlan.model_validate(YAML(typ="safe").load(path.read_text(encoding="utf-8")))


def _run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    words = shlex.split(command)
    # The plugin is named, for it may be installed or not.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run([*PROGRAMS[words[0]], *words[1:]], cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the README's block of ragguard commands was run, line by line."""
    folder = tmp_path_factory.mktemp("readme")
    for line in (line for line in _lines() if not line.startswith("make ")):
        if line.startswith("cd "):
            folder = folder / line.removeprefix("cd ")
            continue
        done = _run(line, folder)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        assert done.stdout
    return folder


@pytest.mark.slow
def test_the_commands_in_blocks_run(workspace: Path) -> None:
    assert (workspace / "reports" / "starter" / "report.md").is_file()


@pytest.mark.slow
def test_the_starter_runs_the_four_suites_of_make_gate_and_is_promoted(workspace: Path) -> None:
    report = document.from_json(workspace / "reports" / "starter" / "report.json")
    assert report.answer == "promote"
    suites = _plan(ROOT / "gate.yaml").suites
    assert _plan(workspace / "gate.yaml").suites == suites
    assert [f"suites/{suite.name}.yaml" for suite in report.suites] == suites


def test_the_candidate_that_the_starter_holds_in_comments_is_valid_once_uncommented() -> None:
    commented = re.compile(r"^# (?=  )", re.MULTILINE)
    text = (ROOT / "examples" / "starter" / "gate.yaml").read_text(encoding="utf-8")
    taken = GatePlan.model_validate(YAML(typ="safe").load(commented.sub("", text)))
    assert set(taken.candidates) == {"with-titles", "tuned"}


@pytest.mark.slow
@pytest.mark.parametrize("command", [code for code in _inline() if code.startswith("ragguard ")])
def test_the_commands_in_sentences_run(command: str, workspace: Path) -> None:
    for run in ("old.trec", "new.trec"):
        corpus = (workspace / "golden" / "payments" / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]
        rows = [line.split("\t") for line in corpus]
        lines = [f"{query} Q0 {document} 1 {grade}.0 {run}\n" for query, document, grade in rows if run == "old.trec" or grade != "0"]
        (workspace / run).write_text("".join(lines), encoding="utf-8")
    if command.startswith("ragguard judge"):
        _labelled(workspace)
    if command.startswith(("ragguard shadow", "ragguard data", "ragguard canary drift")):
        _produced(workspace / "production.jsonl")
    if command.startswith("ragguard compare"):
        _foreign(workspace / "foreign")
        done = _run(IN_SENTENCES[command], workspace)
        assert done.returncode == 0, done.stderr
        assert (workspace / "reports" / "compare" / "report.json").is_file()
        return
    done = _run(IN_SENTENCES[command], workspace)
    assert done.returncode == 0, done.stderr


ANSWERING = """\
name: answering
collection: golden/payments
baseline:
  retriever: {type: lexical}
  generator: {type: python, callable: 'answering:first'}
candidates:
  second:
    retriever: {type: lexical}
    generator: {type: python, callable: 'answering:second'}
suites: [suites/golden.yaml]
"""
GENERATORS = "def first(question, texts):\n    return texts[0]\n\n\ndef second(question, texts):\n    return texts[-1]\n"


def _labelled(workspace: Path) -> None:
    """Labels with a judge's values; and, once, a run of two systems that answer, for the starter's say nothing."""
    rows = [{"query": f"q-{i}", "answer": f"a {i}", "label": i % 2, "judge": i % 3 / 2} for i in range(40)]
    (workspace / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    if not (workspace / "answering.yaml").exists():
        (workspace / "answering.yaml").write_text(ANSWERING, encoding="utf-8")
        (workspace / "answering.py").write_text(GENERATORS, encoding="utf-8")
        done = _run("ragguard gate answering.yaml --allow-code", workspace)
        assert (workspace / "reports" / "answering" / "report.json").is_file(), done.stderr


def _produced(path: Path) -> None:
    """A log of production: what users asked, and one who was not content."""
    base = {"arm": "baseline", "at": 1_700_000_000, "retrieved": ["api-keys-v1.9"], "answer": "For ever."}
    rows = [{**base, "id": f"r-{number}", "query": f"how long are refunds number {number} kept"} for number in range(9)]
    rows.append({**rows[0], "id": "r-9", "feedback": "down"})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.mark.parametrize("block", [block for _, block in _blocks("jsonl")])
def test_labels_are_valid(block: str, tmp_path: Path) -> None:
    (tmp_path / "labels.jsonl").write_text(block, encoding="utf-8")
    assert read_labels(tmp_path / "labels.jsonl").labels


def _foreign(folder: Path) -> None:
    """Results of two systems in the formats that docs/compare.md names."""
    rows = [Scored(number, f"question {number}", number % 9 > 0) for number in range(100)]
    for tool, write in WRITERS.items():
        for system in ("old", "new"):
            write(folder / tool, rows, system)
    for system in ("old", "new"):
        (folder / system).mkdir(exist_ok=True)
        shutil.copy(folder / "lm-eval" / f"{system}.jsonl", folder / system / "samples_sums_2026-01-01T00-00-00.000000.jsonl")
    ragas = "".join(f"{row.question},said,{float(row.right)}\n" for row in rows)
    (folder / "ragas.csv").write_text("user_input,response,faithfulness\n" + ragas, encoding="utf-8")
    (folder / "ir.tsv").write_text("".join(f"q{row.id}\tnDCG@10\t{float(row.right)}\n" for row in rows), encoding="utf-8")


@pytest.mark.parametrize("command", sorted({line.split()[1] for line in _lines() if line.startswith("make ")}))
def test_make_knows_its_targets(command: str) -> None:
    if shutil.which("make") is None:
        pytest.skip("needs make")
    done = subprocess.run(["make", "-n", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_other_commands_name_what_exists() -> None:
    others = [code for code in _inline() if not code.startswith("ragguard ")]
    assert "pip install 'ragguard[train,offline]'" in others
    for code in others:
        if code.startswith("python "):
            assert (ROOT / code.split()[1]).is_file(), code
        if code.startswith("pip "):
            extras = re.findall(r"\[(.*?)\]", code)[0].split(",")
            assert all(f"\n{extra} = [" in (ROOT / "pyproject.toml").read_text(encoding="utf-8") for extra in extras), code


@pytest.mark.parametrize(("page", "block"), [found for found in _blocks("yaml") if "candidates:" in found[1]])
def test_plans_are_valid(page: str, block: str) -> None:
    plan = GatePlan.model_validate(YAML(typ="safe").load(block))
    assert plan.candidates, page


@pytest.mark.parametrize("block", [block for _, block in _blocks("yaml") if block.startswith("train:")])
def test_recipes_are_valid(block: str) -> None:
    assert DenseRetriever.model_validate({"type": "dense", **YAML(typ="safe").load(block)}).train


@pytest.mark.parametrize("block", [block for _, block in _blocks("yaml") if block.startswith(("retriever:", "remote:", "recorded:"))])
def test_systems_are_valid(block: str) -> None:
    system = SystemPlan.model_validate(YAML(typ="safe").load(block))
    if system.remote is not None:
        factory.remote(system.remote)


@pytest.mark.parametrize("block", [block for _, block in _blocks("yaml") if block.startswith("reranker:")])
def test_rerankers_are_valid(block: str) -> None:
    assert CrossEncoderReranker.model_validate(YAML(typ="safe").load(block)["reranker"]).train


@pytest.mark.parametrize("block", [block for _, block in _blocks("yaml") if block.startswith("suite:")])
def test_suites_are_valid(block: str) -> None:
    suite = SuitePlan.model_validate(YAML(typ="safe").load(block))
    assert all(catalog.resolve(Metric.parse(check.metric)) for check in suite.checks)


@pytest.mark.parametrize("block", [block for _, block in _blocks("yaml") if block.startswith("nightly:")])
def test_nights_are_valid(block: str) -> None:
    assert NightlyPlan.model_validate(YAML(typ="safe").load(block)["nightly"]).alerts


@pytest.mark.parametrize("block", [block for _, block in _blocks("yaml") if block.startswith("canary:")])
def test_roll_outs_are_valid(block: str) -> None:
    rules = CanaryPlan.model_validate(YAML(typ="safe").load(block)["canary"])
    assert not known.problems(rules, lambda _: "the page")
    assert known.signals(names(rules))
    assert redactor(rules.redact)("jane.doe@example.com") == "<EMAIL_ADDRESS>"


def test_the_roll_out_that_the_page_shows_is_the_default() -> None:
    (block,) = (block for page, block in _blocks("yaml") if page == "canary.md" and block.startswith("canary:"))
    assert CanaryPlan.model_validate(YAML(typ="safe").load(block)["canary"]) == CanaryPlan()


@pytest.mark.parametrize("block", [block for _, block in _blocks("yaml") if block.startswith("judges:")])
def test_judges_are_valid(block: str, tmp_path: Path) -> None:
    judges = TypeAdapter(dict[str, JudgePlan]).validate_python(YAML(typ="safe").load(block)["judges"])
    (single,) = (json.loads(block) for _, block in _blocks("json") if '"properties"' in block)
    pairs = {"type": "object", "properties": {"score": {"enum": ["A", "B", "tie"]}}}
    for name, plan in judges.items():
        if isinstance(plan, RubricJudge):
            files = {plan.schema_: json.dumps(pairs if plan.pairwise else single)}
            files |= {plan.prompt: "{{ question }} {{ answer }}"} if is_file_name(plan.prompt) else {}
            for path, text in files.items():
                (tmp_path / path).parent.mkdir(exist_ok=True)
                (tmp_path / path).write_text(text, encoding="utf-8")
            assert build(name, plan, Context(tmp_path)).fingerprint


def test_metrics_that_the_page_names_are_in_the_catalog() -> None:
    line = next(line for line in (ROOT / "docs" / "plan.md").read_text(encoding="utf-8").splitlines() if line.startswith("Metrics: "))
    for name in re.findall(r"`([^`=]+(?:\([^`]+\)[^`]*)?)`", line.replace("@k", "@5")):
        assert catalog.resolve(Metric.parse(name)), name


@pytest.mark.parametrize("block", [block for _, block in _blocks("yaml") if block.startswith("corpus:")])
def test_layouts_are_valid(block: str, tmp_path: Path) -> None:
    (tmp_path / "collection.yaml").write_text(block, encoding="utf-8")
    check(read_layout(tmp_path / "collection.yaml"))


@pytest.mark.parametrize("collection", ["payments", "general"])
def test_the_golden_collections_are_as_their_sources_say(collection: str, tmp_path: Path) -> None:
    made = tmp_path / "golden"
    shutil.copytree(ROOT / "golden", made, ignore=shutil.ignore_patterns("*.jsonl", "MANIFEST", "qrels"))
    done = subprocess.run([sys.executable, str(made / "build.py"), collection], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    names = [path.relative_to(made) for path in (made / collection).rglob("*") if path.is_file()]
    assert {"corpus.jsonl", "queries.jsonl", "test.tsv", "MANIFEST"} <= {name.name for name in names}
    for name in names:
        assert (made / name).read_bytes() == (ROOT / "golden" / name).read_bytes(), name


@pytest.mark.parametrize("name", ["gate", "suite", "report", "calibration", "drill", "history", "event"])
def test_the_published_schemas_are_current(name: str, tmp_path: Path) -> None:
    done = _run(f"ragguard schema --out {tmp_path}", ROOT)
    assert done.returncode == 0, done.stderr
    published = ROOT / "docs" / "schemas" / f"{name}.schema.json"
    assert published.read_text(encoding="utf-8") == (tmp_path / f"{name}.schema.json").read_text(encoding="utf-8")


def test_the_perturbation_that_is_shown_works() -> None:
    (block,) = (block for _, block in _blocks("python") if "def shouted" in block)
    found: dict[str, Callable[[str, np.random.Generator], str]] = {}
    exec(block, found)
    assert found["shouted"]("a fee", np.random.default_rng(7)).rstrip("!") == "A FEE"
