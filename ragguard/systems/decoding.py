"""How tokens are chosen: the likeliest, or drawn so that an answer depends on its own question and seed alone."""

from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ragguard.plan.generators import CausalGenerator

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import GenerationConfig, LogitsProcessorList


def configuration(plan: CausalGenerator, pad: int, ends: Sequence[int], begin: int | None) -> "GenerationConfig":
    """Return the settings of greedy search, and nothing that a model's own files would add to it.

    A repetition penalty, which many of those ask for, would count the padding among what was said, and so depend on the batch.
    """
    from transformers import GenerationConfig

    return GenerationConfig(
        max_new_tokens=plan.max_new_tokens, do_sample=False, num_beams=1, pad_token_id=pad, eos_token_id=list(ends), bos_token_id=begin
    )


def seed_of(plan: CausalGenerator, question: str, repeat: int) -> int:
    """The seed of one answer, of 63 bits."""
    return int.from_bytes(sha256(f"{plan.seed}\n{repeat}\n{question}".encode("utf-8", "surrogatepass")).digest()[:8]) >> 1


def processors(plan: CausalGenerator, seeds: Sequence[int]) -> "LogitsProcessorList | None":
    """Return what makes greedy search draw one sequence a seed (Gumbel-max: the largest of logits plus Gumbel noise is a draw from
    their softmax); None for greedy decoding.

    Every row has a random generator of its own, on the CPU, so that it draws the same whatever else is in its batch.
    """
    if plan.temperature == 0:
        return None
    from transformers import LogitsProcessorList, TemperatureLogitsWarper, TopPLogitsWarper

    warpers: list[Any] = [TemperatureLogitsWarper(plan.temperature)]
    if plan.top_p < 1:
        warpers.append(TopPLogitsWarper(plan.top_p))
    return LogitsProcessorList([*warpers, _Gumbel(seeds)])


class _Gumbel:
    def __init__(self, seeds: Sequence[int]) -> None:
        import torch

        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def __call__(self, input_ids: "Tensor", scores: "Tensor") -> "Tensor":  # noqa: ARG002 - what transformers calls
        """Add noise to a batch of logits, shape (rows, vocabulary)."""
        import torch

        tiny = torch.finfo(torch.float64).tiny
        rows = [torch.rand(scores.shape[1], generator=each, dtype=torch.float64).clamp_min(tiny) for each in self._generators]
        noise = -torch.log(-torch.log(torch.stack(rows)))
        return scores + noise.to(device=scores.device, dtype=scores.dtype)
