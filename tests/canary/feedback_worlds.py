"""A workspace over a slice of golden/payments, with real systems, a log of production, and a running roll-out."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragguard.cli import invoke

ROOT = Path(__file__).resolve().parent.parent.parent
PAYMENTS = ROOT / "golden" / "payments"
FAMILIES = ("api-keys", "webhook-retries", "coupons", "file-uploads", "refund-windows", "idempotency", "audit-log", "card-replacement")
START = 1_700_000_000.0

# Every call is noted in a file, so that a test can tell what was asked again; a process may be told to kill itself.
OWN = """
import os, signal
from pathlib import Path

HERE = Path(__file__).parent

def first(question, texts):
    with (HERE / "calls.txt").open("a") as calls:
        calls.write(question + chr(10))
    if len((HERE / "calls.txt").read_text().splitlines()) == int(os.environ.get("DIES_AT", "0")):
        os.kill(os.getpid(), signal.SIGKILL)
    if not texts:
        return "The documents do not say."
    return texts[0].splitlines()[-1].split(". ")[0] + ". [1]"

def breaks(question, texts):
    if len(question) % 3 == 0:
        raise ValueError("too long")
    return first(question, texts)
"""

PLAN = """\
name: support
collection: golden
baseline:
  retriever: {baseline}
  generator: {generator}
candidates:
  new:
    retriever: {candidate}
    generator: {generator}
suites: [suites/golden.yaml]
canary:
  unit: session
  guardrails:
    - {{signal: VersionMismatch}}
    - {{signal: Refused}}
    - {{signal: UnsupportedValue}}
    - {{signal: nDCG@10, tier: veto}}
    - {{signal: Feedback, tier: veto}}
"""
SUITE = """\
suite: golden
checks:
  - {metric: nDCG@10, tier: blocking, margin: 0.05}
"""
LEXICAL = "{type: lexical}"
# Titles alone say nothing of versions, so old ones come up.
TITLES = '{type: lexical, document_text: "{title}"}'
QUOTING = "{type: python, callable: 'own:first', version: '1'}"


@dataclass(frozen=True)
class World:
    """A workspace in a folder that is also the working folder."""

    folder: Path

    def path(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, name: str, content: str) -> Path:
        path = self.path(name)
        path.write_text(content, encoding="utf-8")
        return path

    def lines(self, name: str, rows: Sequence[Any]) -> Path:
        return self.write(name, "".join(json.dumps(row) + "\n" for row in rows))

    def rows(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path(name).read_text(encoding="utf-8").splitlines()]

    def run(self, *arguments: str) -> int:
        return invoke([*arguments])

    def begin(self) -> None:
        """Gate, and begin the roll-out of what may not have been promoted."""
        self.run("gate", "gate.yaml", "--allow-code")
        report = "reports/support"
        code = self.run("canary", "start", "new", "--from", report, "--plan", "gate.yaml", "--force", "--reason", "a test")
        assert code == 0

    @property
    def calls(self) -> list[str]:
        """The questions that the generator was asked, in order."""
        path = self.path("calls.txt")
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    @property
    def queries(self) -> list[dict[str, Any]]:
        return self.rows("golden/queries.jsonl")


def make(
    folder: Path, baseline: str = LEXICAL, candidate: str = TITLES, generator: str = QUOTING, more: str = "", families: Sequence[str] = ()
) -> World:
    """Write the workspace: documents of some families of golden/payments, and the queries that they answer."""
    made = World(folder)
    wanted = set(families or FAMILIES)
    corpus = [row for row in _read(PAYMENTS / "corpus.jsonl") if row["family"] in wanted]
    ids = {row["_id"] for row in corpus}
    grades = [line.split("\t") for line in (PAYMENTS / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    strange = {query for query, document, grade in grades if document not in ids and int(grade) > 0}
    asked = {query for query, document, grade in grades if document in ids and int(grade) > 0} - strange
    queries = [row for row in _read(PAYMENTS / "queries.jsonl") if row["_id"] in asked]
    made.lines("golden/corpus.jsonl", corpus)
    made.lines("golden/queries.jsonl", queries)
    kept = ["\t".join(row) for row in grades if row[0] in asked and row[1] in ids]
    made.write("golden/qrels/test.tsv", "\n".join(["query-id\tcorpus-id\tscore", *kept]) + "\n")
    made.write("gate.yaml", PLAN.format(baseline=baseline, candidate=candidate, generator=generator) + more)
    made.write("suites/golden.yaml", SUITE)
    made.write("own.py", OWN)
    return made


def events(queries: Sequence[dict[str, Any]], sessions: int = 40, days: int = 3) -> list[dict[str, Any]]:
    """Events of production's baseline: golden queries asked in other words, two to a session, over some days."""
    return [
        {
            "id": f"r-{number:04d}",
            "arm": "baseline",
            "at": START + 86_400 * (number % days) + number,
            "query": f"hello, {query['text']}",
            "session": f"s-{number % sessions}",
            "retrieved": ["api-keys-v2.3"] if number % 2 else ["webhook-retries-v2.7"],
            "answer": "It takes a while.",
        }
        for number, query in enumerate(queries)
    ]


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


Make = Callable[..., World]
