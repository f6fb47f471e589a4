"""A generator that is a causal language model on this machine."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ragguard.plan.generators import CausalGenerator as CausalPlan
from ragguard.records.evidence import Answer
from ragguard.systems.adapters import Adapter
from ragguard.systems.citations import abstains, sources
from ragguard.systems.decoding import seed_of
from ragguard.systems.fingerprints import digest
from ragguard.systems.fitting import Fitted
from ragguard.systems.language import LanguageModel, Spoken
from ragguard.systems.prompts import Prompt
from ragguard.systems.protocols import Asked, Progress, Said, Vault
from ragguard.systems.wording import Wording

ALONE = {"float32": 4, "float16": 32, "bfloat16": 32}
"""Answers that are asked for once more, each alone, to see whether the batch changes them: in half precision about one in twenty."""

DECIDING = ("max_new_tokens", "max_input_tokens", "temperature", "top_p", "repeats", "seed", "merge", "dtype", "chat")
"""Keys of the plan that change answers, beside the weights and the prompt."""


class CausalGenerator:
    """Fills a prompt with as many documents as it holds, and decodes greedily, or draws ``repeats`` answers.

    ``device`` and ``batch_size`` are not part of the fingerprint: they change answers by rounding alone, and the notes say what share
    of a few answers the batch changed.
    """

    def __init__(self, plan: CausalPlan, folder: Path, tokenizer: Path, adapter: Adapter | None, prompt: Prompt) -> None:
        self._plan, self._adapter = plan, adapter
        self.language = LanguageModel(plan, folder, tokenizer, adapter)
        self.wording = Wording(prompt, self.language)
        self.fingerprint = digest(
            {
                "type": "causal-lm",
                **self.language.files,
                "prompt": dict(prompt.identity),
                **{key: getattr(plan, key) for key in DECIDING},
            }
        )
        self._prompts = self._cut = self._answers = self._unfinished = 0
        self._alone: list[bool] = []

    def prepare(self, vault: Vault, progress: Progress) -> None:  # noqa: ARG002 - nothing is kept
        """Load the model, and prove that its adapter does something.

        Raises:
            InputError: the weights, the adapter, the chat template or the lengths do not fit.
            CannotJudge: the model cannot be loaded, or merging the adapter changes it.
        """
        progress.start("load the language model", 1)
        self.wording.check()
        _ = self.language.model, self.language.limit
        progress.advance(1)

    def answer(self, asked: Sequence[Asked]) -> list[Said]:
        """Return one result per question, in order; a question that no prompt can hold is that result's error.

        Seconds are those of making the prompt, and the share of the batches that the answer was generated in.

        Raises:
            CannotJudge: the model or the memory failed.
        """
        fitted, taken = [], []
        for each in asked:
            began = time.perf_counter()
            fitted.append(self.fit(each))
            taken.append(time.perf_counter() - began)
        held = [(each.question, prompt) for each, prompt in zip(asked, fitted, strict=True) if isinstance(prompt, Fitted)]
        found = iter(self._generate(held))
        return [
            Said(error=prompt, seconds=seconds) if isinstance(prompt, str) else self._said(prompt, next(found), seconds)
            for prompt, seconds in zip(fitted, taken, strict=True)
        ]

    def fit(self, asked: Asked) -> Fitted | str:
        """Return the prompt of a question, or say why there is none."""
        try:
            fitted = self.wording.fit(asked.question, asked.contexts, self.language.limit)
        except ValueError as error:
            return str(error)
        self._prompts += 1
        self._cut += fitted.cut
        return fitted

    def _generate(self, held: Sequence[tuple[str, Fitted]]) -> list[list[Spoken]]:
        """Every answer to every prompt; of the first prompts also alone, once."""
        repeats = self._plan.repeats
        rows = [prompt.ids for _, prompt in held for _ in range(repeats)]
        seeds = [seed_of(self._plan, question, repeat) for question, _ in held for repeat in range(repeats)]
        found = self.language.generate(rows, seeds)
        if not self._alone and self._plan.batch_size > 1 and len(rows) > 1:
            few = slice(ALONE[self._plan.dtype])
            again = [self.language.generate([row], [seed])[0] for row, seed in zip(rows[few], seeds[few], strict=True)]
            self._alone = [one.ids != other.ids for one, other in zip(again, found[few], strict=True)]
        return [found[start : start + repeats] for start in range(0, len(found), repeats)]

    def _said(self, prompt: Fitted, found: Sequence[Spoken], fitting: float) -> Said:
        self._answers += len(found)
        self._unfinished += sum(len(each.ids) >= self._plan.max_new_tokens for each in found)
        texts = [self.language.text(each.ids) for each in found]
        samples = tuple(Answer(text, sources(text, prompt.documents), abstains(text)) for text in texts)
        answer = replace(
            samples[0],
            tokens=sum(len(each.ids) for each in found),
            prompt_tokens=len(prompt.ids),
            cut=prompt.cut,
            samples=samples if len(samples) > 1 else (),
        )
        return Said(answer, seconds=fitting + sum(each.seconds for each in found), together=max(each.together for each in found))

    def notes(self) -> Mapping[str, float | int | str]:
        """Say what was asked and how it was decoded; shares of prompts cut, of answers without an end, and changed by their batch."""
        told: dict[str, float | int | str] = {"model": self._plan.model or "", "dtype": self._plan.dtype, **self.language.facts}
        told |= {"prompt": "chat template" if self.wording.chat else "plain text", "max_input_tokens": self.language.limit}
        if self._adapter is not None:
            base = self._adapter.declared or "not said"
            told["adapter.base"] = base if self._adapter.compared else f"{base} (could not be compared with the model)"
        if self._prompts:
            told |= {"prompts_cut": self._cut / self._prompts, "answers_unfinished": self._unfinished / self._answers}
        if self._alone:
            told["answers_changed_by_batch"] = sum(self._alone) / len(self._alone)
        return told
