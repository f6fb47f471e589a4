"""Errors as RFC 9457 has them (application/problem+json): what is wrong and what to do, and nothing of the inside."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse

MEDIA = "application/problem+json"
AGAIN = 2
"""Seconds after which what was refused for want of room may be sent again."""


class Refused(Exception):  # noqa: N818 - named after what happened
    """A request that is not served: ``detail`` says why, ``more`` are further members of the problem, ``headers`` go with it."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers, self.more = status, detail, dict(headers or {}), more


def later(status: int, detail: str, **more: Any) -> Refused:
    """What may be asked again in a moment (429, 503)."""
    return Refused(status, detail, headers={"Retry-After": str(AGAIN)}, **more)


def answer(refused: Refused) -> JSONResponse:
    """The response."""
    phrase = HTTPStatus(refused.status).phrase
    body = {"type": "about:blank", "title": phrase, "status": refused.status, "detail": refused.detail, **refused.more}
    return JSONResponse(body, refused.status, headers=refused.headers, media_type=MEDIA)
