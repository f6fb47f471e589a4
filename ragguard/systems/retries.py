"""When a request is tried again, by urllib3, which this module alone imports outright."""

from types import TracebackType
from typing import Self

from urllib3 import BaseHTTPResponse
from urllib3.connectionpool import ConnectionPool
from urllib3.util import Retry


class FreshRetry(Retry):
    """Tries again over a new connection.

    Servers that fail (uvicorn among them) close theirs after a 5xx without saying so; the next try would be lost on it, and what the
    server said with it.
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
        """Count a try, and close the connection that it came by. Raises MaxRetryError where there is no further one."""
        following = super().increment(method, url, response, error, _pool, _stacktrace)
        if response is not None:
            response.close()
        return following
