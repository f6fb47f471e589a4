"""Events a second of ``ragguard canary serve`` on loopback, and what is left of them when it is killed: ``python benchmarks/service.py``.

The service and the senders are processes of their own on this machine, and share its cores. Each event is one that both arms answered,
with a question, five documents, an answer of some 25 words, latency, tokens and feedback; the history is a file in a temporary folder.

    python benchmarks/service.py             # 10 seconds a row, 10 kills: three minutes and more
    python benchmarks/service.py 3 2         # seconds a row, kills
"""

import json
import multiprocessing
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

from ragguard.canary.deciding import decide
from ragguard.canary.opening import open_
from ragguard.records.canary import Canary

SENDERS, CONNECTIONS = 2, 8
"""Processes that send, and the connections of each."""

MOST = {1: 20_000, 10: 60_000, 100: 200_000}
"""Events sent at most, by the size of a batch."""

TOPICS = ("refunds", "webhooks", "payouts", "disputes", "invoices", "keys")
TEXT = "a charge that was refunded in part can be refunded again until its amount is used up and the fee is kept"
WORDS = TEXT.split()
PLAN = """\
name: loaded
collection: collection
baseline: {retriever: {type: lexical}}
candidates: {new: {retriever: {type: lexical}}}
suites: [golden.yaml]
canary:
  unit: request
  lateness: 0
  labels: 100000000
  stages: [{percent: 50, margin: 0.05, pairs: 100000000}]
  guardrails: [{signal: VersionMismatch}, {signal: Refused}, {signal: UnsupportedValue}, {signal: Feedback, tier: veto}]
"""


def made(folder: Path) -> Path:
    """A plan in a folder, and a roll-out of it that runs."""
    documents = [{"_id": f"d-{i}", "title": each, "text": f"How {each} work: {TEXT}.", "version": "2.0"} for i, each in enumerate(TOPICS)]
    asked = [{"_id": f"q-{i}", "text": f"how do {each} work"} for i, each in enumerate(TOPICS)]
    files = {
        "gate.yaml": PLAN,
        "golden.yaml": "suite: golden\nchecks:\n  - {metric: nDCG@10, tier: blocking, margin: 0.05}\n",
        "collection/corpus.jsonl": "".join(json.dumps(each) + "\n" for each in documents),
        "collection/queries.jsonl": "".join(json.dumps(each) + "\n" for each in asked),
        "collection/qrels/test.tsv": "query-id\tcorpus-id\tscore\n" + "".join(f"q-{i}\td-{i}\t1\n" for i in range(len(TOPICS))),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    opened, now = open_(folder / "gate.yaml", create=True), time.time() - 60
    rules = opened.loaded.plan.canary.model_dump(mode="json")
    opened.canaries.begin(Canary(opened.name, "new", "run", "promote", "f", "b", now, rules, now))
    return folder / "gate.yaml"


def event(name: str, number: int) -> dict[str, Any]:
    """An event that both arms answered; no text is twice the same."""
    tail = " ".join(WORDS[(number >> shift) % 16] for shift in (0, 4, 8, 12, 16))
    answered = {
        "retrieved": [{"id": f"d-{i}", "score": 1 - i / 10} for i in range(5)],
        "answer": f"{TEXT} {tail} [d-0]",
        "latency": 0.2 + number % 7 / 10,
        "tokens": 40,
        "feedback": 1.0,
    }
    return {"id": name, "arm": "both", "at": time.time() - 5, "query": f"{tail}?", "baseline": answered, "candidate": answered}


@contextmanager
def serving(plan: Path, *options: str) -> Iterator[tuple[Any, str]]:
    """The service in a process of its own, and its address."""
    command = [sys.executable, "-m", "ragguard.cli", "canary", "serve", "--plan", str(plan), "--port", "0", "--json", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        said = "".join(iter(process.stdout.readline, "}\n"))
        try:
            yield process, json.loads(said + "}")["url"]
        finally:
            if process.poll() is None:
                process.terminate()


def sends(url: str, sender: int, batch: int, seconds: float, most: int, found: Any) -> None:
    """Send batches over so many connections, one after the other on each; tell the seconds that each took, and what was answered."""
    http = urllib3.PoolManager(maxsize=CONNECTIONS, retries=False, timeout=60)
    times: list[float] = []
    answers: Counter[int] = Counter()
    end, each = time.monotonic() + seconds, most // CONNECTIONS // batch

    def work(connection: int) -> None:
        for number in range(each):
            if time.monotonic() > end:
                return
            name = f"{batch}-{sender}-{connection}-{number}"
            body = json.dumps([event(f"{name}-{i}", number * batch + i) for i in range(batch)]).encode()
            begin = time.perf_counter()
            answer = http.request("POST", f"{url}/v1/events", body=body, headers={"Content-Type": "application/json"})
            times.append(time.perf_counter() - begin)
            answers[answer.status] += 1

    run(work, CONNECTIONS)
    found.put((times, answers))


def run(work: Any, number: int) -> None:
    """Run threads to their end."""
    threads = [threading.Thread(target=work, args=(each,)) for each in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def processor(process: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def speed(plan: Path, batch: int, seconds: float) -> str:
    """A row of the table."""
    with serving(plan) as (process, url):
        found: Any = multiprocessing.Queue()
        begin = time.monotonic()
        before = processor(process.pid)
        senders = [
            multiprocessing.Process(target=sends, args=(url, each, batch, seconds, MOST[batch] // SENDERS, found))
            for each in range(SENDERS)
        ]
        for sender in senders:
            sender.start()
        told = [found.get() for _ in senders]
        took = time.monotonic() - begin
        for sender in senders:
            sender.join()
        used = processor(process.pid) - before
        peak = max(
            int(line.split()[1]) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines() if line.startswith("VmHWM")
        )
        commits = urllib3.request("GET", f"{url}/metrics").data.decode().split("ragguard_canary_commit_events_count ")[1].split()[0]
    times = sorted(each for times, _ in told for each in times)
    answers = sum((each for _, each in told), Counter())
    stored, rest = answers[200] * batch, {code: count for code, count in answers.items() if code != 200}
    shares = [1_000 * statistics.quantiles(times, n=100)[at - 1] for at in (50, 99)]
    grouped = stored / float(commits) if float(commits) else 0
    cells = (batch, f"{stored:,}", f"{stored / took:,.0f}", f"{shares[0]:.0f} ms", f"{shares[1]:.0f} ms", f"{grouped:.0f}")
    cells = (*cells, f"{1_000 * used / max(stored, 1):.2f} ms")
    return f"| {' | '.join(map(str, (*cells, f'{peak / 1024:.0f} MB', rest or 'none')))} |"


@dataclass
class Load:
    """Batches that are sent again until they are acknowledged."""

    url: str = ""
    sent: set[str] = field(default_factory=set)
    acknowledged: list[str] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)
    over: bool = False
    http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(maxsize=CONNECTIONS, retries=False, timeout=60))

    def work(self, connection: int) -> None:
        """Send, until it is over; the batch that is not acknowledged then stays so."""
        number = 0
        while not self.over:
            names = [f"kill-{connection}-{number}-{i}" for i in range(10)]
            self.sent.update(names)
            body = json.dumps([event(name, number * 10 + i) for i, name in enumerate(names)]).encode()
            while not self.over and not self._stored(body):
                time.sleep(0.02)
            if not self.over:
                self.acknowledged += names
            number += 1

    def _stored(self, body: bytes) -> bool:
        try:
            answer = self.http.request("POST", f"{self.url}/v1/events", body=body, headers={"Content-Type": "application/json"})
        except urllib3.exceptions.HTTPError:
            return False
        if answer.status != 200:
            self.refused[answer.status] += 1
        return answer.status == 200

    def wait(self, events: int) -> None:
        """Wait until so many more events are acknowledged, a minute at most."""
        until, end = len(self.acknowledged) + events, time.monotonic() + 60
        while len(self.acknowledged) < until and time.monotonic() < end:
            time.sleep(0.005)


def killed(plan: Path, kills: int) -> tuple[str, bool]:
    """Kill the service after random numbers of events, while it is sent more and decides every second; count what there is then."""
    chance, load = random.Random(7), Load()
    senders = threading.Thread(target=run, args=(load.work, CONNECTIONS))
    for kill in range(kills + 1):
        with serving(plan, "--every", "1") as (process, load.url):
            if not kill:
                senders.start()
            load.wait(chance.randint(100, 1_000))
            if kill < kills:
                os.kill(process.pid, signal.SIGKILL)
                continue
            load.over = True
            senders.join()
    opened = open_(plan)
    running = opened.canaries.running(opened.name)
    assert running is not None
    stored = Counter(each.noted.id for each in opened.canaries.events(running.id))
    _, look = decide(plan, time.time())
    pairs = {each.name: each.pairs for each in look.guardrails}["Refused"]
    lost, twice = len(set(load.acknowledged) - set(stored)), sum(count > 1 for count in stored.values())
    strange = len(set(stored) - load.sent)
    said = (
        f"{kills} times killed (SIGKILL) under load: {len(load.acknowledged):,} events acknowledged; of them lost: {lost}; "
        f"refused: {dict(load.refused) or 'none'}; stored: {len(stored):,}; of them twice: {twice}, sent by nobody: {strange}; "
        f"pairs of evidence: {pairs:,}"
    )
    return said, lost == twice == strange == 0 and pairs == len(stored)


HEAD = ("events a request", "stored", "a second", "p50", "p99", "events a commit", "processor an event", "memory", "refused")


def main() -> int:
    """Print the table and the counts; return 1 if an acknowledged event is lost, or one does not count once."""
    seconds, kills = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0, int(sys.argv[2]) if len(sys.argv) > 2 else 10
    print(f"| {' | '.join(HEAD)} |\n| {' | '.join(['--:'] * 8)} | --- |")
    for batch in MOST:
        with tempfile.TemporaryDirectory() as folder:
            print(speed(made(Path(folder)), batch, seconds), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        said, well = killed(made(Path(folder)), kills)
        print(f"\n{said}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
