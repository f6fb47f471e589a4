"""What ragas asks through. To be imported where it is used, by ``load``: it loads ragas and openai, which takes seconds."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

from instructor import openai_schema
from instructor.core import IncompleteOutputException, InstructorRetryException
from numpy.typing import NDArray
from pydantic import BaseModel, create_model, model_validator
from ragas.embeddings.base import BaseRagasEmbedding
from ragas.llms.adapters import get_adapter
from ragas.llms.base import InstructorBaseRagasLLM

from ragguard.judges import failures, ragas_replies
from ragguard.judges.breaker import Breaker
from ragguard.judges.line import TALLY, Endpoint
from ragguard.judges.ragas_errors import NothingError, explained
from ragguard.plan.judges import RagasJudge
from ragguard.records.judgement import Asked
from ragguard.systems.http import Client, HttpError

REASKS = 1
"""How often a reply that cannot be used is asked for again, with what is wrong with it, by instructor."""

_T = TypeVar("_T", bound=BaseModel)


class Voice:
    """A chat endpoint, in the way that ragas uses one: instructor's JSON mode."""

    def __init__(self, plan: RagasJudge, client: Client, endpoint: Endpoint, breaker: Breaker, turn: int) -> None:
        self.plan, self._client, self._breaker = plan, client, breaker
        adapted: Any = get_adapter("instructor").create_llm(endpoint, plan.model, "openai")
        self._create = adapted.client.chat.completions.create
        seed = None if plan.seed is None else plan.seed + turn  # else every turn would say the same
        sent = {"model": plan.model, "max_tokens": plan.max_new_tokens, "temperature": plan.temperature, "seed": seed}
        self._sent = {key: value for key, value in sent.items() if value is not None}

    async def say(self, prompt: str, model: type[_T]) -> _T:
        """Return a reply to a prompt.

        Raises:
            NothingError: there is none, or one of no use; or it was not asked.
        """
        if self._breaker.open:
            raise NothingError(self._breaker.open)
        try:
            reply = await self._reply(prompt, model)
        except HttpError as error:
            self._breaker.failed(error)
            raise NothingError(failures.of_request(error)) from error
        except NothingError:
            if TALLY.get().last:
                self._breaker.answered()
            raise
        self._breaker.answered()
        return reply

    async def _reply(self, prompt: str, model: type[_T]) -> _T:
        tally, fitting = TALLY.get(), _checked(model)
        tally.last, tally.about = b"", ragas_replies.given(prompt)
        messages = [{"role": "user", "content": prompt}]
        try:
            reply: _T = await self._create(messages=messages, response_model=fitting, max_retries=REASKS, **self._sent)
        except InstructorRetryException as error:
            raise explained(error.__cause__ or error, tally.last, self._client, self.plan.max_new_tokens) from error
        except IncompleteOutputException as error:
            raise explained(error, tally.last, self._client, self.plan.max_new_tokens) from error
        return reply


class Asking(InstructorBaseRagasLLM):
    """The language model that one metric asks about one answer. After a failure it is asked nothing more.

    Some of ragas' metrics ask again and again after any exception, and then score without: ``failure`` tells of it.
    """

    def __init__(self, voice: Voice, asked: Asked) -> None:
        self._voice, self._asked = voice, asked
        self.failure: NothingError | None = None
        self.words: list[str] = []

    def generate(self, prompt: str, response_model: type[_T]) -> _T:  # noqa: ARG002
        """Be asked by code that does not wait: no metric of the collections API does."""
        raise TypeError("this judge is asked by agenerate")

    async def agenerate(self, prompt: str, response_model: type[_T]) -> _T:
        """Return a reply. Raises NothingError."""
        if self.failure is not None:
            raise self.failure
        try:
            reply = await self._voice.say(prompt, response_model)
            self._look(reply.model_dump(), prompt)
        except NothingError as error:
            self.failure = error
            raise
        return reply

    def _look(self, reply: Mapping[str, Any], prompt: str) -> None:
        if nothing := ragas_replies.void(reply, ragas_replies.given(prompt), self._asked):
            raise NothingError(nothing)
        self.words += ragas_replies.words(reply)


class Vectors(BaseRagasEmbedding):
    """Embeddings by a callable, each text once. ``known`` may hold some already."""

    def __init__(self, embed: Callable[[Sequence[str]], NDArray[Any]], known: dict[str, list[float]], pool: ThreadPoolExecutor) -> None:
        super().__init__()
        self._embed, self._known, self._pool = embed, known, pool

    def embed_text(self, text: str, **kwargs: Any) -> list[float]:  # noqa: ARG002
        """Return a text's embedding."""
        if text not in self._known:
            self._known[text] = vectors(self._embed, [text])[0]
        return self._known[text]

    async def aembed_text(self, text: str, **kwargs: Any) -> list[float]:  # noqa: ARG002
        """Return a text's embedding, while other answers are judged."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self.embed_text, text)


def vectors(embed: Callable[[Sequence[str]], NDArray[Any]], texts: Sequence[str]) -> list[list[float]]:
    """Return the embeddings of texts, as ragas wants them."""
    return [[float(x) for x in row] for row in embed(texts)]


@cache
def _checked(model: type[_T]) -> type[_T]:
    """The same model, which does not take what ragas would take and should not; instructor then asks again.

    Made once: instructor would make its own of it for each request, which takes longer than the request does.
    """

    def fits(self: BaseModel) -> BaseModel:
        if problem := ragas_replies.wrong(model.__name__, self.model_dump(), TALLY.get().about):
            raise ValueError(problem)
        return self

    validators: dict[str, Any] = {"fits": model_validator(mode="after")(fits)}
    made = create_model(model.__name__, __base__=model, __validators__=validators, __doc__=model.__doc__, __module__=model.__module__)
    return openai_schema(made)
