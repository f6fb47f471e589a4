"""A plan whose roll-out runs, events for it, and a real server of it on loopback."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

from ragguard.canary.opening import Opened, open_
from ragguard.canary.service import serving
from ragguard.canary.service.judging import open_judge
from ragguard.canary.service.service import Judge
from ragguard.canary.service.settings import Settings
from ragguard.history.canary_rows import Stored
from ragguard.records.canary import Canary

TOPICS = ("refunds", "webhooks", "payouts", "disputes", "invoices", "keys")
PLAN = """\
name: served
collection: collection
baseline: {retriever: {type: lexical}}
candidates:
  new: {retriever: {type: lexical, document_text: "{title}"}}
suites: [suites/golden.yaml]
canary:
  unit: request
  lateness: 0
  guardrails:
    - {signal: Refused}
    - {signal: Feedback, tier: veto}
"""
ENDLESS = "  labels: 1000000\n  stages: [{percent: 50, margin: 0.05, pairs: 1000000}]\n"
"""Behind the plan: its roll-out takes events for as long as it is sent some."""
SUITE = "suite: golden\nchecks:\n  - {metric: nDCG@10, tier: blocking, margin: 0.05}\n"


@dataclass
class Rollout:
    """A plan in a folder, with a history of its own."""

    folder: Path
    history: str

    @property
    def plan(self) -> Path:
        return self.folder / "gate.yaml"

    def opened(self) -> Opened:
        return open_(self.plan, self.history, create=True)

    def begin(self, candidate: str = "new") -> Canary:
        """Begin a roll-out, as ``ragguard canary start`` does of what a gate promoted."""
        opened, now = self.opened(), time.time() - 60
        rules = opened.loaded.plan.canary.model_dump(mode="json")
        return opened.canaries.begin(Canary(opened.name, candidate, "run-1", "promote", "f" * 16, "b" * 16, now, rules, now))

    def stored(self) -> list[Stored]:
        """What the history has of the last roll-out's events."""
        opened = self.opened()
        last = opened.canaries.last(opened.name)
        assert last is not None
        return list(opened.canaries.events(last.id))

    def counted(self) -> dict[tuple[str, str], int]:
        """How often each event is stored, by side and id."""
        found: dict[tuple[str, str], int] = {}
        for each in self.stored():
            key = (each.noted.side, each.noted.id)
            found[key] = found.get(key, 0) + 1
        return found


def make(folder: Path, history: str = "", more: str = "") -> Rollout:
    """Write a plan and its collection."""
    documents = [
        {"_id": f"d-{i}", "title": topic, "text": f"How {topic} work.", "version": "2.0", "status": "current"}
        for i, topic in enumerate(TOPICS)
    ]
    asked = [{"_id": f"q-{i}", "text": f"how do {topic} work"} for i, topic in enumerate(TOPICS)]
    qrels = "".join(f"q-{i}\td-{i}\t1\n" for i in range(len(TOPICS)))
    files = {
        "gate.yaml": PLAN + more,
        "suites/golden.yaml": SUITE,
        "collection/corpus.jsonl": "".join(json.dumps(row) + "\n" for row in documents),
        "collection/queries.jsonl": "".join(json.dumps(row) + "\n" for row in asked),
        "collection/qrels/test.tsv": f"query-id\tcorpus-id\tscore\n{qrels}",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return Rollout(folder, history or str(folder / "history.db"))


def shadowed(name: str, **candidate: Any) -> dict[str, Any]:
    """An event that both arms answered alike, but for what is said of the candidate."""
    topic = sum(name.encode()) % len(TOPICS)
    answered = {"retrieved": [f"d-{topic}"], "answer": f"They work. [d-{topic}]", "abstained": False, "latency": 0.2}
    return {
        "id": name,
        "arm": "both",
        "at": time.time() - 5,
        "query": f"how do {TOPICS[topic]} work",
        "baseline": answered,
        "candidate": answered | candidate,
    }


@dataclass
class Client:
    """Asks a server."""

    url: str
    token: str = ""
    http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(maxsize=16, retries=False, timeout=60))

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> urllib3.BaseHTTPResponse:
        """Ask; what is no bytes, iterator or None is sent as JSON."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            given.setdefault("Authorization", f"Bearer {self.token}")
        raw = isinstance(body, bytes) or body is None or hasattr(body, "__next__")
        if not raw:
            body = json.dumps(body).encode()
            given.setdefault("Content-Type", "application/json")
        return self.http.request(method, f"{self.url}{path}", body=body, headers=given)

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        return self.ask("GET", path, **headers)

    def post(self, events: Any, **headers: str) -> urllib3.BaseHTTPResponse:
        return self.ask("POST", "/v1/events", events, **headers)

    def decided(self) -> Any:
        found = self.ask("POST", "/v1/decide")
        assert found.status == 200, found.data
        return found.json()


@contextmanager
def served(rollout: Rollout | Judge, **settings: Any) -> Iterator[Client]:
    """Serve in this process, by uvicorn, until the block ends."""
    asked = Settings(**({"port": 0, "every": 3600.0} | settings))
    judge = open_judge(rollout.plan, rollout.history) if isinstance(rollout, Rollout) else rollout
    server, listening = serving.prepare(asked, judge)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield Client(serving.address(listening), asked.tokens[0] if asked.tokens else "")
    finally:
        server.should_exit = True
        thread.join()


@dataclass
class Process:
    """The command in a process of its own."""

    process: "subprocess.Popen[str]"
    client: Client

    def end(self, how: int) -> int:
        self.process.send_signal(how)
        self.process.communicate(timeout=60)
        return self.process.returncode


def started(rollout: Rollout, *options: str, errors: Path | None = None, **variables: str) -> Process:
    """Start ``ragguard canary serve``, and return when it listens."""
    command = [
        sys.executable,
        "-m",
        "ragguard.cli",
        "canary",
        "serve",
        "--plan",
        str(rollout.plan),
        "--history",
        rollout.history,
        "--json",
        *options,
    ]
    with (errors or Path(os.devnull)).open("ab") as told:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=told, text=True, env={**os.environ, **variables})
    assert process.stdout is not None
    said = "".join(iter(process.stdout.readline, "}\n"))
    assert process.poll() is None, said
    return Process(process, Client(json.loads(said + "}")["url"], variables.get("RAGGUARD_TOKEN", "")))


def lines(events: Sequence[Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in events)
