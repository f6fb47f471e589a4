"""Asks servers over HTTP: again where that may help, and with words for everything that can go wrong."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from ragguard.plan.services import Service

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

AGAIN = (408, 429, 500, 502, 503, 504, 529)
"""Statuses that may be gone a moment later."""

UNFIT = (400, 413, 422)
"""Statuses that may be about the one question that was asked: too long, for instance."""

MOST_BYTES = 32 * 2**20
"""Longest response that is read."""


class HttpError(Exception):
    """A request that came to nothing.

    ``kind``: ``refused`` (the server does not want such requests at all), ``unfit`` (it does not want this one), ``unreachable`` (there
    is no server), ``failed`` (it answered that it cannot, or had no time), ``broken`` (it began an answer that is of no use: it may have
    cost something). ``status`` is that of the response, 0 where there was none; ``late`` says that time ran out.
    """

    def __init__(
        self, kind: Literal["refused", "unfit", "unreachable", "failed", "broken"], words: str, status: int = 0, *, late: bool = False
    ) -> None:
        self.kind, self.status, self.late = kind, status, late
        super().__init__(words)


@dataclass(frozen=True)
class Client:
    """One server, asked by the settings of a plan.

    ``key`` is sent as a bearer token. What headers and key hold is never in a message, wherever the server repeats it.
    """

    service: Service
    url: str
    key: str = ""

    @property
    def place(self) -> str:
        """Host and port: what a message names. The rest of a URL may hold a key."""
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)

    @contextmanager
    def open(self, method: str, url: str, body: bytes | None) -> Iterator[Iterator[bytes]]:
        """Send a request, again after what may pass, and give the pieces of a 2xx response as they come.

        Waits between tries double from half a second, or are what ``Retry-After`` says, at most two minutes.

        Raises:
            HttpError: whatever else came of it, also while the pieces are read.
        """
        from urllib3.exceptions import HTTPError

        try:
            response = self._pool.request(
                method, url, body=body, headers=self._headers(body), preload_content=False, redirect=False, retries=self._retries()
            )
        except HTTPError as error:
            raise self._no_response(error) from error
        try:
            if response.status >= 300:
                raise self.refusal(response.status, b"".join(self._pieces(response)), response.headers.get("Location", ""))
            yield self._pieces(response)
        finally:
            response.close()
            response.release_conn()

    def json(self, method: str, url: str, body: bytes | None) -> Any:
        """Send a request and return the JSON that comes back. Raises HttpError."""
        with self.open(method, url, body) as pieces:
            text = b"".join(pieces)
        return self.parse(text)

    def parse(self, text: bytes) -> Any:
        """Read JSON. Raises HttpError where it is none."""
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise HttpError("broken", self.hide(f"the response is not JSON: {_short(text)}")) from error

    def hide(self, text: str) -> str:
        """Replace key and headers' values in a text; of ``Bearer x``, also x alone."""
        values = [self.key, *self.service.headers.values()]
        for secret in sorted({part for value in values for part in (value, value.rpartition(" ")[2]) if len(part) >= 6}, key=len)[::-1]:
            text = text.replace(secret, "***")
        return text

    def _headers(self, body: bytes | None) -> dict[str, str]:
        given = {"Content-Type": "application/json"} if body is not None else {}
        return given | ({"Authorization": f"Bearer {self.key}"} if self.key else {}) | dict(self.service.headers)

    def _retries(self) -> Any:
        from ragguard.systems.retries import FreshRetry

        return FreshRetry(
            total=self.service.retries,
            allowed_methods=None,  # a question may be asked twice
            status_forcelist=AGAIN,
            raise_on_status=False,
            backoff_factor=0.5,
            backoff_jitter=0.25,
            backoff_max=120,
            retry_after_max=120,
        )

    @cached_property
    def _pool(self) -> "PoolManager":
        from urllib.request import getproxies, proxy_bypass

        import urllib3

        timeout = urllib3.Timeout(connect=min(self.service.timeout, 20), read=self.service.timeout)
        options: dict[str, Any] = {"maxsize": self.service.concurrency, "block": True, "timeout": timeout}
        parts = urlsplit(self.url)
        proxy = getproxies().get(parts.scheme)
        return urllib3.ProxyManager(proxy, **options) if proxy and not proxy_bypass(parts.netloc) else urllib3.PoolManager(**options)

    def _pieces(self, response: "BaseHTTPResponse") -> Iterator[bytes]:
        from urllib3.exceptions import HTTPError

        until, read = time.monotonic() + self.service.timeout, 0
        try:
            while piece := response.read1(65536):
                yield piece
                read += len(piece)
                if read > MOST_BYTES:
                    raise HttpError("broken", f"the response is longer than {MOST_BYTES // 2**20} MiB")
                if time.monotonic() > until:
                    raise HttpError("broken", f"the response was not finished within {self.service.timeout:g} s", late=True)
        except HTTPError as error:
            raise HttpError("broken", f"the response broke off after {read} bytes ({type(error).__name__})") from error

    def _no_response(self, error: Exception) -> HttpError:
        """What became of a request that nothing came back to, after the last try."""
        from urllib3 import exceptions as http

        reason = getattr(error, "reason", None) or error
        tries = f" ({self.service.retries + 1} tries)" if self.service.retries else ""
        if isinstance(reason, http.ConnectTimeoutError | http.ProxyError | http.SSLError):
            return HttpError("unreachable", self.hide(f"{self.place} cannot be reached{tries}: {str(reason).rpartition(': ')[2]}"))
        if isinstance(reason, http.TimeoutError):
            return HttpError("broken", f"{self.place} did not answer within {self.service.timeout:g} s{tries}", late=True)
        if isinstance(reason, http.ProtocolError):
            return HttpError("broken", f"{self.place} closed the connection without an answer{tries}")
        return HttpError("refused", self.hide(f"{type(reason).__name__}: {reason}"))

    def refusal(self, status: int, body: bytes, location: str) -> HttpError:
        """What a status says that is not 2xx, with the server's own words."""
        said = self.hide(_message(body))
        words = f"{self.place} answers {status}" + (f": {said}" if said else "")
        if status < 400:
            return HttpError("refused", self.hide(f"{words} (it redirects to {location}; write that address)"))
        if status in AGAIN or status >= 500:
            tries = f" ({self.service.retries + 1} tries)" if self.service.retries and status in AGAIN else ""
            return HttpError("failed", words + tries, status)
        return HttpError("unfit" if status in UNFIT else "refused", words, status)


def _message(body: bytes) -> str:
    """The server's own words: those under ``error``, ``message`` or ``detail`` where it speaks JSON."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return _short(body)
    while isinstance(found, dict) and (key := next((key for key in ("error", "message", "detail") if found.get(key)), "")):
        found = found[key]
    return _short((found if isinstance(found, str) else json.dumps(found)).encode())


def _short(body: bytes) -> str:
    text = " ".join(body.decode("utf-8", "replace").split())
    return text if len(text) <= 300 else f"{text[:297]}..."
