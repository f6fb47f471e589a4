"""Does a LoRA on a domain's documents cost a language model its grammar? ``python benchmarks/blimp_forgetting.py [--items N]``.

stories260K (a Llama of 260 thousand parameters) learns the next tokens of golden/payments' documents, mildly and hard, and is gated over
BLiMP's minimal pairs, as lm-eval's own blimp tasks ask them: is the grammatical sentence the likelier one? Needs ../shared/data.
"""

import argparse
import random
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import torch

from ragguard import gate
from ragguard.data.collection import load as load_collection
from ragguard.plan.load import from_values
from ragguard.records.report import Report, TaskRun

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
MODEL = DATA / "stories260K" / "hf"
STEPS, ROWS, LENGTH, RANK = 200, 16, 128, 16
RATES = {"mild": 5e-4, "hard": 1e-2}

TASK = """task: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: ""
doc_to_target: 0
doc_to_choice: "{{{{[sentence_good, sentence_bad]}}}}"
num_fewshot: 0
metric_list:
  - {{metric: acc, aggregation: mean, higher_is_better: true}}
metadata: {{version: 1.0}}
"""


def train(out: Path, rate: float) -> float:
    """Save an adapter that learned the next token of every document; return its last losses' mean."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(7)
    rng, tokenizer = random.Random(7), AutoTokenizer.from_pretrained(MODEL, local_files_only=True)
    documents = [f"{document.title}\n{document.text}" for document in load_collection(ROOT / "golden" / "payments", "test").documents()]
    tokens = [token for text in documents for token in tokenizer(text, verbose=False)["input_ids"]]
    config = LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(MODEL, local_files_only=True, dtype=torch.float32), config)
    optimizer = torch.optim.AdamW([weights for weights in model.parameters() if weights.requires_grad], lr=rate)
    losses = []
    for _ in range(STEPS):
        starts = [rng.randrange(len(tokens) - LENGTH) for _ in range(ROWS)]
        batch = torch.tensor([tokens[start : start + LENGTH] for start in starts])
        loss = model(input_ids=batch, labels=batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    model.save_pretrained(out)
    return sum(losses[-20:]) / 20


def workspace(folder: Path, items: int | None) -> dict[str, Any]:
    """Write tasks and a suite into a folder; return the plan."""
    names = sorted(path.stem for path in (DATA / "blimp").glob("*.jsonl"))
    for name in names:
        (folder / "tasks").mkdir(exist_ok=True)
        text = TASK.format(name=name, data=DATA / "blimp" / f"{name}.jsonl")
        (folder / "tasks" / f"{name}.yaml").write_text(text, encoding="utf-8")
    limit = f", limit: {items}" if items else ""
    checks = "".join(f"  - {{metric: TaskScore, slice: {name}, tier: veto, margin: 0.05}}\n" for name in names)
    suite = f"suite: forgetting\nkind: forgetting\nlm_eval: {{folders: [tasks], tasks: [{', '.join(names)}]{limit}}}\n"
    suite += f"checks:\n  - {{metric: TaskScore, tier: blocking, margin: 0.05}}\n{checks}"
    (folder / "forgetting.yaml").write_text(suite, encoding="utf-8")
    system = {"retriever": {"type": "lexical"}, "generator": {"type": "causal-lm", "model": str(MODEL), "batch_size": 64}}
    tuned = {name: {**system, "generator": {**system["generator"], "adapter": str(folder / name)}} for name in RATES}
    return {
        "name": "blimp",
        "collection": str(ROOT / "golden" / "payments"),
        "baseline": system,
        "candidates": tuned,
        "suites": [str(folder / "forgetting.yaml")],
    }


def shown(report: Report) -> None:
    """Print a table for each candidate."""
    for decision in report.decisions:
        print(f"\n{decision.candidate}: {decision.answer}")
        print(f"{'':<42} {'base':>6} {'tuned':>6} {'difference':>10} {'bounds':>16} {'lost':>5} {'won':>5}  verdict")
        outcomes = {verdict.check.slice: verdict.outcome for verdict in decision.verdicts}
        for row in (each for each in report.suites[0].tasks if each.arm == decision.candidate):
            print(f"{row.task or 'all':<42} {_numbers(row)}  {outcomes[row.task]}")


def _numbers(row: TaskRun) -> str:
    bounds = f"{row.lower:+.3f} .. {row.upper:+.3f}"
    return f"{row.baseline:>6.3f} {row.candidate:>6.3f} {row.difference:>+10.3f} {bounds:>16} {len(row.lost):>5} {len(row.won):>5}"


def main() -> int:
    """Train, gate, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=None, help="of each set; default all 1,000")
    items = parser.parse_args().items
    if not MODEL.is_dir() or not (DATA / "blimp").is_dir():
        print("needs ../shared/data, with blimp and stories260K, which is not here")
        return 3
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(name)
        for adapter, rate in RATES.items():
            print(f"{adapter}: learning rate {rate:g}, loss of the last 20 of {STEPS} steps {train(folder / adapter, rate):.2f}")
        shown(gate.run(from_values(workspace(folder, items), folder, "blimp"), store=folder / "store"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
