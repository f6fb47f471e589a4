"""Puts an adapter on a causal language model, and proves that it does something, and that merging it does nothing."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragguard.errors import CannotJudge, InputError, MissingExtra, Problem
from ragguard.plan.generators import CausalGenerator
from ragguard.plan.source import display
from ragguard.systems.adapters import BASELINE, CONFIG, Adapter
from ragguard.systems.loading import PROBES, finite, probe_logits, silence

if TYPE_CHECKING:
    from torch import Tensor

TOLERANCE = {"float32": 1e-3, "float16": 1e-2, "bfloat16": 5e-2}
"""How far the logits of a merged adapter may be from those of the adapter beside the model, as a share of the largest logit."""


def put_on(model: Any, adapter: Adapter, plan: CausalGenerator, tokenizer: Any, facts: dict[str, float | int | str]) -> Any:
    """Return the model with its adapter, beside it or merged; what was measured on the way goes into ``facts``.

    Raises:
        InputError: the adapter does not fit the model, or changes nothing.
        CannotJudge: merging it changes what the model says.
    """
    adapted = _fitted(model, adapter)
    with adapted.disable_adapter():
        without = probe_logits(adapted, tokenizer, adapter.folder)
    beside = probe_logits(adapted, tokenizer, adapter.folder)
    effect = float((beside - without).abs().max())
    facts |= {"adapter.norm": adapter.norm, "adapter.effect": effect}
    finite(beside, plan, adapter.folder)
    if effect == 0:
        what = f"the adapter changes no logit on {len(PROBES)} probe prompts: {BASELINE}"
        raise InputError(Problem(display(adapter.folder), what, f"check {CONFIG}, and that it was trained"))
    return _merged(adapted, beside, plan, tokenizer, facts) if plan.merge else adapted


def _fitted(model: Any, adapter: Adapter) -> Any:
    peft = _peft()
    try:
        with silence():
            adapted = peft.PeftModel.from_pretrained(model, str(adapter.folder)).eval()
            placed, known = set(peft.get_peft_model_state_dict(adapted, save_embedding_layers=False)), set(adapted.state_dict())
    except (ValueError, RuntimeError, KeyError, TypeError) as error:
        what = f"the adapter does not fit the model ({type(error).__name__}: {' '.join(str(error).split())[:300]})"
        raise InputError(Problem(display(adapter.folder), what, "name the model that it was trained on")) from error
    if lost := sorted((placed - adapter.tensors) | (adapter.tensors - placed - known)):
        what = f"{len(lost)} tensors are in the adapter and not in the adapted model, or the other way round ({lost[0]})"
        raise InputError(Problem(display(adapter.folder), what, "name the model that it was trained on, and use the peft that saved it"))
    return adapted


def _merged(adapted: Any, beside: "Tensor", plan: CausalGenerator, tokenizer: Any, facts: dict[str, float | int | str]) -> Any:
    try:
        with silence():
            merged = adapted.merge_and_unload()
    except (AttributeError, NotImplementedError, ValueError) as error:
        what = f"merge: true, but this adapter cannot be merged ({type(error).__name__}: {error})"
        raise InputError(Problem("", what, "leave merge: out")) from error
    after = probe_logits(merged, tokenizer, Path(plan.model or ""))
    share = float((after - beside).abs().max() / beside.abs().max())
    facts["merge_difference"] = share
    if not share <= TOLERANCE[plan.dtype]:
        raise CannotJudge(
            f"{plan.model}: merging the adapter changes the logits of probe prompts by {share:.2g} of the largest, more than the "
            f"{TOLERANCE[plan.dtype]:g} that {plan.dtype} allows; say merge: false, or a finer dtype"
        )
    return merged


def _peft() -> Any:
    try:
        import peft
    except ModuleNotFoundError as error:
        raise MissingExtra("models", "an adapter") from error
    return peft
