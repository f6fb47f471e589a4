"""Reads the bodies of requests, streamed or not, and never more than is let."""

import asyncio
from collections.abc import Callable

from fastapi import Request
from starlette.requests import ClientDisconnect

from ragguard.canary.service.problems import Refused, later

SLOW = 30.0
"""Seconds in which a body must have come."""

Hold = Callable[[int], bool]
"""Is asked for so many more bytes; False: there is no room."""


async def read(request: Request, most: int, hold: Hold = lambda _: True) -> bytes:
    """Return a body.

    Raises:
        Refused: it is longer than ``most`` bytes (413), whatever its head says; packed (415); too slow (408); or there is no room (429).
    """
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Refused(415, "a packed body is not read: send it as it is")
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > most:
        raise _too_long(most)
    try:
        return await asyncio.wait_for(_pieces(request, most, hold), SLOW)
    except TimeoutError:
        raise Refused(408, f"the body did not come within {SLOW:g} s", headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise Refused(400, "the body ended early") from None


async def _pieces(request: Request, most: int, hold: Hold) -> bytes:
    found = bytearray()
    async for piece in request.stream():
        if len(found) + len(piece) > most:
            raise _too_long(most)
        if not hold(len(piece)):
            raise later(429, "too many requests are being read: send it again in a moment")
        found += piece
    return bytes(found)


def _too_long(most: int) -> Refused:
    return Refused(413, f"the body is longer than {most} bytes: send fewer events at a time", headers={"Connection": "close"})
