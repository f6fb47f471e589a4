"""A causal language model by transformers, with or without an adapter, asked in batches."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ragguard.errors import InputError, Problem
from ragguard.plan.generators import CausalGenerator
from ragguard.plan.source import display
from ragguard.systems.adapters import Adapter
from ragguard.systems.adapting import put_on
from ragguard.systems.decoding import configuration, processors
from ragguard.systems.fingerprints import digest, folder_digest
from ragguard.systems.loading import check_finite, failures, load, load_tokenizer


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the model said after a prompt, as token ids up to its end; ``seconds`` is its share of those ``together`` in its batch."""

    ids: list[int]
    seconds: float
    together: int


@dataclass
class LanguageModel:
    """A folder of weights, perhaps an adapter, a tokenizer, and how they are used. Nothing is loaded before it is needed.

    ``facts`` are what a reader should know of the loading: the adapter's norm and effect, what merging it changed, the padding.
    ``options`` go to transformers as they are, where the model is loaded otherwise than for answering.
    """

    plan: CausalGenerator
    folder: Path
    tokenizer_folder: Path
    adapter: Adapter | None = None
    facts: dict[str, float | int | str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def files(self) -> Mapping[str, str]:
        """The hashes of weights, tokenizer and adapter."""
        adapter = folder_digest(self.adapter.folder) if self.adapter is not None else ""
        return {"weights": folder_digest(self.folder), "tokenizer": folder_digest(self.tokenizer_folder), "adapter": adapter}

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over all that can change what the model makes of a given text."""
        return digest({**self.files, "merge": self.plan.merge, "dtype": self.plan.dtype})

    @property
    def learned_prompt(self) -> bool:
        """Whether the adapter is a learned prompt. It stands before the padding, which must then be none."""
        return bool(getattr(getattr(self.model, "active_peft_config", None), "is_prompt_learning", False))

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer. Raises CannotJudge where it cannot be loaded."""
        return load_tokenizer(self.tokenizer_folder, trust_remote_code=self.plan.trust_remote_code)

    @cached_property
    def model(self) -> Any:
        """The model, ready to be asked.

        Raises:
            InputError: weights or adapter do not fit, or the adapter changes nothing.
            CannotJudge: the files cannot be loaded, or merging the adapter changes what the model says.
        """
        model = load(self.plan, self.folder, self.options)
        known = model.get_input_embeddings().weight.shape[0]
        if len(self.tokenizer) > known:
            what = f"its {len(self.tokenizer)} tokens are more than the model's {known} embeddings"
            raise InputError(Problem(display(self.tokenizer_folder), what, "name the tokenizer that the model was trained with"))
        # What the model's files ask for (sampling, penalties) would be filled into every greedy search, an adapter's too.
        model.generation_config = configuration(self.plan, self.pad, self.ends(model), self.tokenizer.bos_token_id)
        check_finite(model, self.tokenizer, self.plan, self.folder)
        return model if self.adapter is None else put_on(model, self.adapter, self.plan, self.tokenizer, self.facts)

    @property
    def limit(self) -> int:
        """Tokens that a prompt may have.

        Raises:
            InputError: answers of that length leave no room, or more is asked than the model has positions for.
        """
        config = self.model.config.get_text_config()
        positions = getattr(config, "max_position_embeddings", None) or min(self.tokenizer.model_max_length, 2**31)
        room, asked = int(positions) - self.plan.max_new_tokens, self.plan.max_input_tokens
        if room < 16 or (asked or 0) > room:
            what = f"the model has {positions} positions: {self.plan.max_new_tokens} for the answer leave {max(room, 0)} for the prompt"
            raise InputError(Problem("", what, "lower max_new_tokens" + (" or max_input_tokens" if asked else "")))
        return asked or room

    @property
    def pad(self) -> int:
        """The id that short prompts are filled up with, which attention never sees: where the tokenizer has none, its end."""
        given = self.tokenizer.pad_token_id
        if given is None:
            token = self.tokenizer.eos_token or self.tokenizer.unk_token or self.tokenizer.convert_ids_to_tokens(0)
            self.facts["pad_token"] = f"none; {token} is used"
            return int(self.tokenizer.convert_tokens_to_ids(token))
        return int(given)

    def ends(self, model: Any = None) -> list[int]:
        """The ids that end an answer: those of the model's files, and the tokenizer's."""
        given = (model or self.model).generation_config.eos_token_id
        ids = given if isinstance(given, list) else [given]
        return sorted({int(each) for each in (*ids, self.tokenizer.eos_token_id) if each is not None})

    def ids(self, text: str, *, chat: bool) -> list[int]:
        """The ids of a prompt: of a chat's text, which has its special tokens; else with those that the tokenizer puts around a text."""
        return list(self.tokenizer(text, add_special_tokens=not chat, verbose=False)["input_ids"])

    def chat_text(self, messages: Sequence[Mapping[str, str]]) -> str:
        """A chat as the tokenizer's own template writes it, up to where the answer begins.

        Raises:
            InputError: the template does not take such a chat (some know no system message).
        """
        from jinja2 import TemplateError

        try:
            return str(self.tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True))
        except TemplateError as error:
            what = f"the chat template refuses the prompt: {error}"
            fix = "leave system: out, or say chat: false and write a prompt:"
            raise InputError(Problem(display(self.tokenizer_folder), what, fix)) from error

    def text(self, ids: Sequence[int]) -> str:
        """What token ids say, without special tokens and the white space around."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True)).strip()

    def generate(self, prompts: Sequence[Sequence[int]], seeds: Sequence[int]) -> list[Spoken]:
        """Return what the model says after each prompt, one batch of at most ``batch_size`` at a time.

        ``seeds`` are for sampled decoding, one a prompt. Prompts are padded on the left, and batched with those of like length.

        Raises:
            CannotJudge: the model or the memory failed.
        """
        said: dict[int, Spoken] = {}
        for batch in self._batches(list(map(len, prompts))):
            began = time.perf_counter()
            found = list(self._batch([prompts[i] for i in batch], [seeds[i] for i in batch]))
            share = (time.perf_counter() - began) / len(batch)
            said |= {i: Spoken(ids, share, len(batch)) for i, ids in zip(batch, found, strict=True)}
        return [said[i] for i in range(len(prompts))]

    def _batches(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Positions, the longest first; under a learned prompt only like lengths together."""
        learned = self.learned_prompt
        batch: list[int] = []
        for i in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
            if len(batch) == self.plan.batch_size or (learned and batch and lengths[batch[0]] != lengths[i]):
                yield batch
                batch = []
            batch.append(i)
        if batch:
            yield batch

    def _batch(self, prompts: Sequence[Sequence[int]], seeds: Sequence[int]) -> Iterator[list[int]]:
        import torch

        width, pad = max(map(len, prompts)), self.pad
        ids = torch.tensor([[pad] * (width - len(prompt)) + list(prompt) for prompt in prompts], device=self.model.device)
        mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts], device=self.model.device)
        with failures(self.folder), torch.inference_mode():
            found = self.model.generate(input_ids=ids, attention_mask=mask, logits_processor=processors(self.plan, seeds))
        ends = set(self.ends())
        for row in found[:, width:].tolist():
            yield row[: next((place for place, token in enumerate(row) if token in ends), len(row))]
