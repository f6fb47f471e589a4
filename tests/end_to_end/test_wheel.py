"""The wheel, built and installed in an empty environment without any extra: it makes a workspace and gates it, and there is no torch."""

import os
import re
import subprocess
import sys
import venv
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from ragguard.reports import document

pytestmark = pytest.mark.slow

UNREACHABLE = re.compile(
    r"NewConnectionError|ConnectTimeoutError|NameResolutionError|Network is unreachable|Max retries exceeded|ProxyError"
)
ENCODER = "{type: dense, model: sentence-transformers/all-MiniLM-L6-v2}"
GOLDEN = ("MANIFEST", "corpus.jsonl", "queries.jsonl", "train.jsonl", "qrels/test.tsv", "glossary.yaml")
HEAVY = "from importlib.util import find_spec; print([name for name in ('torch', 'transformers', 'datasets') if find_spec(name)])"
TRAINED = "{type: dense, train: {recipe: biencoder, base: sentence-transformers/all-MiniLM-L6-v2, data: golden/payments/train.jsonl}}"


def pip(*arguments: str, python: str = sys.executable, cwd: Path) -> None:
    """Run pip; skip the test where the package registry cannot be reached."""
    call = [python, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(call, cwd=cwd, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode and UNREACHABLE.search(done.stdout + done.stderr):
        pytest.skip("pip cannot reach the package registry")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    if find_spec("hatchling") is not None and find_spec("build") is not None:
        subprocess.run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(root)], check=True, cwd=out)
    else:
        pip("wheel", str(root), "--no-deps", "--wheel-dir", str(out), cwd=out)
    (built,) = out.glob("ragguard-*.whl")
    return built


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel alone."""

    python: Path

    def ragguard(self, *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
        clean = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "RAGGUARD_STORE", "VIRTUAL_ENV")}
        call = [str(self.python.parent / "ragguard"), *arguments]
        return subprocess.run(call, cwd=cwd, env=clean, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def installed(wheel: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip("install", "--quiet", "-c", str(root / "constraints.txt"), str(wheel), python=str(python), cwd=folder)
    return Installed(python)


@pytest.fixture
def workspace(installed: Installed, tmp_path: Path) -> Path:
    done = installed.ragguard("init", "mine", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path / "mine"


def test_the_wheel_carries_suites_and_the_starter_workspace_and_no_sources(wheel, root):
    names = set(zipfile.ZipFile(wheel).namelist())
    shared = {name.removeprefix("ragguard/share/") for name in names if name.startswith("ragguard/share/")}
    golden = {
        f"golden/payments/{name}"
        for name in ("MANIFEST", "corpus.jsonl", "queries.jsonl", "train.jsonl", "qrels/test.tsv", "glossary.yaml")
    }
    golden |= {f"golden/cards/{name}" for name in ("MANIFEST", "corpus.jsonl", "queries.jsonl", "train.jsonl", "qrels/test.tsv")}
    golden |= {f"golden/general/{name}" for name in ("MANIFEST", "corpus.jsonl", "queries.jsonl", "qrels/test.tsv")}
    golden.add("golden/similarity/pairs.jsonl")
    # The skills of golden/models/nano, which does not come along, are asked in a checkout alone.
    suites = {f"suites/{path.name}" for path in (root / "suites").glob("*.yaml")} - {"suites/skills.yaml"}
    assert {"suites/golden.yaml", "suites/version-confusion.yaml"} <= suites
    ci = {f"docs/ci/{name}" for name in (".gitlab-ci.yml", "Jenkinsfile", "gate.yml", "nightly.yml", "requirements-gate.txt")}
    assert shared == {*suites, "examples/starter/gate.yaml", *golden, *ci}
    top = {name.split("/")[0] for name in names}
    assert len(top) == 2, f"the package and its metadata alone, not {top}"
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_starter_workspace_is_checked_and_gated_without_torch(installed, workspace):
    there = subprocess.run([str(installed.python), "-c", HEAVY], capture_output=True, text=True, check=True)
    assert there.stdout.strip() == "[]"
    checked = installed.ragguard("check", cwd=workspace)
    assert checked.returncode == 0, checked.stderr
    gated = installed.ragguard("gate", cwd=workspace)
    assert gated.returncode == 0, gated.stdout + gated.stderr
    assert "PROMOTE (exit code 0)" in gated.stdout
    report = document.from_json(workspace / "reports/starter/report.json")
    assert report.exit_code == 0
    assert [suite.name for suite in report.suites] == ["golden", "adversarial", "version-confusion", "forgetting"]
    accepted = installed.ragguard("compare", report.run, report.run, cwd=workspace)
    assert accepted.returncode in (0, 2), accepted.stderr


def test_nights_are_kept_and_shown_and_postgresql_names_its_extra(installed, workspace):
    for day in ("2026-01-01", "2026-01-02"):
        done = installed.ragguard("nightly", "--date", day, cwd=workspace)
        assert done.returncode == 0, done.stdout + done.stderr
    shown = installed.ragguard("history", "--html", "history.html", cwd=workspace)
    assert shown.returncode == 0, shown.stderr
    assert "2 nights of starter" in shown.stdout
    assert "<svg" in (workspace / "history.html").read_text(encoding="utf-8")
    refused = installed.ragguard("history", "--history", "postgresql://guard@127.0.0.1:9/x", cwd=workspace)
    assert refused.returncode == 3
    assert "run: pip install 'ragguard[postgres]'" in refused.stderr


@pytest.mark.parametrize(
    ("command", "retriever", "extra"),
    [
        ("gate", ENCODER, "models"),
        ("train", TRAINED, "train"),
        ("gate", TRAINED, "train"),
    ],
)
def test_what_needs_an_extra_names_the_pip_command_in_one_line(installed, workspace, command, retriever, extra):
    plan = workspace / "dense.yaml"
    plan.write_text(
        f"name: dense\ncollection: golden/payments\nbaseline: {{retriever: {{type: lexical}}}}\n"
        f"candidates: {{new: {{retriever: {retriever}}}}}\nsuites: [suites/golden.yaml]\n"
    )
    done = installed.ragguard(command, "dense.yaml", cwd=workspace)
    assert done.returncode == 3, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert f"run: pip install 'ragguard[{extra}]'" in last
    assert "Traceback" not in done.stderr
    assert not (workspace / "reports/dense").exists()


@pytest.mark.parametrize("command", [("--help",), ("schema",), ("compare", "--help")])
def test_the_command_line_answers_without_the_extras(installed, workspace, command):
    done = installed.ragguard(*command, cwd=workspace)
    assert done.returncode == 0, done.stderr
