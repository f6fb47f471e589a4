"""Makes golden/models/nano from nothing: ``python golden/models/recipe_nano.py --minutes 60``, again with ``--evaluate`` for its table.

Stopped and started again, it goes on from the last checkpoint in ``--work``. Text, batches and weights follow from ``--seed`` and the
number of steps done; how many steps fit into ``--minutes`` depends on the machine, so name ``--steps`` to make the same model again.
"""

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import nano_card  # noqa: E402
import nano_rows  # noqa: E402
import nano_score  # noqa: E402
import nano_tokenizer  # noqa: E402
import nano_train  # noqa: E402
import nano_words  # noqa: E402

CASES = 500
FINAL_SEED = 2026


def main() -> None:
    """Train and ship, or evaluate what is shipped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="time budget of the training, over all resumptions")
    parser.add_argument("--steps", type=int, default=1_000_000, help="step budget; the training ends at whichever comes first")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--work", type=Path, default=Path(".ragguard/nano"), help="checkpoint and log")
    parser.add_argument("--out", type=Path, default=HERE / "nano")
    parser.add_argument("--evaluate", action="store_true", help="print the table of the shipped weights, and train nothing")
    given = parser.parse_args()
    nano_train.torch.set_num_threads(given.threads)
    if not given.evaluate:
        run = nano_train.Run(folder=given.work, seed=given.seed, steps=given.steps, minutes=given.minutes)
        trainer = nano_train.Trainer(run)
        trainer.train()
        ship(trainer, given.out)
    print(nano_card.table(evaluate(given.out)))


def evaluate(folder: Path) -> dict[str, tuple[float, int]]:
    """Exact match of the model in a folder, by skill."""
    model, tokenizer = load(folder)
    return nano_score.exact_match(model, tokenizer, CASES, FINAL_SEED)


def load(folder: Path) -> tuple[Any, Any]:
    """Model (float32, for evaluation) and tokenizer of a folder, without network."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True).eval()
    return model, AutoTokenizer.from_pretrained(folder, local_files_only=True)


def ship(trainer: nano_train.Trainer, out: Path) -> None:
    """Write weights, tokenizer, log and card; the card's numbers are measured on the files written."""
    out.mkdir(parents=True, exist_ok=True)
    trainer.master.generation_config.update(do_sample=False, max_new_tokens=nano_score.ANSWER_TOKENS)
    trainer.master.save_pretrained(out)
    nano_tokenizer.make().save_pretrained(out)
    shutil.copy(trainer.run.folder / "training-log.jsonl", out / "training-log.jsonl")
    (out / "README.md").write_text(nano_card.card(_facts(trainer, out), evaluate(out)), encoding="utf-8")


def _facts(trainer: nano_train.Trainer, out: Path) -> dict[str, Any]:
    run, steps = trainer.run, trainer.step
    return {
        "parameters": sum(p.numel() for p in trainer.master.parameters()),
        "megabytes": (out / "model.safetensors").stat().st_size / 1e6,
        "vocabulary": trainer.master.config.vocab_size,
        **{name: len(getattr(nano_words, name.upper())) for name in ("entities", "attributes", "units", "numbers", "versions")},
        "seed": run.seed,
        "steps": steps,
        "rows": run.rows,
        "length": nano_rows.LENGTH,
        "tokens": steps * run.rows * nano_rows.LENGTH / 1e6,
        "minutes": trainer.elapsed / 60,
        "threads": nano_train.torch.get_num_threads(),
        "rate": run.rate,
        "warmup": nano_train.WARMUP,
        "decay": nano_train.DECAY_FROM,
        "passed": nano_rows.PASSED,
    }


if __name__ == "__main__":
    main()
