"""The language model that a retriever learns from: how likely it holds the gold answers to be, each after one document alone."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence

from ragguard.errors import CannotJudge, InputError, Problem
from ragguard.records.collection import Document, Quadruplet
from ragguard.systems.causal import CausalGenerator
from ragguard.systems.fingerprints import digest
from ragguard.systems.loading import failures
from ragguard.systems.protocols import Asked, Progress, Vault
from ragguard.train import likelihood

KIND, BLOCK = "likelihoods", 256
"""What blocks of log-likelihoods are called in the store, and how many are in one."""

SCORING = "score gold answers"

Row = tuple[list[int], list[int]]
"""The ids of a prompt, and of the answer after it."""


class Teacher:
    """A generator that is asked, in its own prompt, how likely it would say a row's gold answer.

    What it said is kept in the vault, so a killed training does not ask again.
    """

    def __init__(self, generator: CausalGenerator, vault: Vault, progress: Progress) -> None:
        self._generator, self._vault, self._progress = generator, vault, progress
        self._known: dict[str, float] = {}
        self._cut: set[str] = set()

    @property
    def about(self) -> dict[str, int]:
        """How many pairs of a row and a document were scored, and of how many the answer was cut at ``max_new_tokens``."""
        return {"scored": len(self._known), "answers_cut": len(self._cut)}

    def score(self, pairs: Sequence[tuple[Quadruplet, Document]]) -> list[float]:
        """Return for each pair the mean log-likelihood (natural) per token of the row's gold answer, its end included.

        Raises:
            InputError: no prompt holds the question.
            CannotJudge: the model or the memory failed.
        """
        rows = [self._row(row, document) for row, document in pairs]
        names = [digest(row) for row in rows]
        self._learn({name: row for name, row in zip(names, rows, strict=True) if name not in self._known})
        return [self._known[name] for name in names]

    def _row(self, row: Quadruplet, document: Document) -> Row:
        prompt = self._generator.fit(Asked("", row.query, (document,)))
        if isinstance(prompt, str):
            raise InputError(Problem("", f"generator: {prompt}, asked {row.query!r}", "raise max_input_tokens, or lower max_new_tokens"))
        language, before = self._generator.wording.language, self._generator.wording.text(row.query, prompt.documents)
        answer = likelihood.continuation(language.tokenizer, before, row.gold_answer.strip(), language.tokenizer.eos_token_id)
        kept = list(prompt.ids), answer[: language.plan.max_new_tokens]
        if kept[1] != answer:
            self._cut.add(digest(kept))
        return kept

    def _learn(self, new: Mapping[str, Row]) -> None:
        self._progress.start(SCORING, len(new))
        every = list(new)
        for start in range(0, len(every), BLOCK):
            names = every[start : start + BLOCK]
            key = digest([self._generator.fingerprint, names])
            kept = self._vault.get(KIND, key)
            found = list(self._ask([new[name] for name in names])) if kept is None else json.loads(kept)
            if kept is None:
                self._vault.put(KIND, key, json.dumps(found).encode())
            self._known.update(zip(names, found, strict=True))
            self._progress.advance(len(names))

    def _ask(self, rows: Sequence[Row]) -> list[float]:
        import torch

        language = self._generator.wording.language
        found = [0.0] * len(rows)
        for batch in _alike(rows, language.plan.batch_size):
            with failures(language.folder), torch.inference_mode():
                sums, counts = likelihood.of_tokens(language.model, [rows[i][0] for i in batch], [rows[i][1] for i in batch])
            for i, value in zip(batch, (sums / counts).tolist(), strict=True):
                found[i] = value
        if not all(map(math.isfinite, found)):
            raise CannotJudge(f"{language.folder}: the log-likelihood of a gold answer is not finite; look at its weights, or its dtype")
        return found


def _alike(rows: Sequence[Row], size: int) -> Iterator[list[int]]:
    """Places of rows in batches of like lengths, the longest first."""
    order = sorted(range(len(rows)), key=lambda i: -len(rows[i][0]) - len(rows[i][1]))
    return (order[start : start + size] for start in range(0, len(order), size))
