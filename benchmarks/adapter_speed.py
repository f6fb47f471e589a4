"""Base, adapter beside the model, adapter merged: ``python benchmarks/adapter_speed.py [MODEL]``.

One process, one run: every question of golden/payments is asked of all three, one after the other, in an order that rotates. MODEL is
a folder with a causal language model (default: golden/models/nano, else ../shared/data/stories260K). The LoRA adapter is made on the
spot, too weak to change many answers, so that answers are of like length. Ratios are against the base, of medians, with a paired
bootstrap interval of 95 %: question by question, or batch by batch.
"""

import math
import statistics
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from ragguard.data.collection import load
from ragguard.metrics.efficiency import quantiles
from ragguard.plan.generators import CausalGenerator
from ragguard.statistics.quantile import ratio
from ragguard.store import Store
from ragguard.systems import factory
from ragguard.systems.interleaved import Turn, interleaved
from ragguard.systems.protocols import Asked, Generator
from ragguard.systems.silent import Silent

ROOT = Path(__file__).resolve().parent.parent
MODELS = (ROOT / "golden" / "models" / "nano", ROOT.parent / "shared" / "data" / "stories260K" / "hf")
QUESTIONS, TOKENS, PROMPT_TOKENS, SEED = 160, 16, 384, 7
PROMPT = "{% for document in documents %}{{ document.text }}\n{% endfor %}{{ question }}"
ASKED = {"prompt": PROMPT, "chat": False, "contexts": 1, "max_new_tokens": TOKENS, "max_input_tokens": PROMPT_TOKENS}
ROUNDS = {1: 1, 8: 4}
"""How often every batch is asked, by its size."""

THREADS = 1
"""Of the processor: models this small wait for each other's threads longer than they compute, where others use the machine too."""

BASE, BESIDE, MERGED = "base", "adapter beside it", "adapter merged"


def adapter(model: Path, folder: Path) -> Path:
    """Save a LoRA adapter of all the model's linear layers, of rank 8, whose effect is hardly more than none."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(SEED)
        made = get_peft_model(
            AutoModelForCausalLM.from_pretrained(model), LoraConfig(r=8, target_modules="all-linear", task_type="CAUSAL_LM")
        )
        for name, weights in made.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weights, std=1e-4)
        made.save_pretrained(folder)
    return folder


def generators(model: Path, lora: Path, size: int) -> dict[str, Generator]:
    """The three of them, ready to be asked ``size`` questions at once."""
    kinds = {BASE: {}, BESIDE: {"adapter": str(lora)}, MERGED: {"adapter": str(lora), "merge": True}}
    made = {}
    for name, more in kinds.items():
        plan = CausalGenerator.model_validate({"type": "causal-lm", "model": str(model), "batch_size": size, **ASKED, **more})
        made[name] = factory.generator(plan, base=ROOT)
        made[name].prepare(Store(lora.parent), Silent())
    return made


def questions() -> list[Asked]:
    """Answerable questions, each with one document that answers it."""
    collection = load(ROOT / "golden" / "payments")
    answered = [
        (query, grades) for query, grades in ((q, collection.qrels.get(name, {})) for name, q in collection.queries.items()) if grades
    ]
    best = ((query, max(grades, key=lambda name: (grades[name], name))) for query, grades in answered[:QUESTIONS])
    return [Asked(query.id, query.text, (collection.document(name),)) for query, name in best]


def table(turns: Sequence[Turn], size: int) -> Iterator[str]:
    """The lines of a batch size: a row a generator."""
    seconds = {name: medians([turn for turn in turns if turn.generator == name]) for name in (BASE, BESIDE, MERGED)}
    for name, by_batch in seconds.items():
        own = [turn for turn in turns if turn.generator == name]
        p50, p95, p99 = (f"{1000 * value:>8.1f}" for value in quantiles([turn.share for turn in own]))
        tokens = sum(turn.tokens for turn in own)
        row = f"{size:>5}  {name:<18}{p50}{p95}{p99}{tokens / math.fsum(turn.seconds for turn in own):>10.0f}"
        row += f"{tokens / sum(len(turn.cases) for turn in own):>15.1f}"
        if name == BASE:
            yield row
            continue
        found = ratio(seconds[BASE], by_batch, np.random.Generator(np.random.Philox(SEED)))
        yield f"{row}   {found.ratio:.3f} ({found.lower:.3f} to {found.upper:.3f}), {found.n} {'questions' if size == 1 else 'batches'}"


def medians(turns: Sequence[Turn]) -> list[float]:
    """The seconds of every batch, those of its rounds as their median; in the order of the batches' first questions."""
    rounds: dict[str, list[float]] = {}
    for turn in turns:
        rounds.setdefault(turn.cases[0], []).append(turn.seconds)
    return [statistics.median(rounds[name]) for name in sorted(rounds)]


def main() -> int:
    """Measure and print the table; 2 where there is no model."""
    named = [Path(sys.argv[1])] if len(sys.argv) > 1 else list(MODELS)
    model = next((folder for folder in named if (folder / "model.safetensors").is_file()), None)
    if model is None:
        print(f"needs a language model at {named[0]}")
        return 2
    torch.set_num_threads(THREADS)
    asked = questions()
    print(f"{model}, {len(asked)} questions, prompts of at most {PROMPT_TOKENS} tokens, answers of at most {TOKENS}")
    print("milliseconds of a question")
    print(f"{'batch':>5}  {'':<18}{'p50':>8}{'p95':>8}{'p99':>8}{'tokens/s':>10}{'answer tokens':>15}   median against the base's")
    with tempfile.TemporaryDirectory() as folder:
        lora = adapter(model, Path(folder) / "lora")
        for size, rounds in ROUNDS.items():
            rng = np.random.Generator(np.random.Philox(SEED))
            turns = list(interleaved(generators(model, lora, size), asked, rng, size=size, rounds=rounds))
            print(*table(turns, size), sep="\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
