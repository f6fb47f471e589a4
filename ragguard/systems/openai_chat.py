"""A generator behind an OpenAI-compatible chat endpoint."""

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ragguard.plan.generators import OpenAIGenerator as OpenAIPlan
from ragguard.records.evidence import Answer
from ragguard.systems.asking import ask_all
from ragguard.systems.budget import SpentError
from ragguard.systems.chat import Chat, Reply, choice_of
from ragguard.systems.citations import abstains, sources
from ragguard.systems.fingerprints import digest
from ragguard.systems.http import HttpError
from ragguard.systems.prompts import Prompt
from ragguard.systems.protocols import Asked, Progress, Said, Vault

DECIDING = ("base_url", "model", "max_new_tokens", "temperature", "top_p", "seed", "body", "version")
"""Keys of the plan that change answers, beside the prompt. An address serves what it serves: raise ``version`` when that changes."""


class OpenAIGenerator:
    """Asks ``BASE_URL/chat/completions``, streamed or not. A generator of this kind answers as its server does, which may vary."""

    def __init__(self, plan: OpenAIPlan, prompt: Prompt) -> None:
        """Look up the key.

        Raises:
            InputError: the environment has no such variable.
        """
        self._plan, self._prompt, self._chat = plan, prompt, Chat(plan)
        self._client, self._lock = self._chat.client, threading.Lock()
        self._answers = self._unfinished = self._uncounted = 0
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
        messages, plan = self._prompt.messages(asked.question, asked.contexts), self._plan
        more: dict[str, Any] = {"top_p": plan.top_p if plan.top_p < 1 else None}
        more |= {"stream": True, "stream_options": {"include_usage": True}} if plan.stream else {}
        try:
            reply = self._chat.ask(messages, more, self._stream if plan.stream else None)
        except SpentError as error:
            return Said(error=str(error))
        if wrong := _wrong(reply):
            return Said(error=wrong, seconds=reply.seconds)
        with self._lock:
            self._answers += 1
            self._unfinished += reply.finish == "length"
            self._uncounted += not reply.counted
        text = reply.text.strip()
        answer = Answer(text, sources(text, asked.contexts), abstains(text), reply.tokens or 0, reply.prompt_tokens or 0)
        return Said(answer, seconds=reply.seconds, first_token=reply.first)

    def _stream(self, request: bytes, began: float) -> Reply:
        """Read server-sent events until ``[DONE]``."""
        reply, done = Reply(), False
        with self._client.open("POST", self._chat.url, request) as pieces:
            for data in _events(pieces):
                if data == b"[DONE]":
                    done = True
                    break
                self._add(reply, self._client.parse(data), began)
        if not done and not reply.finish:
            raise HttpError("broken", f"the stream broke off after {len(reply.text)} characters")
        return reply

    def _add(self, reply: Reply, event: Any, began: float) -> None:
        reply.usage(event.get("usage") if isinstance(event, dict) else None)
        if isinstance(event, dict) and event.get("choices") == []:
            return  # the last event of all, which holds the usage
        choice = choice_of(self._client, event)
        delta = choice.get("delta")
        content = delta.get("content") if isinstance(delta, dict) else None
        if isinstance(content, str) and content:
            reply.first = reply.first or time.perf_counter() - began
            reply.text += content
        reply.finish = str(choice.get("finish_reason") or reply.finish)

    def notes(self) -> Mapping[str, float | int | str]:
        """Say what was asked, what was spent, and the share of answers that hit ``max_new_tokens``."""
        told: dict[str, float | int | str] = {"model": self._plan.model, "tokens_spent": self._chat.budget.spent}
        if self._answers:
            told["answers_unfinished"] = self._unfinished / self._answers
        if self._uncounted:
            told["answers_with_estimated_tokens"] = self._uncounted
        return told


def _wrong(reply: Reply) -> str:
    """Why an answer that came is none; empty where it is one."""
    if reply.finish == "content_filter":
        return "the server's content filter stopped the answer"
    return "" if reply.text.strip() else f"the answer is empty (finish_reason {reply.finish or 'not given'})"


def _events(pieces: Iterable[bytes]) -> Iterable[bytes]:
    """The data of server-sent events, however the network cut them into pieces."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from (line[5:].strip() for line in lines if line.startswith(b"data:"))
    if rest.startswith(b"data:"):
        yield rest[5:].strip()
