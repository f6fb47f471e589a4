"""The words for a request to a judge that came to nothing. What stands before the first colon is the kind, by which reports count."""

from ragguard.systems.chat import Reply
from ragguard.systems.http import HttpError

RATE_LIMIT = 429


def of_request(error: HttpError) -> str:
    """Say why no reply came."""
    if error.status == RATE_LIMIT:
        return f"rate limit: {error}"
    if error.late:
        return f"timed out: {error}"
    kinds = {
        "refused": "refused by the server",
        "unfit": "request not taken",
        "unreachable": "no server",
        "failed": "server error",
        "broken": "broken off",
    }
    hint = "; where the server knows no response_format, take it out by body: {response_format: null}"
    return f"{kinds[error.kind]}: {error}{hint if error.kind == 'unfit' else ''}"


def of_reply(reply: Reply, most: int) -> str:
    """Say why a reply that came cannot be read; empty where it can. ``most`` is the tokens that it might have had."""
    if reply.refusal:
        return f"refusal: {shown(reply.refusal)}"
    if reply.finish == "content_filter":
        return "content filter: the server's stopped the reply"
    if not reply.text.strip():
        return f"empty: the reply has no text (finish_reason {reply.finish or 'not given'})"
    if reply.finish == "length":
        return f"cut off: the reply had no end after max_new_tokens: {most}"
    return ""


def shown(text: str, most: int = 200) -> str:
    """A text in one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 3]}..."
