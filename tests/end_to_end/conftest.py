"""A tiny workspace, written in a moment and gated in less: ten documents, a few queries, recorded and lexical systems."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import judged_worlds
import pytest
from judge_server import Script, serve_judge
from servers import Served

from ragguard.cli import invoke

TOPICS = ("refunds", "webhooks", "payouts", "disputes", "invoices", "keys", "limits", "retries", "currencies", "sandbox")

GOLDEN = """\
suite: golden
slices:
  canonical: {tags: [canonical]}
checks:
  - {metric: nDCG@10, tier: blocking, margin: 0.05}
  - {metric: RR, slice: canonical, tier: veto, margin: 0.10}
report: [R@5]
"""

BASELINE = "{type: recorded, run: baseline.trec}"
CANDIDATE = "{type: recorded, run: candidate.trec}"


@pytest.fixture(autouse=True)
def no_module_of_a_workspace_stays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Forget the modules that a test imported from its workspace: the next one has another of the same name."""
    yield
    made_here = str(tmp_path_factory.getbasetemp())
    for name in [name for name, module in sys.modules.items() if str(getattr(module, "__file__", None) or "").startswith(made_here)]:
        del sys.modules[name]


@dataclass(frozen=True)
class Tiny:
    """A workspace in a folder that is also the working folder: gate.yaml, suites/golden.yaml, collection/, two runs."""

    folder: Path

    def path(self, name: str) -> Path:
        """Where a file of the workspace is, its folder made."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file of the workspace."""
        path = self.path(name)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def edit(self, name: str, old: str, new: str) -> None:
        """Put other text into a file, which must have the old one."""
        text = self.path(name).read_text(encoding="utf-8")
        assert old in text, f"{name} has no {old!r}"
        self.write(name, text.replace(old, new, 1))

    def run(self, *arguments: str) -> int:
        """Run a command of ragguard in this process; return the exit code."""
        return invoke([*arguments])

    def gate(self, *options: str) -> int:
        """Gate the plan."""
        return self.run("gate", *options)

    @property
    def report(self) -> dict[str, object]:
        """The plan's report.json."""
        read: dict[str, object] = json.loads(self.path("reports/tiny/report.json").read_text(encoding="utf-8"))
        return read


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Tiny]:
    """A factory: ``tiny(queries=8, baseline=..., candidates={...}, suite=...)`` writes a workspace and goes there.

    Retrievers are YAML texts. The default candidate ranks as the baseline does but for query q-000, which gets its document second;
    so it is held with few queries, and promoted with 70 and more (each query has an intent of its own).
    """

    def make(
        queries: int = 8,
        baseline: str = BASELINE,
        candidates: dict[str, str] | None = None,
        suite: str = GOLDEN,
        more: str = "",
    ) -> Tiny:
        made = Tiny(tmp_path / "work")
        _collection(made, queries)
        made.write("baseline.trec", run_lines(range(queries), best=1))
        made.write("candidate.trec", run_lines([0], best=2) + run_lines(range(1, queries), best=1))
        made.write("suites/golden.yaml", suite)
        systems = "".join(f"  {name}:\n    retriever: {spec}\n" for name, spec in (candidates or {"new": CANDIDATE}).items())
        made.write(
            "gate.yaml",
            f"name: tiny\ncollection: collection\nbaseline:\n  retriever: {baseline}\ncandidates:\n{systems}"
            f"suites: [suites/golden.yaml]\n{more}",
        )
        monkeypatch.chdir(made.folder)
        monkeypatch.delenv("RAGGUARD_STORE", raising=False)
        return made

    return make


@pytest.fixture
def script() -> Script:
    """What the judge of ``judged`` says, and how it fails; it can be changed while it is served."""
    return Script(judged_worlds.opinion)


@pytest.fixture
def served(script: Script, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """The judge, on loopback."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serve_judge(script) as up:
        yield up


@pytest.fixture
def judged(tiny: Callable[..., Tiny], served: Served) -> Callable[..., Any]:
    """A factory of workspaces with a rubric judge: ``judged(candidate="vague", suite=..., judge=..., queries=90)``."""
    return partial(judged_worlds.make, tiny, served.url)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A factory of a disk with only so many KiB left; skips where disks cannot be mounted."""
    disk = tmp_path / "disk"

    def make(kilobytes: int) -> Path:
        disk.mkdir()
        mount = shutil.which("mount")
        done = mount and subprocess.run(
            [mount, "-t", "tmpfs", "-o", f"size={64 + kilobytes}k", "tmpfs", str(disk)], capture_output=True, check=False
        )
        if not done or done.returncode:
            pytest.skip("needs leave to mount a tmpfs (root), to have a disk that is full")
        (disk / "full").write_bytes(bytes(64 * 1024))
        return disk

    yield make
    if disk.is_mount():
        subprocess.run(["umount", str(disk)], check=True)


def query_id(number: int) -> str:
    return f"q-{number:03d}"


def run_lines(queries: Sequence[int], best: int) -> str:
    """Lines of a TREC run that puts each query's relevant document on rank ``best``."""
    lines = []
    for number in queries:
        others = [f"d-{other}" for other in range(len(TOPICS)) if other != number % len(TOPICS)]
        ranking = [*others[: best - 1], f"d-{number % len(TOPICS)}", *others[best - 1 :]]
        lines += [f"{query_id(number)} Q0 {name} {rank} {100 - rank} tiny\n" for rank, name in enumerate(ranking, start=1)]
    return "".join(lines)


def _collection(made: Tiny, queries: int) -> None:
    documents = [
        {"_id": f"d-{i}", "title": f"About {topic}", "text": f"How {topic} work, step by step.", "version": "2.0", "status": "current"}
        for i, topic in enumerate(TOPICS)
    ]
    asked = [
        {
            "_id": query_id(i),
            "text": f"question {i}: how do {TOPICS[i % len(TOPICS)]} work",
            "tags": ["canonical"] if i % 2 == 0 else ["explicit"],
        }
        for i in range(queries)
    ]
    made.write("collection/corpus.jsonl", "".join(json.dumps(row) + "\n" for row in documents))
    made.write("collection/queries.jsonl", "".join(json.dumps(row) + "\n" for row in asked))
    judged = "".join(f"{query_id(i)}\td-{i % len(TOPICS)}\t1\n" for i in range(queries))
    made.write("collection/qrels/test.tsv", "query-id\tcorpus-id\tscore\n" + judged)
