"""The fitting of a generator's adapter: rows made into examples, model, adapter and trainer put together, and what came of it."""

import time
from pathlib import Path
from typing import Any

from ragguard.systems.fingerprints import digest
from ragguard.systems.language import LanguageModel
from ragguard.systems.protocols import Progress, Retriever, Vault
from ragguard.systems.wording import Wording
from ragguard.train import arguments, checkpoint, lmtrainer, lora, trainer
from ragguard.train.examples import writer
from ragguard.train.generatorjob import LIBRARIES, GeneratorJob
from ragguard.train.losses import ObjectiveLoss
from ragguard.train.material import Material, divide, prepare
from ragguard.train.rows import Split
from ragguard.train.watch import Curves, Trail, watcher


def fit(
    job: GeneratorJob, ranking: Retriever | None, key: str, result: Path, scratch: Path, vault: Vault, progress: Progress
) -> dict[str, Any]:
    """Train, save the adapter in ``result``, and return the provenance; what the trainer leaves on its way goes to ``scratch``.

    Raises:
        InputError: the arguments, the rows or the adapter do not fit.
        Broken: the loss or the gradient is not finite, or the loss leapt.
        CannotJudge: the ranking, the model or the memory failed.
    """
    trainer.require()
    from transformers import EarlyStoppingCallback, TrainingArguments

    began, curves, recipe, seed = time.perf_counter(), Curves(), job.recipe, job.ground.seed
    arguments.check(recipe, set(TrainingArguments.__dataclass_fields__))
    language = LanguageModel(job.plan, job.ground.base, job.tokenizer, options=lora.quantized(recipe))
    wording = Wording(job.prompt, language)
    wording.check()
    split = divide(job)
    material = prepare(job, split, writer(wording, recipe), ranking, vault, progress)
    options = arguments.build(TrainingArguments, recipe, scratch, seed, arguments.of_generator(recipe, len(material.train)))
    adapted = lora.put_on(language.model, recipe, seed, checkpointing=bool(options.gradient_checkpointing))
    about = {**job.ground.about(recipe, key), **_about(job, split, material, wording, adapted, ranking)}
    stopping, trail = recipe.early_stopping, Trail()
    made = lmtrainer.build(
        trail,
        ObjectiveLoss(recipe.objective) if recipe.objective is not None else None,
        material.train,
        material.dev,
        model=adapted,
        args=options,
        callbacks=[watcher(curves, progress, trail), *([EarlyStoppingCallback(stopping.patience)] if stopping else [])],
    )
    with trainer.on_threads(recipe.threads):
        trainer.conduct(made, curves, [example.told for example in material.train], lambda: about)
    lora.save(adapted, result, recipe)
    dev = {"dev": curves.dev} if stopping else {}
    return {**about, "loss": curves.thinned(), **dev, "seconds": round(time.perf_counter() - began, 3)}


def _about(
    job: GeneratorJob, split: Split, material: Material, wording: Wording, adapted: Any, ranking: Retriever | None
) -> dict[str, Any]:
    own = material.train[: len(split.train)]
    trained = [weight.numel() for weight in adapted.parameters() if weight.requires_grad]
    about: dict[str, Any] = {
        "rows": {"train": len(split.train), "dev": len(split.dev)},
        "intents": {"train": len({row.intent for row in split.train}), "dev": len({row.intent for row in split.dev})},
        "prompt": {"fingerprint": digest(dict(job.prompt.identity)), "chat_template": wording.chat, "contexts": job.plan.contexts},
        "prompts_cut": sum(example.cut for example in own) / len(own),
        "without_oracle": sum(not example.told["oracle"] for example in own),
        "answer_tokens": sum(len(example.answer) for example in material.train),
        "parameters": {"trained": sum(trained), "all": sum(weight.numel() for weight in adapted.parameters())},
        "device": str(adapted.device),
    }
    about["versions"] = {**checkpoint.versions(), **checkpoint.versions(LIBRARIES)}
    if job.recipe.rehearsal is not None:
        hashed = {"rows_in_file": len(job.rehearsal), "left_out": material.left_out, "rows": material.rehearsed}
        about["rehearsal"] = {"file": job.recipe.rehearsal.data, **hashed}
    if job.mined and ranking is not None:
        about["mined"] = {"retriever": ranking.fingerprint}
    return about
