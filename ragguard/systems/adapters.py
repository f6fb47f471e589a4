"""What can be wrong with a peft adapter without anybody noticing, looked for in its files before a model is loaded."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragguard.errors import InputError, MissingExtra, Problem
from ragguard.plan.generators import CausalGenerator
from ragguard.plan.source import display
from ragguard.systems.fingerprints import file_digest
from ragguard.systems.weights import PICKLES, resolve

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
BASELINE = "the candidate is the baseline"


@dataclass(frozen=True)
class Adapter:
    """An adapter folder that was examined.

    ``declared`` is the base that it says it was trained on; ``compared`` whether that is known to be the model; ``norm`` the Frobenius
    norm of what it adds to the weights (for LoRA that of all its products ``B @ A``, else of its tensors); ``tensors`` their names.
    """

    folder: Path
    declared: str
    compared: bool
    norm: float
    tensors: frozenset[str]


def examine(plan: CausalGenerator, model: Path, base: Path) -> Adapter:
    """Find the adapter of a plan and look at its files.

    Args:
        plan: the generator's part of the plan, which names an adapter.
        model: the folder of the model that it is to be put on.
        base: the folder that the plan's paths start from.

    Raises:
        InputError: it is no adapter, was trained on another model, or its weights are zero or not finite.
    """
    name = plan.adapter or ""
    folder = base / Path(name).expanduser()
    if not folder.is_dir():
        folder = resolve(name, revision=plan.adapter_revision, base=base, allow_pickle=plan.allow_pickle)
    config = _configuration(folder)
    _check_files(folder, allow_pickle=plan.allow_pickle)
    declared = str(config.get("base_model_name_or_path") or "")
    compared = _trained_on(declared, plan, model, base, folder)
    tensors = _tensors(folder)
    return Adapter(folder, declared, compared, _norm(tensors, folder), frozenset(tensors))


def _configuration(folder: Path) -> Mapping[str, Any]:
    path, fix = folder / CONFIG, "adapter: names the folder that peft's save_pretrained wrote"
    try:
        config = json.loads(path.read_bytes())
    except FileNotFoundError:
        what = f"is no peft adapter: it has no {CONFIG}, and the base model would have answered alone"
        raise InputError(Problem(display(folder), what, fix)) from None
    except (OSError, ValueError) as error:
        raise InputError(Problem(display(path), f"cannot be read ({type(error).__name__}: {error})", fix)) from error
    if not isinstance(config, dict) or "peft_type" not in config:
        raise InputError(Problem(display(path), "is not an adapter's configuration: it has no peft_type", fix))
    return config


def _check_files(folder: Path, *, allow_pickle: bool) -> None:
    if (folder / WEIGHTS).is_file():
        return
    pickles = [path for path in sorted(folder.glob("adapter_model.*")) if path.suffix in PICKLES]
    if not pickles:
        raise InputError(Problem(display(folder), f"the adapter has no weights: there is no {WEIGHTS}", "save it with peft"))
    if not allow_pickle:
        fix = "save it as safetensors, or say allow_pickle: true if you trust where it is from"
        raise InputError(Problem(display(pickles[0]), "these weights are a pickle, which can run code when loaded", fix))


def _trained_on(declared: str, plan: CausalGenerator, model: Path, base: Path, folder: Path) -> bool:
    """Whether the adapter's base is known to be the model; where that cannot be told from here, it is not an error."""
    if not declared:
        return False
    theirs = base / Path(declared).expanduser()
    if theirs.is_dir() and any(theirs.glob("*.safetensors")):
        same = _weights(theirs) == _weights(model)
    else:
        named = Path(plan.model or "")
        same = Path(declared).name.lower() == named.name.lower()
        if not same and (base / named.expanduser()).is_dir():
            return False  # a folder may hold any model, whatever it is called
    if not same:
        what = f"the adapter was trained on {declared}, not on {plan.model}"
        raise InputError(Problem(display(folder / CONFIG), what, "name its base as model:, or correct base_model_name_or_path there"))
    return True


def _weights(folder: Path) -> list[str]:
    return sorted(file_digest(path) for path in folder.glob("*.safetensors") if path.name != WEIGHTS)


def _tensors(folder: Path) -> Mapping[str, Any]:
    try:
        import torch
        from safetensors.torch import load_file
    except ModuleNotFoundError as error:
        raise MissingExtra("models", "an adapter") from error
    path = folder / WEIGHTS
    try:
        if path.is_file():
            return dict(load_file(path))
        return dict(torch.load(folder / "adapter_model.bin", map_location="cpu", weights_only=True))
    except Exception as error:  # whatever a torn file raises
        raise InputError(Problem(display(path), f"cannot be read ({type(error).__name__}: {error})", "save the adapter again")) from error


def _norm(tensors: Mapping[str, Any], folder: Path) -> float:
    """||BA|| is the root of the trace of (B'B)(AA'), which is as small as the adapter's rank. ``lora_embedding_A`` is shaped alike."""
    squares, lone = [], {name: tensor for name, tensor in tensors.items() if ".base_layer." not in name}
    for name, first in tensors.items():
        other = name.replace("lora_A", "lora_B").replace("lora_embedding_A", "lora_embedding_B")
        if other == name or other not in tensors:
            continue
        a, b = (tensor.double().reshape(tensor.shape[0], -1) for tensor in (first, tensors[other]))
        if a.shape[0] != b.shape[1]:
            raise InputError(Problem(display(folder), f"{name} and its lora_B are not shaped alike", "save the adapter again"))
        squares.append(float(((b.T @ b) * (a @ a.T)).sum()))
        del lone[name], lone[other]
    squares += [float(tensor.double().square().sum()) for tensor in lone.values()]
    norm = math.sqrt(max(0.0, math.fsum(squares))) if all(map(math.isfinite, squares)) else math.nan
    if not math.isfinite(norm):
        raise InputError(Problem(display(folder), "the adapter's weights are not finite numbers", "train it again with a lower rate"))
    if norm == 0:
        what = f"the adapter's weights add nothing (their norm is 0): {BASELINE}"
        raise InputError(Problem(display(folder), what, "was it saved before it was trained?"))
    return norm
