"""When a request is tried again, by urllib3, which this module alone imports outright."""

from types import TracebackType
from typing import Self

from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import ConnectionPool
from urllib3.util import Retry


class FreshRetry(Retry):
    """Uses no connection again that brought a failure.

    Servers that fail (uvicorn among them) close theirs after a 5xx without saying so. The next request would be lost on it, and the
    message would be that, not what the server said.
    """

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        """Count a try. Raises MaxRetryError where there is no further one; the response can still be read."""
        if response is not None and isinstance(response.connection, HTTPConnection) and response.connection.sock is not None:
            response.connection.sock.close()  # which happens once the response, which holds it too, is read
            response.connection.sock = None
        return super().increment(method, url, response, error, _pool, _stacktrace)
