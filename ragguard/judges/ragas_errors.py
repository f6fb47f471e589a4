"""What became of a request that brought no reply, or one of no use, in words. It loads openai: to be imported where it is used.

What stands before the first colon is the kind, by which a report counts.
"""

import json
from typing import Any

import httpx2
import openai
from pydantic import ValidationError

from ragguard.judges.line import UNREACHABLE, OverBudgetError
from ragguard.systems.http import Client, HttpError

_KINDS = {"refused": "refused by the server", "unfit": "not taken by the server", "failed": "server error"}


class ReplyError(Exception):
    """A reply came, and is of no use; or the question was not asked, for want of tokens."""


def explained(error: BaseException, body: bytes, client: Client) -> HttpError | ReplyError:
    """Say what an exception of openai's or instructor's means; ``body`` is that of the last response that was none of an error."""
    if isinstance(error, openai.APIStatusError):
        response = error.response
        refusal = client.refusal(response.status_code, response.content, response.headers.get("Location", ""))
        kind = "rate limit" if response.status_code == 429 else _KINDS[refusal.kind]
        return HttpError(refusal.kind, f"{kind}: {refusal}")
    if isinstance(error, openai.APIConnectionError):
        return _unanswered(error.__cause__ or error, client)
    if isinstance(error, OverBudgetError):
        return ReplyError(f"over budget: {error}")
    return ReplyError(client.hide(_useless(body, error)))


def _unanswered(reason: BaseException, client: Client) -> HttpError:
    tries = f" ({client.service.retries + 1} tries)" if client.service.retries else ""
    why = str(reason) or type(reason).__name__
    if isinstance(reason, UNREACHABLE):
        return HttpError("unreachable", client.hide(f"unreachable: {client.place} cannot be reached{tries}: {why}"))
    kind = "timeout" if isinstance(reason, httpx2.TimeoutException) else "broken off"
    return HttpError("broken", client.hide(f"{kind}: {why}{tries}"))


def _useless(body: bytes, error: BaseException) -> str:
    """Why a response is of no use: what it is, before what became of that."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return f"no JSON response: {_short(body.decode('utf-8', 'replace'))}"
    choices = found.get("choices") if isinstance(found, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return f"no choices: {_short(json.dumps(found, ensure_ascii=False))}"
    finish, message = choices[0].get("finish_reason"), choices[0].get("message")
    content, refusal = (message.get(key) if isinstance(message, dict) else None for key in ("content", "refusal"))
    if finish == "content_filter":
        return "content filter: the server stopped the reply"
    if refusal:
        return f"refusal: {_short(str(refusal))}"
    if not isinstance(content, str) or not content.strip():
        return f"empty reply: finish_reason {finish or 'not given'}"
    return _unfit(content, error)


def _unfit(content: str, error: BaseException) -> str:
    """Why a reply's text is no reply."""
    if not isinstance(error, ValidationError):
        return f"unreadable reply: {type(error).__name__}, {_short(str(error))}"
    first: Any = error.errors()[0]
    if first["type"] == "json_invalid":
        return f"{'malformed JSON' if content.lstrip().startswith(('{', '[')) else 'not JSON'}: {_short(content)}"
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    return f"wrong form: {'.'.join(map(str, first['loc']))}, {first['msg']}"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 200 else f"{text[:197]}..."
