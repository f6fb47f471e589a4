"""Serves until it is told to end: then nothing new is taken, what was sent is stored and acknowledged, and it leaves with 0."""

import contextlib
import logging
import signal
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from ragguard.canary.service.service import Judge
from ragguard.canary.service.settings import Settings
from ragguard.errors import CannotJudge

if TYPE_CHECKING:
    import uvicorn

KEEP_ALIVE = 30
"""Seconds that a connection may idle: more than most clients' pools and probes wait between two requests."""

BACKLOG = 1_024
"""Connections that wait until they are taken."""

LEAVE = 5
"""Seconds, beyond the patience with the history, in which requests must have ended."""


def run(settings: Settings, judge: Judge, ready: Callable[[str], None]) -> None:
    """Serve; ``ready`` is told the address.

    Raises:
        CannotJudge: the address cannot be had.
    """
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s", level=logging.WARNING)
    server, listening = prepare(settings, judge)
    before = {each: signal.signal(each, _ended) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        ready(address(listening))
        server.run(sockets=[listening])
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def prepare(settings: Settings, judge: Judge) -> "tuple[uvicorn.Server, socket.socket]":
    """A server, and what it is to listen at, from now on: who connects before it runs is kept waiting. Raises as ``run``."""
    import uvicorn

    from ragguard.canary.service.app import make

    config = uvicorn.Config(
        make(settings, judge), log_config=None, access_log=False, server_header=False, proxy_headers=False, lifespan="on", ws="none",
        timeout_keep_alive=KEEP_ALIVE, timeout_graceful_shutdown=int(settings.patience) + LEAVE,
    )  # fmt: skip
    return uvicorn.Server(config), _listen(settings)


def _ended(_number: int, _frame: object) -> None:
    """Ending is what was asked for: uvicorn has done so by itself, and repeats the signal when it has."""


def _listen(settings: Settings) -> socket.socket:
    try:
        family, *_, place = socket.getaddrinfo(settings.host.strip("[]"), settings.port, type=socket.SOCK_STREAM)[0]
        with contextlib.ExitStack() as failed:
            listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sets TCP_NODELAY only where TCP is named
            failed.callback(listening.close)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(place)
            listening.listen(BACKLOG)
            failed.pop_all()
            return listening
    except OSError as error:
        what = f"{settings.host}:{settings.port}: cannot be listened at: {error.strerror or error}"
        raise CannotJudge(f"{what}; name another --port") from None


def address(listening: socket.socket) -> str:
    """The URL of what is listened at."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
