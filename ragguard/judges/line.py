"""OpenAI's client, held to a plan: its timeouts, its budget, its body. To be imported where it is used; it loads openai."""

import asyncio
import json
import math
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx2
from openai import AsyncOpenAI, OpenAIError

from ragguard.plan.judges import LanguageJudge
from ragguard.systems.budget import Budget, Held, SpentError
from ragguard.systems.http import Client

TOKENS_PER_CHARACTER = 1 / 3
"""For what a request may cost before the server has counted any; a cautious figure for English, where there are four to a token."""

UNREACHABLE = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError, httpx2.UnsupportedProtocol)
"""What comes of a server that is not there."""


class OverBudgetError(OpenAIError):
    """A request that was not sent. Of a kind that OpenAI's client does not try again."""


@dataclass
class Tally:
    """What the requests for one answer cost so far; what the last was about, and the body of its response where that was no error."""

    tokens: int = 0
    last: bytes = b""
    about: Mapping[str, Any] = field(default_factory=dict)


TALLY: ContextVar[Tally] = ContextVar("TALLY")
"""That of the answer which the task at hand judges."""


class Purse:
    """A budget for requests that one event loop makes."""

    def __init__(self, budget: Budget) -> None:
        self._budget, self._changed = budget, asyncio.Condition()
        self.rate = TOKENS_PER_CHARACTER

    @asynccontextmanager
    async def hold(self, estimate: int) -> AsyncIterator[Held]:
        """Set an estimate aside for one request, waiting for those under way. Raises OverBudgetError."""
        async with self._changed:
            try:
                await self._changed.wait_for(lambda: self._budget.take(estimate))
            except SpentError as error:
                raise OverBudgetError(str(error)) from error
        held = Held()
        try:
            yield held
        finally:
            self._budget.give(estimate, held.cost)
            async with self._changed:
                self._changed.notify_all()


@cache
def _certificates() -> ssl.SSLContext:
    """Whom to trust; read once, for a judge opens a line for every few answers."""
    return httpx2.create_ssl_context()


class Line(httpx2.AsyncClient):
    """Sends one try of a request at a time, each with the plan's timeouts and within its budget."""

    def __init__(self, plan: LanguageJudge, client: Client, purse: Purse) -> None:
        self._connect = min(plan.timeout, 20)
        timeout = httpx2.Timeout(plan.timeout, connect=self._connect, pool=None)
        limits = httpx2.Limits(max_connections=plan.concurrency, max_keepalive_connections=plan.concurrency)
        super().__init__(timeout=timeout, limits=limits, follow_redirects=False, verify=_certificates())
        self._plan, self._server, self._purse = plan, client, purse

    async def send(self, request: httpx2.Request, **how: Any) -> httpx2.Response:
        """Send a request and read the response whole.

        Raises:
            httpx2.TransportError: it did not come, or not to its end; or there is no server.
            OverBudgetError: the budget forbids it.
        """
        if not self._server.key:
            request.headers.pop("Authorization", None)
        request.headers.update(self._plan.headers)
        tally, letters = TALLY.get(), len(request.content)
        estimate = math.ceil(letters * self._purse.rate)
        most = estimate + self._plan.max_new_tokens
        async with self._purse.hold(most) as held:
            held.cost = most  # of what is not answered, nobody knows whether the server worked on it
            try:
                response = await self._whole(request, how)
                held.cost = self._cost(response, letters, estimate) if response.is_success else 0
            except UNREACHABLE:
                held.cost = 0
                raise
            finally:
                tally.tokens += held.cost
        tally.last = response.content if response.is_success else tally.last
        return response

    async def _whole(self, request: httpx2.Request, how: dict[str, Any]) -> httpx2.Response:
        seconds, place = self._plan.timeout, self._server.place
        try:
            async with asyncio.timeout(self._connect + seconds):
                response = await super().send(request, **{**how, "stream": True})
        except (TimeoutError, httpx2.ReadTimeout) as error:
            raise httpx2.ReadTimeout(f"{place} did not answer within {seconds:g} s", request=request) from error
        except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError) as error:
            raise httpx2.RemoteProtocolError(f"{place} closed the connection without an answer", request=request) from error
        try:
            async with asyncio.timeout(seconds):
                await response.aread()
        except (TimeoutError, httpx2.ReadTimeout) as error:
            raise httpx2.ReadTimeout(f"the response was not finished within {seconds:g} s", request=request) from error
        except (httpx2.RemoteProtocolError, httpx2.ReadError) as error:
            words = f"the response broke off after {response.num_bytes_downloaded} bytes"
            raise httpx2.RemoteProtocolError(words, request=request) from error
        finally:
            await response.aclose()
        return response

    def _cost(self, response: httpx2.Response, letters: int, estimate: int) -> int:
        """Tokens that the server counted; those of the texts, where it counts none."""
        try:
            found = json.loads(response.content)
        except (ValueError, RecursionError):
            found = None
        usage = found.get("usage") if isinstance(found, dict) else None
        if isinstance(usage, dict) and isinstance(usage.get("completion_tokens"), int) and isinstance(usage.get("prompt_tokens"), int):
            self._purse.rate = max(self._purse.rate, usage["prompt_tokens"] / max(letters, 1))
            return int(usage["prompt_tokens"] + usage["completion_tokens"])
        return estimate + math.ceil(len(response.content) * TOKENS_PER_CHARACTER)


class Endpoint(AsyncOpenAI):
    """OpenAI's client for one plan. Retries and their waits are its own: doubling from half a second, or what ``Retry-After`` says."""

    def __init__(self, plan: LanguageJudge, client: Client, budget: Budget) -> None:
        super().__init__(
            api_key=client.key or "none",
            base_url=plan.base_url,
            max_retries=plan.retries,
            http_client=Line(plan, client, Purse(budget)),
        )
        self.organization = self.project = None  # of the environment; they are OpenAI's, whatever server this is
        self._body = plan.body

    async def post(self, path: str, *, body: Any = None, **rest: Any) -> Any:
        """Send what the plan's ``body`` makes of a request."""
        changed = {key: value for key, value in {**body, **self._body}.items() if value is not None}
        return await super().post(path, body=changed, **rest)
