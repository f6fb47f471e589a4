"""How likely a causal language model holds answers to be, given prompts."""

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

LOOKS_BACK = 64
"""Characters of a prompt that can change into which tokens what follows it is cut."""


def of_tokens(model: Any, prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[int]]) -> "tuple[Tensor, Tensor]":
    """Return the log-likelihood (natural) of each answer after its prompt, summed over its tokens, and the number of those.

    Both have shape (rows,), the first in float32. Rows are padded on the right, where attention never sees the padding, and go through
    the model in one batch; gradients flow where the caller lets them. An answer without tokens has 0 and 0.

    Raises:
        ValueError: a prompt has no token, so nothing says how likely the first token of its answer is.
    """
    import torch

    if not all(map(len, prompts)):
        raise ValueError("a prompt has no token")
    rows = [[*prompt, *answer] for prompt, answer in zip(prompts, answers, strict=True)]
    width, first = max(map(len, rows)), min(map(len, prompts)) - 1
    device = model.get_input_embeddings().weight.device
    ids, mask = padded(rows, device)
    said = torch.tensor(
        [[len(prompt) <= place < len(row) for place in range(first + 1, width)] for prompt, row in zip(prompts, rows, strict=True)],
        dtype=torch.bool,
        device=device,
    )
    logits = model(input_ids=ids, attention_mask=mask, use_cache=False, **last_logits(model, width - first)).logits[:, first - width :]
    found = torch.nn.functional.cross_entropy(logits[:, :-1].float().transpose(1, 2), ids[:, first + 1 :], reduction="none")
    return -found.masked_fill(~said, 0.0).sum(dim=1), said.sum(dim=1)


def of_texts(model: Any, tokenizer: Any, prompts: Sequence[str], answers: Sequence[str], *, batch_size: int = 8) -> "tuple[Tensor, Tensor]":
    """Return what ``of_tokens`` does, for texts; prompts of like length go through the model together.

    Prompts get the special tokens that the tokenizer puts around a text, answers the end that it knows.
    """
    import torch

    asked = [list(tokenizer(prompt, verbose=False)["input_ids"]) for prompt in prompts]
    said = [continuation(tokenizer, prompt, answer, tokenizer.eos_token_id) for prompt, answer in zip(prompts, answers, strict=True)]
    order = sorted(range(len(asked)), key=lambda i: -len(asked[i]) - len(said[i]))
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    found = [of_tokens(model, [asked[i] for i in batch], [said[i] for i in batch]) for batch in batches]
    if not found:
        return torch.zeros(0), torch.zeros(0, dtype=torch.long)
    back = torch.tensor(order).argsort()
    sums, counts = (torch.cat(parts) for parts in zip(*found, strict=True))
    return sums[back.to(sums.device)], counts[back.to(counts.device)]


def padded(rows: Sequence[Sequence[int]], device: Any) -> "tuple[Tensor, Tensor]":
    """Return token ids, filled up with 0 on the right, and their mask, 1 where there is a token; both of shape (rows, places)."""
    import torch

    width = max(map(len, rows))
    ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in rows], device=device)
    return ids, torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows], device=device)


def continuation(tokenizer: Any, before: str, text: str, end: int | None) -> list[int]:
    """Return the ids of a text as it stands after another, a space between them unless there is white space, then the ``end`` id."""
    before = before[-LOOKS_BACK:]
    after = text if before[-1:].isspace() else f" {text}"
    head, whole, alone = (
        list(tokenizer(each, add_special_tokens=False, verbose=False)["input_ids"]) for each in (before, before + after, after)
    )
    ids = whole[len(head) :] if whole[: len(head)] == head else alone
    return ids if end is None else [*ids, end]


def last_logits(model: Any, positions: int) -> dict[str, int]:
    """Return what makes a model compute the logits of its last positions alone, where it can: a long prompt's are most of the memory."""
    bare = model.get_base_model() if hasattr(model, "peft_config") else model
    return {"logits_to_keep": positions} if "logits_to_keep" in inspect.signature(bare.forward).parameters else {}
