"""What became of a request that brought no reply, or one of no use. It loads openai: to be imported where it is used."""

from typing import Any

import httpx2
import openai
from pydantic import ValidationError

from ragguard.judges import failures
from ragguard.judges.line import UNREACHABLE, OverBudgetError
from ragguard.systems.chat import Reply, choice_of
from ragguard.systems.http import Client, HttpError


class NothingError(Exception):
    """Nothing can be made of a question to the judge; the message is the verdict's error."""


def explained(error: BaseException, body: bytes, client: Client, most: int) -> HttpError | NothingError:
    """Say what an exception of openai's or instructor's means.

    ``body`` is that of the last response that was none of an error, ``most`` how many tokens a reply may have.
    """
    if isinstance(error, openai.APIStatusError):
        response = error.response
        return client.refusal(response.status_code, response.content, response.headers.get("Location", ""))
    if isinstance(error, openai.APIConnectionError):
        return _unanswered(error.__cause__ or error, client)
    if isinstance(error, OverBudgetError):
        return NothingError(f"over budget: {error}")
    try:
        return NothingError(client.hide(_useless(body, error, client, most)))
    except HttpError as broken:
        return broken


def _unanswered(reason: BaseException, client: Client) -> HttpError:
    tries = f" ({client.service.retries + 1} tries)" if client.service.retries else ""
    why = str(reason) or type(reason).__name__
    if isinstance(reason, UNREACHABLE):
        return HttpError("unreachable", client.hide(f"{client.place} cannot be reached{tries}: {why}"))
    return HttpError("broken", client.hide(f"{why}{tries}"), late=isinstance(reason, httpx2.TimeoutException))


def _useless(body: bytes, error: BaseException, client: Client, most: int) -> str:
    """Why a response is of no use: what it is, before what became of that. Raises HttpError where it is none."""
    choice = choice_of(client, client.parse(body))
    message = choice.get("message")
    text, refusal = (message.get(key) if isinstance(message, dict) else None for key in ("content", "refusal"))
    reply = Reply(text if isinstance(text, str) else "", str(choice.get("finish_reason") or ""), str(refusal or ""))
    return failures.of_reply(reply, most) or _unfit(reply.text, error)


def _unfit(text: str, error: BaseException) -> str:
    """Why a reply's text is no reply."""
    if not isinstance(error, ValidationError):
        return f"unreadable: {type(error).__name__}, {failures.shown(str(error))}"
    first: Any = error.errors()[0]
    if first["type"] == "json_invalid":
        return f"not JSON: {failures.shown(text)}"
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    return f"not as the schema says: {'.'.join(map(str, first['loc']))}: {first['msg']}"
