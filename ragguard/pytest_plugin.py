"""The pytest plugin: hooks and fixtures only. What they do lies in ``ragguard.testing``, and is imported when it is asked for.

PYTEST_DONT_REWRITE
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ragguard.testing import options

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from ragguard.testing.cases import GoldenCase
    from ragguard.testing.results import Gate


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare --ragguard-* and ragguard_*."""
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Read what was said, and have the plan collected where the command line names one."""
    config.addinivalue_line("markers", options.MARKER)
    settings = config.stash[options.KEY] = options.read(config)
    options.add_argument(config, settings)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the plan, or the report that stands for it; no other file."""
    if file_path != parent.config.stash[options.KEY].collected:
        return None
    from ragguard.testing.items import PlanFile

    parent.config.stash[options.COLLECTED] = True
    return PlanFile.from_parent(parent, path=file_path)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a marked test once for each golden case."""
    marker = metafunc.definition.get_closest_marker(options.MARK)
    if marker is not None:
        from ragguard.testing import marked

        marked.parametrize(metafunc, marker)


def pytest_collection_modifyitems(config: pytest.Config) -> None:
    """Refuse a run in which the plan that was asked for is not among the tests."""
    options.refuse_overlooked(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give xdist's workers a folder in which one of them leaves the report for all."""
    from ragguard.testing import shared

    shared.invite(node)


def pytest_terminal_summary(terminalreporter: "TerminalReporter", config: pytest.Config) -> None:
    """Say how the gate ended, if it ran."""
    if options.DONE in config.stash or options.SHARED in config.stash:
        from ragguard.testing import summary

        summary.show(terminalreporter, config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what xdist's workers shared."""
    if options.SHARED in config.stash:
        from ragguard.testing import shared

        shared.leave(config)


@pytest.fixture(scope="session")
def ragguard_plan(pytestconfig: pytest.Config) -> Path | None:
    """The plan that ragguard_gate is about; override it with a path of your own."""
    return pytestconfig.stash[options.KEY].plan


@pytest.fixture(scope="session")
def ragguard_gate(pytestconfig: pytest.Config, ragguard_plan: Path | str | None) -> "Gate":
    """The gate's results: run once a session, by one of xdist's workers for all of them."""
    from ragguard.testing import results

    return results.gate(pytestconfig, ragguard_plan)


@pytest.fixture
def ragguard_case(request: pytest.FixtureRequest) -> "GoldenCase":
    """A golden case with what was observed on it; the test is marked ragguard(cases=...)."""
    from ragguard.testing import marked

    return marked.case(request)
