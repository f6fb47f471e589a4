"""The entry point, and what it costs those who do not use it."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import workspaces
from workspaces import IDS

HEAVY = {"numpy", "scipy", "pydantic", "pydantic_core", "rich", "ruamel", "ranx", "numba", "torch", "transformers", "bm25s", "typer"}
ALONE = ("-p", "no:cacheprovider", "-q")


def modules(code: str) -> set[str]:
    """The modules that a fresh interpreter has after some code and not after importing pytest."""
    script = (
        f"import sys, pytest, _pytest.terminal\nbefore = set(sys.modules)\n{code}\nprint('MODULES', *sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("MODULES ")[2].split())


def test_importing_the_plugin_imports_next_to_nothing() -> None:
    assert modules("import ragguard.pytest_plugin") == {
        "ragguard",
        "ragguard.pytest_plugin",
        "ragguard.testing",
        "ragguard.testing.options",
    }


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that has nothing to do with us."""
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n")
    return tmp_path


def test_a_run_of_another_project_imports_nothing_heavy(project: Path) -> None:
    code = f"assert pytest.main(['-p', 'ragguard.pytest_plugin', '-p', 'no:cacheprovider', '-q', {str(project)!r}]) == 0"
    loaded = modules(code)
    assert loaded.isdisjoint(HEAVY)
    assert {name for name in loaded if name.startswith("ragguard.")} == {
        "ragguard.pytest_plugin", "ragguard.testing", "ragguard.testing.options"
    }  # fmt: skip


@pytest.fixture
def installed(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the entry point of pyproject.toml is installed, as pip would write it."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [f"{name} = {target}" for name, target in project["entry-points"]["pytest11"].items()]
    about = tmp_path / "site" / "ragguard_entry-0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: ragguard-entry\nVersion: 0\n")
    (about / "entry_points.txt").write_text("[pytest11]\n" + "\n".join(lines) + "\n")
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    monkeypatch.setenv("PYTHONPATH", f"{about.parent}:{root}")
    return tmp_path / "site"


def pytest_in(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_entry_point_brings_the_plugin(installed: Path, tmp_path: Path) -> None:
    folder = workspaces.make(tmp_path / "work")
    done = pytest_in(folder, "--ragguard-plan", "gate.yaml", "--co", *ALONE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("gate.yaml::tuned::") == len(IDS)


@pytest.mark.slow
def test_it_can_be_switched_off(installed: Path, project: Path, tmp_path: Path) -> None:
    off = pytest_in(project, "-p", "no:ragguard", *ALONE, "test_it.py")
    assert off.returncode == 0, off.stdout + off.stderr
    folder = workspaces.make(tmp_path / "work")
    refused = pytest_in(folder, "-p", "no:ragguard", "--ragguard-plan", "gate.yaml", *ALONE)
    assert refused.returncode == pytest.ExitCode.USAGE_ERROR
    assert "unrecognized arguments: --ragguard-plan" in refused.stderr


def test_the_plugin_says_what_its_options_are(project: Path) -> None:
    done = pytest_in(project, "-p", "ragguard.pytest_plugin", "--help")
    for option in ("plan", "candidate", "full", "allow-code", "store", "out", "report", "inconclusive"):
        assert f"--ragguard-{option}" in done.stdout
    assert "ragguard_plan" in done.stdout
    marks = pytest_in(project, "-p", "ragguard.pytest_plugin", "--markers").stdout
    assert "@pytest.mark.ragguard(cases, candidate=None, tags=(), slice='')" in marks
