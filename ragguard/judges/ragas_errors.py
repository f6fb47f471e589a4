"""What became of a request that brought no reply, or one of no use, in words. It loads openai: to be imported where it is used."""

import json

import openai
from pydantic import ValidationError

from ragguard.judges.line import UNREACHABLE, OverBudgetError
from ragguard.systems.http import Client, HttpError


class ReplyError(Exception):
    """A reply came, and is of no use; or the question was not asked, for want of tokens."""


def explained(error: BaseException, body: bytes, client: Client) -> HttpError | ReplyError:
    """Say what an exception of openai's or instructor's means; ``body`` is that of the last response that was none of an error."""
    if isinstance(error, openai.APIStatusError):
        response = error.response
        return client.refusal(response.status_code, response.content, response.headers.get("Location", ""))
    if isinstance(error, openai.APIConnectionError):
        return _unanswered(error.__cause__ or error, client)
    if isinstance(error, OverBudgetError):
        return ReplyError(str(error))
    return ReplyError(client.hide(_useless(body, error)))


def _unanswered(reason: BaseException, client: Client) -> HttpError:
    tries = f" ({client.service.retries + 1} tries)" if client.service.retries else ""
    if isinstance(reason, UNREACHABLE):
        why = str(reason) or type(reason).__name__
        return HttpError("unreachable", client.hide(f"{client.place} cannot be reached{tries}: {why}"))
    return HttpError("broken", client.hide(f"{str(reason) or type(reason).__name__}{tries}"))


def _useless(body: bytes, error: BaseException) -> str:
    """Why a response is of no use: what it is, before what became of that."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return f"the response is not JSON: {_short(body.decode('utf-8', 'replace'))}"
    choices = found.get("choices") if isinstance(found, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return f"the response has no choices: {_short(json.dumps(found, ensure_ascii=False))}"
    finish, message = choices[0].get("finish_reason"), choices[0].get("message")
    content, refusal = (message.get(key) if isinstance(message, dict) else None for key in ("content", "refusal"))
    if finish == "content_filter":
        return "the server's content filter stopped the reply"
    if refusal:
        return f"the judge refused: {_short(str(refusal))}"
    if not isinstance(content, str) or not content.strip():
        return f"the reply is empty (finish_reason {finish or 'not given'})"
    return _unfit(content, error)


def _unfit(content: str, error: BaseException) -> str:
    """Why a reply's text is no reply."""
    if not isinstance(error, ValidationError):
        return f"the reply cannot be read ({type(error).__name__}: {_short(str(error))})"
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        what = "malformed JSON" if content.lstrip().startswith(("{", "[")) else "no JSON"
        return f"the reply is {what}: {_short(content)}"
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    return f"the reply is not what was asked for: {'.'.join(map(str, first['loc']))}: {first['msg']}"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 200 else f"{text[:197]}..."
