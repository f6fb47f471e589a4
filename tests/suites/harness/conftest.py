"""Tiny language models, folders of tasks, and suites over them."""

from collections.abc import Callable
from pathlib import Path

import lm_tasks
import pytest
import tiny_llama

from ragguard.plan.generators import CausalGenerator
from ragguard.plan.load import LoadedSuite
from ragguard.suites.harness import tasks
from ragguard.suites.harness.tasks import Tasks
from ragguard.systems.adapters import examine
from ragguard.systems.language import LanguageModel


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama, and beside it ``tuned``, a LoRA of it."""
    base = tiny_llama.make(tmp_path_factory.mktemp("lm") / "base", positions=512)
    tiny_llama.lora(base.parent / "tuned", base, scale=1.0)
    return base


@pytest.fixture
def language(llama: Path) -> Callable[..., LanguageModel]:
    def make(folder: Path = llama, **more: object) -> LanguageModel:
        plan = CausalGenerator.model_validate({"type": "causal-lm", "model": str(folder), "max_new_tokens": 2, **more})
        adapter = examine(plan, folder, folder.parent) if plan.adapter else None
        return LanguageModel(plan, folder, folder, adapter)

    return make


@pytest.fixture
def own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two tasks, and a group of both; what datasets makes of them is not left behind."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(folder / "cache"))
    lm_tasks.write(folder / "tasks", "asked", lm_tasks.GENERATE, lm_tasks.questions(12))
    lm_tasks.write(folder / "tasks", "chosen", lm_tasks.CHOOSE, lm_tasks.options(20))
    (folder / "tasks" / "both.yaml").write_text("group: both\ntask: [asked, chosen]\n")
    return folder / "tasks"


@pytest.fixture
def suite(plan: Callable[..., object]) -> Callable[..., LoadedSuite]:
    """A suite with tasks, as it is written and read; it asks their items alone."""

    def make(spec: str, check: str = "{metric: TaskScore}") -> LoadedSuite:
        loaded: LoadedSuite = plan(f"suite: f\nkind: forgetting\nlm_eval: {spec}\nchecks:\n  - {check}\n").suites[0]  # type: ignore[attr-defined]
        return loaded

    return make


@pytest.fixture
def loaded(suite: Callable[..., LoadedSuite], own: Path) -> Callable[..., Tasks]:
    def make(names: str = "both", more: str = "", allow_code: bool = False) -> Tasks:
        found = tasks.load(suite(f"{{folders: [tasks], tasks: [{names}]{more}}}"), allow_code=allow_code)
        assert found is not None
        return found

    return make
