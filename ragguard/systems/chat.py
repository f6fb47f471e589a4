"""One chat endpoint that speaks OpenAI's protocol: what is sent to it, what comes back, and what that costs."""

import json
import math
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ragguard.errors import InputError, Problem
from ragguard.plan.services import ChatService
from ragguard.systems.budget import Budget
from ragguard.systems.http import Client, HttpError

TOKENS_PER_CHARACTER = 1 / 3
"""For what a question may cost before the server has counted any; a cautious figure for English, where there are four to a token."""

Messages = Sequence[Mapping[str, str]]


@dataclass
class Reply:
    """A reply as it comes in. ``first`` and ``seconds`` are seconds from the question until it began, and ended.

    ``prompt_tokens`` and ``tokens`` are the server's count, None where it gives none; ``cost`` is what both come to, estimated there.
    """

    text: str = ""
    finish: str = ""
    refusal: str = ""
    prompt_tokens: int | None = None
    tokens: int | None = None
    first: float = 0.0
    seconds: float = 0.0
    cost: int = 0

    def usage(self, found: Any) -> None:
        """Take the server's count, where it gives one."""
        if isinstance(found, dict) and isinstance(found.get("completion_tokens"), int) and isinstance(found.get("prompt_tokens"), int):
            self.prompt_tokens, self.tokens = found["prompt_tokens"], found["completion_tokens"]

    @property
    def counted(self) -> bool:
        """Whether the server counted the tokens."""
        return self.prompt_tokens is not None


Read = Callable[[bytes, float], Reply]
"""Sends a request and reads the reply; the number is when it was begun, by ``time.perf_counter``."""


class Chat:
    """Asks ``BASE_URL/chat/completions`` within a budget. Safe for several threads."""

    def __init__(self, plan: ChatService) -> None:
        """Look up the key.

        Raises:
            InputError: the environment has no such variable.
        """
        key = os.environ.get(plan.api_key_env, "") if plan.api_key_env else ""
        if plan.api_key_env and not key:
            raise InputError(
                Problem("", f"api_key_env: environment variable {plan.api_key_env} is not set", f"export {plan.api_key_env}=...")
            )
        self._plan, self.client, self.url = plan, Client(plan, plan.base_url, key), f"{plan.base_url}/chat/completions"
        self.budget, self._lock = Budget(plan.max_tokens_total), threading.Lock()
        self._rate = TOKENS_PER_CHARACTER

    def ask(self, messages: Messages, more: Mapping[str, Any], read: Read | None = None) -> Reply:
        """Ask once; ``more`` are further keys of the request. Without ``read`` the reply comes whole.

        Raises:
            HttpError: nothing of use came back.
            SpentError: it might exceed the budget, and was not asked.
        """
        letters, most = sum(len(message["content"]) for message in messages), self._plan.max_new_tokens
        estimate = self._tokens(letters)
        with self.budget.hold(estimate + most) as held:
            began = time.perf_counter()
            try:
                reply = (read or self._whole)(self._request(messages, more), began)
            except HttpError as error:
                held.cost = estimate + most if error.kind == "broken" else 0
                raise
            reply.seconds = time.perf_counter() - began
            prompt, tokens = (reply.prompt_tokens or 0, reply.tokens or 0) if reply.counted else (estimate, self._tokens(len(reply.text)))
            reply.cost = held.cost = prompt + tokens
        with self._lock:
            self._rate = max(self._rate, prompt / max(letters, 1))
        return reply

    def _whole(self, request: bytes, _began: float) -> Reply:
        found, reply = self.client.json("POST", self.url, request), Reply()
        choice = choice_of(self.client, found)
        message = choice.get("message")
        message = message if isinstance(message, dict) else {}
        content, refusal = message.get("content"), message.get("refusal")
        reply.text, reply.finish = content if isinstance(content, str) else "", str(choice.get("finish_reason") or "")
        reply.refusal = refusal if isinstance(refusal, str) else ""
        reply.usage(found.get("usage"))
        return reply

    def _request(self, messages: Messages, more: Mapping[str, Any]) -> bytes:
        plan = self._plan
        about: dict[str, Any] = {"model": plan.model, "messages": messages, "max_tokens": plan.max_new_tokens}
        about |= {"temperature": plan.temperature, "seed": plan.seed, **more}
        return json.dumps({key: value for key, value in (about | plan.body).items() if value is not None}).encode()

    def _tokens(self, letters: int) -> int:
        """Tokens of so many characters, at the dearest rate that was met."""
        return math.ceil(letters * self._rate)


def choice_of(client: Client, found: Any) -> Mapping[str, Any]:
    """Return the first choice of a response. Raises HttpError where there is none."""
    choices = found.get("choices") if isinstance(found, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        shown = json.dumps(found, ensure_ascii=False)
        raise HttpError("broken", client.hide(f"the response has no choices: {shown[:300]}"))
    return choices[0]
