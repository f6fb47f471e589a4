"""The end-to-end recipe against its single stages on golden/payments: ``python benchmarks/end_to_end.py [--rows N | --full]``.

Every row is a gate in a process of its own, over one store: what a row above trained is taken from there, and counts with the minutes
that its training took. By default trainings are capped and only queries tagged ``canonical`` are asked; ``--full`` trains on all rows
and asks all.
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

MINILM, DATA = "sentence-transformers/all-MiniLM-L6-v2", str(ROOT / "golden" / "payments" / "train.jsonl")
TEXT = "[{status} v{version}] {title}\n{text}"
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
    suites: Sequence[str] = RANKED


@dataclass(frozen=True)
class Size:
    """How much is trained on and asked: ``rows`` of training at most (None: all, and then all queries are asked)."""

    rows: int | None
    generator: Path | None

    def recipe(self, name: str, **more: Any) -> Values:
        """A recipe over the training rows."""
        capped = {} if self.rows is None else {"max_rows": self.rows}
        return {"recipe": name, "data": DATA, "max_seq_length": 128, **capped, **more}

    def suite(self, name: str, *, answered: bool) -> Values:
        """A suite with its endpoint alone."""
        metric = "VersionAcc@1" if name == "version-confusion" else "nDCG@10"
        made: Values = {"suite": name, "kind": name, "checks": [{"metric": metric, "tier": "blocking", "margin": 0.05}]}
        if name == "forgetting":
            return {**made, "collection": str(ROOT / "golden" / "general")}
        if name == "adversarial":
            made |= {"glossary": str(ROOT / "golden" / "payments" / "glossary.yaml"), "per_query": 1 if self.rows else 2}
            made |= {} if self.rows else {"attacks": ["distractors", "poisoned", "instructions"], "targets": 60}
        if answered and "Completeness" in catalog.names():
            made["report"] = ["Completeness"]
        return {**made, "cases": {"tags": ["canonical"]}} if self.rows else made


def dense(**more: Any) -> Values:
    """An encoder that reads 256 tokens."""
    return {"type": "dense", "document_text": TEXT, "max_seq_length": 256, **more}


def rows(size: Size) -> Iterator[Row]:
    """The lines of the table, each stage before those that use it."""
    base = dense(model=MINILM)
    tuned = dense(train=size.recipe("biencoder", base=MINILM, epochs=2, learning_rate=3e-5))
    cross = {"type": "cross-encoder", "document_text": TEXT, "max_seq_length": 256}
    reranker = {**cross, "train": size.recipe("crossencoder", base=MINILM, max_seq_length=256, epochs=1)}
    chain = {"retriever": tuned, "reranker": reranker}
    yield Row("encoder", {"retriever": tuned})
    yield Row("reranker on the untuned encoder", {"retriever": base, "reranker": reranker})
    yield Row("encoder, reranker on its negatives", chain)
    yield Row("... + extractive answers", {**chain, "generator": {"type": "extractive"}}, ANSWERED)
    if size.generator is None:
        return
    model = {"type": "causal-lm", "model": str(size.generator), "max_new_tokens": 64, "device": "cpu"}
    taught = size.recipe("replug", base=MINILM, generator=model, k=8, max_seq_length=128)
    yield Row(f"encoder distilled from {size.generator.name}", {"retriever": dense(train=taught)})
    yield Row(f"... + {size.generator.name}, untuned", {**chain, "generator": model}, ANSWERED)
    lora = size.recipe("lora", base=str(size.generator), raft={"distractors": "mined"}, max_seq_length=None)
    tuned_model = {key: value for key, value in model.items() if key != "model"} | {"train": lora}
    yield Row(f"... + {size.generator.name} with LoRA on its contexts", {**chain, "generator": tuned_model}, ANSWERED)


def write(folder: Path, row: Row, size: Size) -> Path:
    """Write the plan of a row and its suites; its baseline is the untuned encoder, which quotes where the row answers."""
    folder.mkdir(parents=True)
    answered = row.suites == ANSWERED
    for name in row.suites:
        (folder / f"{name}.yaml").write_text(json.dumps(size.suite(name, answered=answered)), encoding="utf-8")
    baseline = {"retriever": dense(model=MINILM), **({"generator": {"type": "extractive", "contexts": 2}} if answered else {})}
    plan = {
        "name": "end-to-end",
        "collection": str(ROOT / "golden" / "payments"),
        "baseline": baseline,
        "candidates": {"row": row.system},
        "suites": [f"{name}.yaml" for name in row.suites],
    }
    (folder / "gate.yaml").write_text(json.dumps(plan), encoding="utf-8")
    return folder / "gate.yaml"


def run(plan: Path, store: Path) -> tuple[Report, float]:
    """Gate a plan in a process of its own; return its report and the peak of its resident memory in MiB."""
    environment = {**os.environ, "RAGGUARD_STORE": str(store)}
    command = [sys.executable, "-m", "ragguard.cli", "gate", str(plan), "--out", str(plan.parent), "--json"]
    with (plan.parent / "said.txt").open("w", encoding="utf-8") as said:
        child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1, 2):
        raise SystemExit(f"{plan}: exit code {child.returncode}\n{(plan.parent / 'said.txt').read_text(encoding='utf-8')}")
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
    parser.add_argument("--rows", type=int, default=96, help="training rows at most, and canonical queries alone (default: 96)")
    parser.add_argument("--full", action="store_true", help="all training rows, all queries")
    parser.add_argument("--generator", type=Path, help="folder of a causal language model (default: golden/models/nano, if it is there)")
    parser.add_argument("--store", type=Path, help="where trainings and results are kept (default: nowhere)")
    return parser.parse_args()


def main() -> int:
    """Print the table, line by line."""
    given = arguments()
    generator = given.generator or next((folder for folder in GENERATORS if folder.is_dir()), None)
    size = Size(None if given.full else given.rows, generator)
    print(line("", [*COLUMNS, "training min", "asking min", "peak MiB"]))
    with tempfile.TemporaryDirectory() as name:
        store = (given.store or Path(name) / "store").resolve()
        for i, row in enumerate(rows(size)):
            report, peak = run(write(Path(name) / f"row-{i}", row, size), store)
            if not i:
                print(line("untuned all-MiniLM-L6-v2", cells(report, "baseline", None)))
            print(line(row.name, cells(report, "row", peak)), flush=True)
    if generator is None:
        print("no language model is here: rows that need one are left out; name one with --generator")
    return 0


if __name__ == "__main__":
    sys.exit(main())
