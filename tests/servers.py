"""Real HTTP servers on loopback, for tests of what is asked over the network."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """Hands every request to the server's ``behave``, with its body read."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes, and the second would wait 40 ms for the first to be acknowledged

    def _any(self) -> None:
        server: Any = self.server
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.path, dict(self.headers), json.loads(text) if text else None, self, text)
        with server.lock:
            server.seen.append(request)
        with server.lock_running:
            server.running += 1
            server.most = max(server.most, server.running)
        try:
            server.behave(request)
        finally:
            with server.lock_running:
                server.running -= 1

    do_POST = do_GET = do_PUT = do_PATCH = _any  # noqa: N815

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Keep quiet."""


@dataclass
class Request:
    """What a server was sent, and the ways it may answer."""

    path: str
    headers: dict[str, str]
    body: Any
    handler: Handler = field(repr=False)
    raw: bytes = b""

    def answer(self, content: Any, status: int = 200, **headers: str) -> None:
        """Send JSON, or bytes as they are."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.handler.send_response(status)
        for name, value in headers.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.send_header("Content-Length", str(len(body)))
        self.handler.end_headers()
        self.handler.wfile.write(body)

    def stream(self, events: Sequence[Any], *, wait: float = 0.0, done: bool = True, whole: bool = True) -> None:
        """Send server-sent events, chunked; not ``whole``: hang up in the middle."""
        self.handler.send_response(200)
        self.handler.send_header("Content-Type", "text/event-stream")
        self.handler.send_header("Transfer-Encoding", "chunked")
        self.handler.end_headers()
        for event in [*(json.dumps(each) for each in events), *(["[DONE]"] if done else [])]:
            self._chunk(f"data: {event}\n\n".encode())
            time.sleep(wait)
        if whole:
            self.handler.wfile.write(b"0\r\n\r\n")
        self.handler.close_connection = True

    def _chunk(self, piece: bytes) -> None:
        half = len(piece) // 2  # events do not arrive in one piece
        for part in (piece[:half], piece[half:]):
            self.handler.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            self.handler.wfile.flush()

    def hang_up(self, after: bytes = b"") -> None:
        """Close the connection, perhaps in the middle of an answer."""
        if after:
            self.handler.send_response(200)
            self.handler.send_header("Content-Length", str(len(after) + 1000))
            self.handler.end_headers()
            self.handler.wfile.write(after)
        self.handler.close_connection = True


@dataclass
class Served:
    """A server that is up: its address, and what it was sent."""

    url: str
    server: Any

    @property
    def seen(self) -> list[Request]:
        return list(self.server.seen)

    @property
    def most(self) -> int:
        """Requests that it had at a time, at most."""
        return int(self.server.most)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet of clients that hang up: they are part of the tests."""


@contextmanager
def serve(behave: Callable[[Request], None]) -> Iterator[Served]:
    """Serve until the block ends."""
    server: Any = _Server(("127.0.0.1", 0), Handler)
    server.behave, server.seen, server.running, server.most = behave, [], 0, 0
    server.lock, server.lock_running = threading.Lock(), threading.Lock()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Served(f"http://127.0.0.1:{server.server_port}", server)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
