"""Real pytest in a temporary folder, with this plugin and no other, whatever is installed."""

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

import pytest
import workspaces

from ragguard import testing
from ragguard.cli import invoke

PLUGIN = ("-p", "ragguard.pytest_plugin")


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Import all there is, and gate once: pytester forgets what an inner pytest imports, and numpy cannot be imported twice."""
    for name in ("pytest_plugin", *(f"testing.{module.name}" for module in pkgutil.iter_modules(testing.__path__))):
        importlib.import_module(f"ragguard.{name}")
    folder = workspaces.make(tmp_path_factory.mktemp("loaded"), {"worse": workspaces.WORSE})
    assert invoke(["gate", str(folder / "gate.yaml")]) == 1


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No plugin but those that are named: this one may be installed, or not."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ("RAGGUARD_STORE", "PYTEST_ADDOPTS", "CI", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def inner(pytester: pytest.Pytester, loaded: None) -> Callable[..., pytest.RunResult]:
    """Run pytest in this process, in pytester's folder."""
    return lambda *arguments: pytester.runpytest_inprocess(*PLUGIN, *map(str, arguments))


@pytest.fixture
def apart(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Run pytest in a process of its own, in pytester's folder."""
    return lambda *arguments: pytester.runpytest_subprocess(*PLUGIN, *map(str, arguments))


@pytest.fixture
def small(pytester: pytest.Pytester) -> Callable[..., Path]:
    """Write a workspace into pytester's folder: ``small({"tuned": "good"}, queries=90, checks=...)``."""
    return lambda *arguments, **more: workspaces.make(pytester.path, *arguments, **more)
