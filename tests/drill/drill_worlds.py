"""Tiny worlds for drills: fact cards in two versions, BM25, and a generator and a reranker of a few lines."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragguard.cli import invoke

TOPICS, GHOSTS = 32, 24
PRODUCTS = ("north", "south")

CODE = '''
from dataclasses import replace

def answer(question, texts):
    topic = next((word for word in question.split() if word.startswith(("topic", "ghost"))), "")
    for number, text in enumerate(texts, 1):
        if topic in text and question.split()[1] in text:
            return f"{text} [{number}]"
    return "The documents do not say."

def overlap(query, texts):
    return [len(set(query.split()) & set(text.split())) for text in texts]

def shouted(observation, case, strength, rng):
    """Says it without its citations."""
    if observation.answer is None or rng.random() >= strength:
        return None
    return replace(observation, answer=replace(observation.answer, text="I AM SURE OF IT", citations=()))

shouted.strengths = (0.5, 1.0)
shouted.stated = 1.0

def broken(observation, case, strength, rng):
    return "no observation"

def failing(observation, case, strength, rng):
    raise KeyError("gone")

def odd(observation, case, strength, rng):
    return None

odd.strengths = ("much",)

def calm(observation, case, strength, rng):
    return None

calm.harmless = True
'''

SEEING = """\
suite: golden
checks:
  - {metric: nDCG@10, tier: blocking, margin: 0.05}
  - {metric: Completeness, tier: blocking, margin: 0.05}
  - {metric: VersionConflation, tier: veto, margin: 0.05}
  - {metric: FalseRefusal, tier: veto, margin: 0.05}
  - {metric: FalseAnswer, tier: veto, margin: 0.10}
  - {metric: CitationPrecision, tier: veto, margin: 0.05}
  - {metric: InventedCitation, tier: veto, margin: 0.05}
  - {metric: UnsupportedValue, tier: veto, margin: 0.05}
"""

BLIND = "suite: golden\nchecks:\n  - {metric: nDCG@10, tier: blocking, margin: 0.05}\n"


@dataclass(frozen=True)
class Range:
    """A workspace in a folder: gate.yaml, suites/golden.yaml, collection/, and a module of its own name."""

    folder: Path
    module: str

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, *options: str) -> int:
        return invoke(["drill", str(self.folder / "gate.yaml"), "--allow-code", *options])

    @property
    def found(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self.folder / "reports/tiny/drill.json").read_text(encoding="utf-8"))
        return read

    def of(self, name: str) -> dict[str, Any]:
        return next(each for each in self.found["mutants"] if each["name"] == name)


def collection(made: Range, unversioned: str) -> None:
    documents, asked, judged = [], [], []
    for i in range(TOPICS):
        for release, version, status, value in (("spring", "1.0", "superseded", 100 + i), ("autumn", "2.0", "current", 500 + i)):
            documents.append(
                {
                    "_id": f"d{i:02d}-{release}",
                    "title": f"topic{i:02d} {release}",
                    "text": f"topic{i:02d} {release}: the limit is {value} units. It holds only for members.",
                    "family": f"f{i:02d}",
                    "version": version,
                    "status": status,
                    "product": PRODUCTS[i % 2],
                    "effective_from": f"202{version[0]}-01-01",
                }
            )
        for wording in ("limit", "units", "members"):
            name = f"q{i:02d}-{wording}"
            row: dict[str, Any] = {"_id": name, "text": f"topic{i:02d} autumn {wording}", "gold_answer": f"{500 + i} units"}
            row |= {"required": [f"{500 + i} units"], "forbidden": [f"{100 + i} units"]}
            if not unversioned or PRODUCTS[i % 2] != unversioned:
                row["asks"] = {"family": f"f{i:02d}", "mode": "current"}
            asked.append(row)
            judged.append(f"{name}\td{i:02d}-autumn\t1\n")
    asked += [{"_id": f"g{i:02d}", "text": f"ghost{i:02d} autumn limit", "answerable": False} for i in range(GHOSTS)]
    made.write("collection/corpus.jsonl", "".join(json.dumps(row) + "\n" for row in documents))
    made.write("collection/queries.jsonl", "".join(json.dumps(row) + "\n" for row in asked))
    made.write("collection/qrels/test.tsv", "query-id\tcorpus-id\tscore\n" + "".join(judged))
