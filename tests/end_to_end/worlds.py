"""Workspaces of any size for tests of whole runs: lexical, recorded and Python systems over one collection of made-up words."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ragguard.cli import invoke
from ragguard.records.report import Report
from ragguard.reports import document

DOCUMENTS = 20
CHECKS = "checks:\n  - {metric: nDCG@10, tier: blocking, margin: 0.05}\n  - {metric: RR, tier: veto, margin: 0.05}\nreport: [R@5]\n"
MINILM = "sentence-transformers/all-MiniLM-L6-v2"

# Words in the text of every document, and of each second one in its title too: a lexical system that sees titles alone finds half.
TITLES = '{type: lexical, document_text: "{title}"}'
TEXTS = '{type: lexical, document_text: "{text}"}'
BOTH = '{type: lexical, document_text: "{title} {text}"}'

ASKED = """
import time
from pathlib import Path

HERE = Path(__file__).parent

def _answer(text, depth):
    word = text.split()[-1]
    number = int(word.removeprefix("word"))
    return [f"d-{(number + step) % 20:02d}" for step in range(min(depth, 20))]

def slow(text, depth):
    with (HERE / "calls.log").open("a") as file:
        file.write(text + "\\n")
    time.sleep(0.002)
    return _answer(text, depth)

def asked(text, depth):
    with (HERE / "calls.log").open("a") as file:
        file.write(text + "\\n")
    return _answer(text, depth)

def out_of_order(text, depth):
    raise ConnectionError("no route to the index")

def until_mended(text, depth):
    with (HERE / "calls.log").open("a") as file:
        file.write(text + "\\n")
    if not (HERE / "mended").exists() and int(text.split()[-1].removeprefix("word")) % 10 < 3:
        raise ConnectionError("no route to the index")
    return _answer(text, depth)

def strange(text, depth):
    return ["nobody-knows-this", *_answer(text, depth)]

class Keyed:
    def __init__(self, key, path=""):
        self.key, self.path = key, path

    def invoke(self, text):
        if int(text.split()[-1].removeprefix("word")) % 2:
            raise ConnectionError(f"401 for https://index.example/{self.path}?key={self.key}")
        return _answer(text, 100)
"""


@dataclass(frozen=True)
class World:
    """A workspace: gate.yaml, suites/, collection/, and a module of retrievers under a name of its own."""

    folder: Path
    module: str = field(default_factory=lambda: f"retrievers_{uuid.uuid4().hex[:8]}")

    def write(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path

    def plan(self, baseline: str, candidates: Mapping[str, str], suites: Sequence[str] = ("golden",), more: str = "") -> Path:
        """Write gate.yaml; systems are YAML texts of retrievers, or ``accepted``."""
        reference = baseline if baseline == "accepted" else f"{{retriever: {baseline}}}"
        named = "".join(f"  {name}: {{retriever: {spec}}}\n" for name, spec in candidates.items())
        listed = ", ".join(f"suites/{name}.yaml" for name in suites)
        text = f"name: world\ncollection: collection\nbaseline: {reference}\ncandidates:\n{named}suites: [{listed}]\n{more}"
        return self.write("gate.yaml", text)

    def suite(self, name: str = "golden", body: str = CHECKS) -> Path:
        return self.write(f"suites/{name}.yaml", f"suite: {name}\n{body}")

    def python(self, name: str, more: str = "") -> str:
        return f"{{type: python, callable: '{self.module}:{name}'{more}}}"

    def run_file(self, name: str, rank_of: Callable[[int], int], queries: int, score: float = 100) -> str:
        """Write a TREC run that ranks each query's first document at ``rank_of(query)``, its second one behind; return the retriever."""
        lines = []
        for number in range(queries):
            others = [f"d-{(number + step) % DOCUMENTS:02d}" for step in range(1, DOCUMENTS)]
            at = rank_of(number) - 1
            ranking = [*others[:at], f"d-{number % DOCUMENTS:02d}", *others[at:]]
            lines += [f"q-{number:04d} Q0 {found} {rank} {score - rank} x\n" for rank, found in enumerate(ranking, 1)]
        self.write(name, "".join(lines))
        return f"{{type: recorded, run: {name}}}"

    def gate(self, *options: str) -> int:
        """Gate in this process; return the exit code."""
        return invoke(["gate", str(self.folder / "gate.yaml"), "--allow-code", *options])

    def command(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        """Start ragguard in a process of its own, in the folder."""
        call = [sys.executable, "-c", "from ragguard.cli import main; main()", *arguments]
        environment = {**os.environ, **variables}
        return subprocess.Popen(call, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    @property
    def out(self) -> Path:
        return self.folder / "reports" / "world"

    @property
    def report(self) -> Report:
        return document.from_json(self.out / "report.json")

    def timeless(self) -> str:
        """report.json without its times."""
        read: dict[str, Any] = json.loads((self.out / "report.json").read_bytes())
        assert read.pop("times")["started"]
        return json.dumps(read, indent=1)

    def page(self) -> str:
        """report.md without its part of times."""
        head, fold, times = (self.out / "report.md").read_text(encoding="utf-8").partition("<details><summary>Time, memory and speed")
        assert fold
        return head + times.partition("</details>")[2]

    def calls(self) -> list[str]:
        log = self.folder / "calls.log"
        return log.read_text().splitlines() if log.exists() else []

    def forget_calls(self) -> None:
        (self.folder / "calls.log").unlink(missing_ok=True)


def make(folder: Path, queries: int = 80, documents: str = "") -> World:
    """Write a world with ``queries`` queries, each with an intent, and 20 documents; ``documents`` is put in front of each text."""
    world = World(folder)
    words = [[f"word{number}" for number in range(queries) if number % DOCUMENTS == i] for i in range(DOCUMENTS)]
    corpus = [
        {"_id": f"d-{i:02d}", "title": " ".join(own) if i % 2 else "untitled", "text": f"{documents}{' '.join(own)} rule {i}"}
        for i, own in enumerate(words)
    ]
    asked = [{"_id": f"q-{i:04d}", "text": f"question on word{i}", "tags": ["even"] if i % 2 == 0 else ["odd"]} for i in range(queries)]
    world.write("collection/corpus.jsonl", "".join(json.dumps(row) + "\n" for row in corpus))
    world.write("collection/queries.jsonl", "".join(json.dumps(row) + "\n" for row in asked))
    judged = "".join(f"q-{i:04d}\td-{i % DOCUMENTS:02d}\t2\n" for i in range(queries))
    world.write("collection/qrels/test.tsv", "query-id\tcorpus-id\tscore\n" + judged)
    world.write(f"{world.module}.py", ASKED)
    world.suite()
    return world
