"""A factory of tiny worlds for drills."""

import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import drill_worlds
import pytest
from drill_worlds import CODE, SEEING, Range


@pytest.fixture
def drill_range(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Range]]:
    """A factory of workspaces: ``drill_range(suite=SEEING, generator=True, reranker=False, queries=...)``."""
    made_modules: list[str] = []

    def make(suite: str = SEEING, *, generator: bool = True, reranker: bool = False, unversioned: str = "") -> Range:
        made = Range(tmp_path, f"drilled_{uuid.uuid4().hex[:8]}")
        made_modules.append(made.module)
        monkeypatch.delenv("RAGGUARD_STORE", raising=False)
        drill_worlds.collection(made, unversioned)
        made.write(f"{made.module}.py", CODE)
        made.write("suites/golden.yaml", suite)
        stages = "  retriever: {type: lexical}\n"
        stages += f"  reranker: {{type: python, callable: '{made.module}:overlap', depth: 5}}\n" if reranker else ""
        stages += f"  generator: {{type: python, callable: '{made.module}:answer', contexts: 2}}\n" if generator else ""
        other = stages.replace("type: lexical", "type: lexical, k1: 0.9")
        systems = f"baseline:\n{stages}candidates:\n  other:\n{''.join('  ' + line for line in other.splitlines(keepends=True))}"
        made.write("gate.yaml", f"name: tiny\ncollection: collection\n{systems}suites: [suites/golden.yaml]\n")
        return made

    yield make
    for name in made_modules:
        sys.modules.pop(name, None)
