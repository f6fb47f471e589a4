"""LoRA adapters by peft: the configuration that a recipe means, on a base in full precision or in four bits, and how they are saved."""

import importlib.util
from dataclasses import fields
from pathlib import Path
from typing import Any

from ragguard.errors import InputError, MissingExtra, Problem, suggest
from ragguard.plan.lora import LoraRecipe
from ragguard.systems.loading import silence

OURS = {
    "r": "say rank:",
    "lora_alpha": "say alpha:",
    "lora_dropout": "say dropout:",
    "target_modules": "say target_modules: beside lora:",
    "modules_to_save": "say modules_to_save: beside lora:",
    **dict.fromkeys(("base_model_name_or_path", "inference_mode", "peft_type", "peft_version", "revision", "task_type"), ""),
}
"""Options of LoraConfig that cannot pass through, and what to say instead."""


def check(recipe: LoraRecipe) -> None:
    """Check what a recipe says of LoRA and of quantization, without loading a model.

    Raises:
        InputError: an option that peft does not have or that is ragguard's to set, or four bits without what they need.
        MissingExtra: peft is not installed.
    """
    if importlib.util.find_spec("peft") is None:
        raise MissingExtra("train", "training")
    problems = [Problem("", f"lora: {name} is ragguard's to set", OURS[name] or "remove it") for name in recipe.lora if name in OURS]
    if others := set(recipe.lora) - set(OURS):
        from peft import LoraConfig

        known = {field.name for field in fields(LoraConfig)} - set(OURS)
        problems += [Problem("", f"lora: LoraConfig has no {name!r}", suggest(name, known)) for name in sorted(others - known)]
    problems += [Problem("", what, "leave quantize: out, or train where both are") for what in _lacking(recipe)]
    if problems:
        raise InputError(problems)


def _lacking(recipe: LoraRecipe) -> list[str]:
    """What quantization needs and is not there."""
    if recipe.quantize is None:
        return []
    import torch

    lacking = []
    if not torch.cuda.is_available():
        lacking.append("no CUDA device is found")
    elif recipe.device is not None and not recipe.device.startswith("cuda"):
        lacking.append(f"device: {recipe.device} is none")
    if importlib.util.find_spec("bitsandbytes") is None:
        lacking.append("bitsandbytes is not installed (pip install bitsandbytes)")
    return [f"quantize: {recipe.quantize} needs a CUDA device and bitsandbytes: {', and '.join(lacking)}"] if lacking else []


def quantized(recipe: LoraRecipe) -> dict[str, Any]:
    """Return how a base is loaded in four bits (QLoRA, Dettmers et al. 2023, arXiv:2305.14314); nothing where it is not."""
    if recipe.quantize is None:
        return {}
    import torch
    from transformers import BitsAndBytesConfig

    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=recipe.quantize,
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=getattr(torch, recipe.dtype),
    )
    return {"quantization_config": config, "device_map": {"": recipe.device or "cuda:0"}}


def put_on(model: Any, recipe: LoraRecipe, seed: int, *, checkpointing: bool) -> Any:
    """Return the model with a new adapter, the only part of it that is trained; the seed draws its weights.

    Raises:
        InputError: the adapter does not fit the model.
    """
    import peft
    import torch

    torch.manual_seed(seed)
    try:
        config = peft.LoraConfig(
            r=recipe.rank,
            lora_alpha=recipe.alpha,
            lora_dropout=recipe.dropout,
            target_modules=recipe.target_modules,
            modules_to_save=recipe.modules_to_save or None,
            task_type="CAUSAL_LM",
            base_model_name_or_path=recipe.base,
            revision=recipe.revision,
            **recipe.lora,
        )
        with silence():
            if recipe.quantize is not None:
                model = peft.prepare_model_for_kbit_training(model, use_gradient_checkpointing=checkpointing)
            adapted = peft.get_peft_model(model, config)
            adapted.config.use_cache = False  # keys and values of a whole batch, which training has no use for
    except (AttributeError, ImportError, TypeError, ValueError) as error:
        what = f"the adapter does not fit the model ({type(error).__name__}: {' '.join(str(error).split())[:300]})"
        raise InputError(Problem("", what, "check target_modules:, modules_to_save: and lora:")) from error
    return adapted


def save(adapted: Any, folder: Path, recipe: LoraRecipe) -> None:
    """Save an adapter as the same bytes for the same weights, its base called what the plan calls it."""
    (config,) = adapted.peft_config.values()
    config.base_model_name_or_path = recipe.base
    for name, value in vars(config).items():
        if isinstance(value, set):
            setattr(config, name, sorted(value))
    with silence():
        adapted.save_pretrained(str(folder), save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
