"""Loads a causal language model and its tokenizer, quietly and without the network."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ragguard.errors import CannotJudge, InputError, MissingExtra, Problem
from ragguard.plan.generators import CausalGenerator
from ragguard.plan.source import display
from ragguard.systems.encoder import quiet

if TYPE_CHECKING:
    from torch import Tensor


PROBES = (
    "Once upon a time there was a little girl who",
    "The documents do not say.",
    "Question: how many keys may an account hold? Answer:",
    "def main():\n    return",
    "1. 2. 3.",
)
"""Texts of several kinds: what a model says next after them tells it from others."""


def load(plan: CausalGenerator, folder: Path, more: Mapping[str, Any] = MappingProxyType({})) -> Any:
    """Load the model of a folder, without the network; ``more`` goes to transformers. With a ``device_map`` it stays where that puts it.

    Raises:
        InputError: the weights are not all there.
        CannotJudge: the files cannot be loaded.
    """
    torch, library = _libraries()
    options = {**more} if plan.allow_pickle else {"use_safetensors": True, **more}
    try:
        with silence():
            model, info = library.AutoModelForCausalLM.from_pretrained(
                str(folder),
                dtype=getattr(torch, plan.dtype),
                trust_remote_code=plan.trust_remote_code,
                local_files_only=True,
                output_loading_info=True,
                **options,
            )
    except Exception as error:  # whatever a model's own files raise, the model cannot be judged
        raise CannotJudge(f"{folder}: the model cannot be loaded ({type(error).__name__}: {error})") from error
    if absent := sorted(info["missing_keys"]):
        what = f"the weights lack {len(absent)} of the model's tensors ({absent[0]}), which would be random"
        raise InputError(Problem(display(folder), what, "name the folder of a whole causal language model"))
    if "device_map" in more:
        return model.eval()
    return model.to(plan.device or ("cuda" if torch.cuda.is_available() else "cpu")).eval()


def load_tokenizer(folder: Path, *, trust_remote_code: bool = False) -> Any:
    """Load a tokenizer, without the network. Raises CannotJudge where that fails."""
    _, library = _libraries()
    try:
        with silence():
            return library.AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=trust_remote_code)
    except Exception as error:  # whatever a tokenizer's own files raise
        raise CannotJudge(f"{folder}: the tokenizer cannot be loaded ({type(error).__name__}: {error})") from error


def check_tokenizer(adapter: Path, model: Path, *, trust_remote_code: bool = False) -> None:
    """Make sure that an adapter which brings a tokenizer was trained with the model's own.

    Raises:
        InputError: they have other tokens, or another chat template.
        CannotJudge: one of them cannot be loaded.
    """
    if not any((adapter / name).is_file() for name in ("tokenizer.json", "tokenizer_config.json", "tokenizer.model")):
        return
    theirs, ours = (load_tokenizer(folder, trust_remote_code=trust_remote_code) for folder in (adapter, model))
    others = sorted(set(theirs.get_vocab().items()) ^ set(ours.get_vocab().items()))
    if others:
        what = f"its tokenizer is not the model's: {len(others)} tokens differ, for instance {others[0][0]!r}"
    elif theirs.chat_template and theirs.chat_template != ours.chat_template:
        what = "its tokenizer has another chat template than the model's"
    else:
        return
    raise InputError(Problem(display(adapter), what, "say which one is right, with tokenizer:"))


def check_finite(model: Any, tokenizer: Any, plan: CausalGenerator, folder: Path) -> None:
    """Ask a model what comes after the probes. Raises CannotJudge where the answer is no number, which decoding would pass over."""
    finite(probe_logits(model, tokenizer, folder), plan, folder)


def finite(logits: "Tensor", plan: CausalGenerator, folder: Path) -> None:
    """Raise CannotJudge unless all logits are finite."""
    if not bool(logits.isfinite().all()):
        hint = "" if plan.dtype == "float32" else ", or try dtype: float32"
        raise CannotJudge(f"{folder}: the model's logits are not finite numbers in {plan.dtype}; look at its weights{hint}")


def probe_logits(model: Any, tokenizer: Any, folder: Path) -> "Tensor":
    """The logits of what comes after each probe, shape (probes, vocabulary), float32, each probe on its own."""
    import torch

    rows = []
    for probe in PROBES:
        ids = tokenizer(probe, return_tensors="pt")["input_ids"].to(model.device)
        with failures(folder), torch.inference_mode():
            rows.append(model(input_ids=ids).logits[0, -1].float().cpu())
    return torch.stack(rows)


@contextmanager
def failures(folder: Path) -> Iterator[None]:
    """Turn what a model raises when it is asked into CannotJudge."""
    try:
        with silence():
            yield
    except (RuntimeError, MemoryError) as error:
        raise CannotJudge(f"{folder}: generation failed ({type(error).__name__}: {error}); try a smaller batch_size") from error


@contextmanager
def silence() -> Iterator[None]:
    """Keep libraries' advice and warnings off the terminal."""
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _libraries() -> tuple[Any, Any]:
    try:
        import torch
        import transformers
    except ModuleNotFoundError as error:
        raise MissingExtra("models", "a causal language model") from error
    return torch, transformers
