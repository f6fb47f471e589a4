"""A generator behind an OpenAI-compatible chat endpoint."""

import json
import math
import os
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ragguard.errors import InputError, Problem
from ragguard.plan.generators import OpenAIGenerator as OpenAIPlan
from ragguard.records.evidence import Answer
from ragguard.systems.asking import ask_all
from ragguard.systems.budget import Budget, Held, SpentError
from ragguard.systems.citations import abstains, sources
from ragguard.systems.fingerprints import digest
from ragguard.systems.http import Client, HttpError
from ragguard.systems.prompts import Prompt
from ragguard.systems.protocols import Asked, Progress, Said, Vault

DECIDING = ("base_url", "model", "max_new_tokens", "temperature", "top_p", "seed", "body", "version")
"""Keys of the plan that change answers, beside the prompt. An address serves what it serves: raise ``version`` when that changes."""

TOKENS_PER_CHARACTER = 1 / 3
"""For what a question may cost before the server has counted any; a cautious figure for English, where there are four to a token."""


@dataclass
class _Reply:
    """An answer as it comes in; times are seconds from the question."""

    text: str = ""
    finish: str = ""
    prompt_tokens: int | None = None
    tokens: int | None = None
    first: float = 0.0

    def usage(self, found: Any) -> None:
        """Take the server's count, where it gives one."""
        if isinstance(found, dict) and isinstance(found.get("completion_tokens"), int) and isinstance(found.get("prompt_tokens"), int):
            self.prompt_tokens, self.tokens = found["prompt_tokens"], found["completion_tokens"]


class OpenAIGenerator:
    """Asks ``BASE_URL/chat/completions``, streamed or not. A generator of this kind answers as its server does, which may vary."""

    def __init__(self, plan: OpenAIPlan, prompt: Prompt) -> None:
        """Look up the key.

        Raises:
            InputError: the environment has no such variable.
        """
        self._plan, self._prompt = plan, prompt
        key = os.environ.get(plan.api_key_env, "") if plan.api_key_env else ""
        if plan.api_key_env and not key:
            raise InputError(
                Problem("", f"api_key_env: environment variable {plan.api_key_env} is not set", f"export {plan.api_key_env}=...")
            )
        self._client = Client(plan, plan.base_url, key)
        self._budget, self._lock = Budget(plan.max_tokens_total), threading.Lock()
        self._answers = self._unfinished = self._uncounted = 0
        self._rate = TOKENS_PER_CHARACTER
        self.fingerprint = digest(
            {"type": "openai", "prompt": dict(prompt.identity), **plan.model_dump(mode="json", include=set(DECIDING))}
        )

    def prepare(self, vault: Vault, progress: Progress) -> None:
        """Do nothing: the server is asked when there is a question."""

    def answer(self, asked: Sequence[Asked]) -> list[Said]:
        """Return one result per question, in order; what goes wrong with one question, and what the cap forbids, is its error.

        Raises:
            InputError: the server refuses the key, the model or the request.
            CannotJudge: there is no server.
        """
        found = ask_all(self._ask, asked, self._plan)
        return [Said(error=str(each)) if isinstance(each, HttpError) else each for each in found]

    def _ask(self, asked: Asked) -> Said:
        messages = self._prompt.messages(asked.question, asked.contexts)
        estimate = self._tokens(_letters(messages))
        try:
            with self._budget.hold(estimate + self._plan.max_new_tokens) as held:
                return self._timed(asked, messages, estimate, held)
        except SpentError as error:
            return Said(error=str(error))

    def _timed(self, asked: Asked, messages: Sequence[Mapping[str, str]], estimate: int, held: Held) -> Said:
        began = time.perf_counter()
        try:
            reply = self._stream(messages, began) if self._plan.stream else self._whole(messages)
        except HttpError as error:
            held.cost = estimate + self._plan.max_new_tokens if error.kind == "broken" else 0
            raise
        seconds = time.perf_counter() - began
        counted = reply.prompt_tokens is not None
        prompt, tokens = (reply.prompt_tokens or 0, reply.tokens or 0) if counted else (estimate, self._tokens(len(reply.text)))
        held.cost = prompt + tokens
        if wrong := _wrong(reply):
            return Said(error=wrong, seconds=seconds)
        with self._lock:
            self._rate = max(self._rate, prompt / max(_letters(messages), 1))
            self._answers += 1
            self._unfinished += reply.finish == "length"
            self._uncounted += not counted
        text = reply.text.strip()
        answer = Answer(text, sources(text, asked.contexts), abstains(text), reply.tokens or 0, reply.prompt_tokens or 0)
        return Said(answer, seconds=seconds, first_token=reply.first)

    def _whole(self, messages: Sequence[Mapping[str, str]]) -> _Reply:
        found, reply = self._client.json("POST", self._url, self._request(messages)), _Reply()
        choice = _choice(self._client, found)
        message = choice.get("message")
        content = message.get("content") if isinstance(message, dict) else None
        reply.text, reply.finish = content if isinstance(content, str) else "", str(choice.get("finish_reason") or "")
        reply.usage(found.get("usage"))
        return reply

    def _stream(self, messages: Sequence[Mapping[str, str]], began: float) -> _Reply:
        """Read server-sent events until ``[DONE]``."""
        reply, done = _Reply(), False
        with self._client.open("POST", self._url, self._request(messages)) as pieces:
            for data in _events(pieces):
                if data == b"[DONE]":
                    done = True
                    break
                self._add(reply, self._client.parse(data), began)
        if not done and not reply.finish:
            raise HttpError("broken", f"the stream broke off after {len(reply.text)} characters")
        return reply

    def _add(self, reply: _Reply, event: Any, began: float) -> None:
        reply.usage(event.get("usage") if isinstance(event, dict) else None)
        if isinstance(event, dict) and event.get("choices") == []:
            return  # the last event of all, which holds the usage
        choice = _choice(self._client, event)
        delta = choice.get("delta")
        content = delta.get("content") if isinstance(delta, dict) else None
        if isinstance(content, str) and content:
            reply.first = reply.first or time.perf_counter() - began
            reply.text += content
        reply.finish = str(choice.get("finish_reason") or reply.finish)

    @property
    def _url(self) -> str:
        return f"{self._plan.base_url}/chat/completions"

    def _request(self, messages: Sequence[Mapping[str, str]]) -> bytes:
        plan = self._plan
        about: dict[str, Any] = {"model": plan.model, "messages": messages, "max_tokens": plan.max_new_tokens}
        about |= {"temperature": plan.temperature, "seed": plan.seed, "top_p": plan.top_p if plan.top_p < 1 else None}
        about |= {"stream": True, "stream_options": {"include_usage": True}} if plan.stream else {}
        return json.dumps({key: value for key, value in (about | plan.body).items() if value is not None}).encode()

    def _tokens(self, letters: int) -> int:
        """Tokens of so many characters, at the dearest rate that was met."""
        return math.ceil(letters * self._rate)

    def notes(self) -> Mapping[str, float | int | str]:
        """Say what was asked, what was spent, and the share of answers that hit ``max_new_tokens``."""
        told: dict[str, float | int | str] = {"model": self._plan.model, "tokens_spent": self._budget.spent}
        if self._answers:
            told["answers_unfinished"] = self._unfinished / self._answers
        if self._uncounted:
            told["answers_with_estimated_tokens"] = self._uncounted
        return told


def _letters(messages: Sequence[Mapping[str, str]]) -> int:
    return sum(len(message["content"]) for message in messages)


def _wrong(reply: _Reply) -> str:
    """Why an answer that came is none; empty where it is one."""
    if reply.finish == "content_filter":
        return "the server's content filter stopped the answer"
    return "" if reply.text.strip() else f"the answer is empty (finish_reason {reply.finish or 'not given'})"


def _choice(client: Client, found: Any) -> Mapping[str, Any]:
    choices = found.get("choices") if isinstance(found, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        shown = json.dumps(found, ensure_ascii=False)
        raise HttpError("broken", client.hide(f"the response has no choices: {shown[:300]}"))
    return choices[0]


def _events(pieces: Iterable[bytes]) -> Iterable[bytes]:
    """The data of server-sent events, however the network cut them into pieces."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from (line[5:].strip() for line in lines if line.startswith(b"data:"))
    if rest.startswith(b"data:"):
        yield rest[5:].strip()
