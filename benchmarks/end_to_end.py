"""The end-to-end recipe against its single stages: ``python benchmarks/end_to_end.py [--rows N | --full] [--collection cards]``.

Every row is a gate in a process of its own, over one store: what a row above trained is taken from there, and counts with the minutes
that its training took. By default trainings are capped and few queries are asked; ``--full`` trains on all rows and asks all.
``golden/cards`` is what the small language model ``golden/models/nano`` can read; of ``golden/payments`` it knows no words.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragguard.metrics import catalog
from ragguard.records.report import Report
from ragguard.reports import document

ROOT = Path(__file__).resolve().parent.parent
GENERATORS = (ROOT / "golden" / "models" / "nano", ROOT.parent / "shared" / "data" / "stories260K" / "hf")
"""The language models that are taken if they are there, the first first."""

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
TEXTS = {"payments": "[{status} v{version}] {title}\n{text}", "cards": "{text}"}
"""What the encoders see of a document, by collection."""

FEW: Mapping[str, Mapping[str, Sequence[str]]] = {
    "payments": {"tags": ["canonical"]},
    "cards": {"tags": ["explicit"]},
    "general": {"any_tags": ["bees-and-insects", "bridges", "mathematics", "metals"]},
}
"""The queries that are asked unless all are, by collection."""

PROMPT = "{% for document in documents %}[{{ document.number }}] {{ document.content }}\n{% endfor %}Question: {{ question }}\nAnswer:"
COLUMNS = {
    "golden nDCG@10": ("golden", "nDCG@10"),
    "VersionAcc@1": ("version-confusion", "VersionAcc@1"),
    "adversarial nDCG@10": ("adversarial", "nDCG@10"),
    "forgetting nDCG@10": ("forgetting", "nDCG@10"),
    "Completeness": ("golden", "Completeness"),
}
RANKED, ANSWERED = ("golden", "adversarial", "version-confusion", "forgetting"), ("golden",)
"""The suites of rows that rank, and of rows that differ in what is answered from the same ranking."""

Values = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """A line of the table: its name, the system, and the suites that are run on it."""

    name: str
    system: Values
    suites: tuple[str, ...] = RANKED


@dataclass(frozen=True)
class Setting:
    """What is trained on and asked: a collection, and ``rows`` of training at most (None: all, and then all queries are asked)."""

    collection: str
    rows: int | None
    generator: Path | None

    @property
    def folder(self) -> Path:
        """The collection's folder."""
        return ROOT / "golden" / self.collection

    def recipe(self, name: str, **more: Any) -> Values:
        """A recipe over the training rows."""
        capped = {} if self.rows is None else {"max_rows": self.rows}
        return {"recipe": name, "data": str(self.folder / "train.jsonl"), "max_seq_length": 128, **capped, **more}

    def dense(self, **more: Any) -> Values:
        """An encoder that reads 256 tokens."""
        return {"type": "dense", "document_text": TEXTS[self.collection], "max_seq_length": 256, **more}

    def suite(self, name: str, *, answered: bool) -> Values:
        """A suite with its endpoint alone."""
        metric = "VersionAcc@1" if name == "version-confusion" else "nDCG@10"
        made: Values = {"suite": name, "kind": name, "checks": [{"metric": metric, "tier": "blocking", "margin": 0.05}]}
        few = {} if self.rows is None else {"cases": FEW["general" if name == "forgetting" else self.collection]}
        if name == "forgetting":
            made["collection"] = str(ROOT / "golden" / "general")
        if name == "adversarial":
            made |= {"per_query": 2 if self.rows is None else 1}
            made |= {"glossary": str(self.folder / "glossary.yaml")} if (self.folder / "glossary.yaml").is_file() else {}
            made |= {"attacks": ["distractors", "poisoned", "instructions"], "targets": 60} if self.rows is None else {}
        if answered and "Completeness" in catalog.names():
            made["report"] = ["Completeness"]
        return {**made, **few}


def rows(setting: Setting) -> Iterator[Row]:
    """The lines of the table, each stage before those that use it."""
    tuned = setting.dense(train=setting.recipe("biencoder", base=MINILM, epochs=2, learning_rate=3e-5))
    recipe = setting.recipe("crossencoder", base=MINILM, learning_rate=1e-4, max_seq_length=256)
    reranker = {"type": "cross-encoder", "document_text": TEXTS[setting.collection], "max_seq_length": 256, "train": recipe}
    chain = {"retriever": tuned, "reranker": reranker}
    yield Row("encoder", {"retriever": tuned})
    yield Row("reranker on the untuned encoder", {"retriever": setting.dense(model=MINILM), "reranker": reranker})
    yield Row("encoder, reranker on its negatives", chain)
    yield Row("... + extractive answers", {**chain, "generator": {"type": "extractive"}}, ANSWERED)
    if setting.generator is not None:
        yield from rows_of_model(setting, setting.generator, chain)


def rows_of_model(setting: Setting, folder: Path, chain: Values) -> Iterator[Row]:
    """The lines that need a language model."""
    asked = {"type": "causal-lm", "prompt": PROMPT, "chat": False, "document_text": "{text}", "max_new_tokens": 96, "device": "cpu"}
    model = {**asked, "model": str(folder)}
    taught = setting.recipe("replug", base=MINILM, generator=model, k=8)
    lora = setting.recipe("lora", base=str(folder), raft={"distractors": "mined"}, epochs=3, learning_rate=1e-3, max_seq_length=None)
    yield Row(f"encoder distilled from {folder.name}", {"retriever": setting.dense(train=taught)})
    yield Row(f"... + answers of {folder.name}", {**chain, "generator": model}, ANSWERED)
    yield Row("... with LoRA on its contexts", {**chain, "generator": {**asked, "train": lora}}, ANSWERED)


def write(folder: Path, row: Row, setting: Setting) -> Path:
    """Write the plan of a row and its suites; its baseline is the untuned encoder, which quotes where the row answers."""
    folder.mkdir(parents=True)
    answered = row.suites == ANSWERED
    for name in row.suites:
        (folder / f"{name}.yaml").write_text(json.dumps(setting.suite(name, answered=answered)), encoding="utf-8")
    baseline = {"retriever": setting.dense(model=MINILM), **({"generator": {"type": "extractive", "contexts": 2}} if answered else {})}
    plan = {
        "name": "end-to-end",
        "collection": str(setting.folder),
        "baseline": baseline,
        "candidates": {"row": row.system},
        "suites": [f"{name}.yaml" for name in row.suites],
    }
    (folder / "gate.yaml").write_text(json.dumps(plan), encoding="utf-8")
    return folder / "gate.yaml"


class CouldNotRunError(Exception):
    """A gate that ended without a verdict."""


def run(plan: Path, store: Path) -> tuple[Report, float]:
    """Gate a plan in a process of its own; return its report and the peak of its resident memory in MiB."""
    environment = {**os.environ, "RAGGUARD_STORE": str(store)}
    command = [sys.executable, "-m", "ragguard.cli", "gate", str(plan), "--out", str(plan.parent), "--json"]
    with (plan.parent / "said.txt").open("w", encoding="utf-8") as said:
        child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1, 2):
        raise CouldNotRunError(f"exit code {child.returncode}: {(plan.parent / 'said.txt').read_text(encoding='utf-8').strip()}")
    return document.from_json(plan.parent / "report.json"), usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def cells(report: Report, arm: str, peak: float | None) -> list[str]:
    """The cells of an arm's line."""
    means = {(suite.name, mean.metric): mean.mean for suite in report.suites for mean in suite.means if mean.arm == arm and not mean.slice}
    figures = [means.get(column) for column in COLUMNS.values()]
    seconds: Mapping[str, float] = report.times.seconds
    asked = sum(spent for name, spent in seconds.items() if name in {f"{arm}/{suite.name}" for suite in report.suites})
    minutes = [seconds.get(f"{arm}/train"), asked]
    shown = [f"{value:.3f}" if value is not None else "-" for value in figures]
    return [*shown, *(f"{spent / 60:.1f}" if spent is not None else "-" for spent in minutes), f"{peak:.0f}" if peak is not None else "-"]


def line(name: str, texts: Sequence[str]) -> str:
    """A line of the table."""
    return f"{name:<46}" + "".join(f"{text:>21}" for text in texts)


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description="The end-to-end recipe against its single stages.")
    parser.add_argument("--collection", choices=list(TEXTS), help="only this one")
    parser.add_argument("--rows", type=int, default=96, help="training rows at most, and few queries (default: 96)")
    parser.add_argument("--full", action="store_true", help="all training rows, all queries")
    parser.add_argument("--generator", type=Path, help="folder of a causal language model (default: golden/models/nano, if it is there)")
    parser.add_argument("--store", type=Path, help="where trainings and results are kept (default: nowhere)")
    return parser.parse_args()


def show(setting: Setting, scratch: Path, store: Path) -> int:
    """Print the table of a setting, line by line, and return how many rows could not be run.

    The untuned encoder has a line where it is first asked, and where it first answers.
    """
    print(line(setting.collection, [*COLUMNS, "training min", "asking min", "peak MiB"]))
    untuned = {RANKED: "untuned all-MiniLM-L6-v2", ANSWERED: "untuned all-MiniLM-L6-v2, extractive answers"}
    failed = 0
    for i, row in enumerate(rows(setting)):
        try:
            report, peak = run(write(scratch / f"{setting.collection}-{i}", row, setting), store)
        except CouldNotRunError as error:
            failed += 1
            print(f"{row.name}: {error}", flush=True)
            continue
        if row.suites in untuned:
            print(line(untuned.pop(row.suites), cells(report, "baseline", None)))
        print(line(row.name, cells(report, "row", peak)), flush=True)
    return failed


def main() -> int:
    """Print a table a collection; return 1 if a row could not be run."""
    given = arguments()
    generator = given.generator or next((folder for folder in GENERATORS if folder.is_dir()), None)
    rows_asked, chosen = None if given.full else given.rows, [given.collection] if given.collection else list(TEXTS)
    with tempfile.TemporaryDirectory() as name:
        store = (given.store or Path(name) / "store").resolve()
        failed = sum(show(Setting(each, rows_asked, generator), Path(name), store) for each in chosen)
    if generator is None:
        print("no language model is here: rows that need one are left out; name one with --generator")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
