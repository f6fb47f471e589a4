"""From a question and its documents to the tokens that a language model is asked with, and trained on."""

from collections.abc import Sequence
from dataclasses import dataclass

from ragguard.errors import InputError, Problem
from ragguard.plan.source import display
from ragguard.records.collection import Document
from ragguard.systems.fitting import Fitted, fit
from ragguard.systems.language import LanguageModel
from ragguard.systems.prompts import Prompt


@dataclass(frozen=True)
class Wording:
    """A prompt, and the language model whose tokenizer and chat template it goes through."""

    prompt: Prompt
    language: LanguageModel

    def check(self) -> None:
        """Make sure that there is a chat template where the plan asks for one. Raises InputError."""
        if self.language.plan.chat and not self.language.tokenizer.chat_template:
            what = "chat: true, but the tokenizer has no chat template"
            raise InputError(Problem(display(self.language.tokenizer_folder), what, "leave chat: out, and write a prompt:"))

    @property
    def chat(self) -> bool:
        """Whether the tokenizer's chat template goes around the prompt."""
        given = self.language.plan.chat
        return bool(self.language.tokenizer.chat_template) if given is None else given

    def text(self, question: str, documents: Sequence[Document]) -> str:
        """The prompt, up to where the answer begins. Raises InputError where the template fails on it."""
        if self.chat:
            return self.language.chat_text(self.prompt.messages(question, documents))
        return self.prompt.plain(question, documents)

    def fit(self, question: str, documents: Sequence[Document], limit: int) -> Fitted:
        """The prompt's tokens, with as many documents as ``limit`` tokens hold. Raises ValueError where not even the question fits."""
        return fit(lambda shown: self.language.ids(self.text(question, shown), chat=self.chat), documents, limit)
