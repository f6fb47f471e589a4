"""Training rows of a generator as tokens: the prompt that it would be asked with, and the answer that it is to give."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ragguard.data.raft import Posed, target
from ragguard.data.rehearsal import Rehearsed
from ragguard.errors import InputError, Problem
from ragguard.plan.lora import LoraRecipe
from ragguard.records.collection import Document, Quadruplet
from ragguard.systems.citations import ABSTENTION
from ragguard.systems.fitting import Fitted
from ragguard.systems.templates import render
from ragguard.systems.wording import Wording
from ragguard.train.likelihood import continuation

Tokens = tuple[int, ...]
LEAST_ROOM = 16


@dataclass(frozen=True, slots=True)
class Shown:
    """A document as the objective sees it: its id and text, and the tokens of what its template makes of it."""

    id: str
    text: str
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Contrast:
    """What the objective sets against each other: a query's tokens, its documents, the positive first, ids and texts of what is right
    for its intent, and the prompt with the hard negative in the positive's place (empty where there is none).
    """

    query: Tokens
    documents: tuple[Shown, ...]
    right: frozenset[str]
    against: Tokens


@dataclass(frozen=True, slots=True)
class Example:
    """Tokens of a prompt and of its answer, the end included; whether documents were cut, and what the row is (``told``)."""

    prompt: Tokens
    answer: Tokens
    cut: bool
    told: Mapping[str, Any]
    contrast: Contrast | None = None


@dataclass(frozen=True)
class Writer:
    """Makes examples.

    ``limit`` is the most tokens of a prompt, ``longest`` of an answer, and ``end`` the id that ends one.
    """

    wording: Wording
    recipe: LoraRecipe
    limit: int
    longest: int
    end: int

    def posed(self, posed: Posed) -> Example:
        """Return the example of a question with its documents; what does not fit goes from the end, but for the one that answers.

        Raises:
            InputError: the question does not fit, or the answer is longer than the generator may say.
        """
        fitted = self._fit(posed)
        said = target(posed, fitted.documents, self.recipe.reasoning, abstention(self.recipe))
        answer = self._answer(self.wording.text(posed.row.query, fitted.documents), said)
        if len(answer) > self.longest:
            what = f"the answer to {posed.row.query!r} has {len(answer)} tokens with its end, and max_new_tokens allows {self.longest}"
            raise InputError(Problem(self.recipe.data, what, "raise max_new_tokens, or shorten the answer"))
        told = {
            "query": posed.row.query,
            "intent": posed.row.intent,
            "documents": [document.id for document in fitted.documents],
            "oracle": posed.oracle.id if posed.oracle is not None else "",
            "answer": said,
        }
        return Example(fitted.ids, answer, len(fitted.documents) < len(posed.documents) or fitted.cut, told)

    def with_contrast(self, example: Example, row: Quadruplet, right: frozenset[str], template: str) -> Example:
        """Return the example with what the objective needs of its quadruplet; ``right`` is as in ``Contrast``. Raises as ``posed`` does."""
        language = self.wording.language
        own = [document for document in (row.positive, row.hard_negative, row.easy_negative) if document is not None]
        texts = [(document.id, document.text, render(template, document)) for document in own]
        shown = tuple(Shown(name, text, tuple(language.ids(seen, chat=False)[: self.limit])) for name, text, seen in texts)
        query = tuple(language.ids(row.query, chat=False)[: self.limit])
        against = () if row.hard_negative is None else self._held(row.query, [row.hard_negative]).ids
        return replace(example, contrast=Contrast(query, shown, right, against))

    def rehearsed(self, row: Rehearsed) -> Example | None:
        """Return the example of a row of rehearsal; None where prompt and answer are longer than those of the other rows may be."""
        language, chat = self.wording.language, self.recipe.rehearsal is not None and self.recipe.rehearsal.chat
        prompt = language.chat_text([{"role": "user", "content": row.prompt}]) if chat else row.prompt
        asked, answer = language.ids(prompt, chat=chat), self._answer(prompt, row.answer)
        if len(asked) + len(answer) > self.limit + self.longest:
            return None
        return Example(tuple(asked), answer, False, {"prompt": row.prompt, "answer": row.answer})

    def _fit(self, posed: Posed) -> Fitted:
        documents = list(posed.documents)
        fitted = self._held(posed.row.query, documents)
        while posed.oracle is not None and posed.oracle.id not in {document.id for document in fitted.documents}:
            documents.remove(next(document for document in reversed(documents) if document.id != posed.oracle.id))
            fitted = self._held(posed.row.query, documents)
        return fitted

    def _held(self, question: str, documents: Sequence[Document]) -> Fitted:
        try:
            return self.wording.fit(question, documents, self.limit)
        except ValueError as error:
            raise InputError(Problem(self.recipe.data, f"{question!r}: {error}", "shorten the prompt, or raise max_seq_length")) from error

    def _answer(self, prompt: str, said: str) -> Tokens:
        return tuple(continuation(self.wording.language.tokenizer, prompt, said, self.end))


def abstention(recipe: LoraRecipe) -> str:
    """What is to be said where the prompt lacks the document that answers; empty where the gold answer is."""
    given = recipe.raft.abstain
    return given if isinstance(given, str) else ABSTENTION if given else ""


def writer(wording: Wording, recipe: LoraRecipe) -> Writer:
    """Return the writer of a recipe, which loads the model to know how many tokens it reads.

    Raises:
        InputError: answers leave no room for prompts, or neither tokenizer nor model knows an end.
        CannotJudge: the model cannot be loaded.
    """
    language = wording.language
    longest = language.plan.max_new_tokens
    limit = min(language.limit, (recipe.max_seq_length or 2**31) - longest)
    if limit < LEAST_ROOM:
        what = f"max_seq_length: {recipe.max_seq_length} leaves {max(limit, 0)} tokens for the prompt beside {longest} for the answer"
        raise InputError(Problem("", what, "raise max_seq_length, or lower max_new_tokens"))
    own = language.tokenizer.eos_token_id
    ends = [own] if own is not None else language.ends()
    if not ends:
        what = "neither the tokenizer nor the model names a token that ends an answer, so no answer could be trained to end"
        raise InputError(Problem(recipe.base, what, "give the tokenizer an eos_token"))
    return Writer(wording, recipe, limit, longest, int(ends[0]))
