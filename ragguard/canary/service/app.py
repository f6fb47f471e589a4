"""The application: routes, errors, and what is noted of each request (its route, its status, its time; nothing that it says)."""

import asyncio
import contextlib
import logging
import time
import traceback
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ragguard.canary.service import routes, shapes
from ragguard.canary.service.problems import Refused, answer, later
from ragguard.canary.service.service import Judge, Service
from ragguard.canary.service.settings import Settings
from ragguard.data.events.wire import EVENT
from ragguard.errors import CannotJudge, InputError

VERSION = "1"
log = logging.getLogger("ragguard.service")


def make(settings: Settings, judge: Judge) -> ASGIApp:
    """The application of a service."""
    service = Service(settings, judge)
    return Watched(api(service), service)


def api(service: Service) -> FastAPI:
    """The application, without what is noted of it."""

    @contextlib.asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        service.writer.start()
        deciding = asyncio.create_task(service.decide_ever())
        try:
            yield
        finally:
            deciding.cancel()
            await asyncio.to_thread(service.close)

    made = FastAPI(title="ragguard canary", version=VERSION, lifespan=living, docs_url=None, redoc_url=None)
    made.include_router(routes.make(service))
    made.add_exception_handler(Refused, _refused)
    made.add_exception_handler(HTTPException, _http)
    made.add_exception_handler(RequestValidationError, _invalid)
    made.add_exception_handler(CannotJudge, _cannot)
    made.add_exception_handler(InputError, _input)
    made.add_exception_handler(Exception, _ours)
    made.openapi = lambda: document(made)  # type: ignore[method-assign]  # as FastAPI's own documentation does
    return made


def document(made: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with what is read and answered by hand."""
    if made.openapi_schema is None:
        found = get_openapi(title=made.title, version=made.version, routes=made.routes, summary="Events in, verdicts out.")
        known = found["components"]["schemas"]
        for shape in (shapes.Problem, shapes.Refusal, shapes.Hooked):
            schema = shape.model_json_schema(ref_template="#/components/schemas/{model}")
            known |= schema.pop("$defs", {}) | {shape.__name__: schema}
        event = EVENT.json_schema(ref_template="#/components/schemas/{model}")
        known |= event.pop("$defs", {}) | {"Event": event}
        for unused in ("HTTPValidationError", "ValidationError"):
            known.pop(unused, None)
        for path in ("/v1/flagger", "/v1/flagger/{hook}"):
            found["paths"][path]["post"]["security"] = [{"token": []}]
        found["components"]["schemas"] = dict(sorted(known.items()))
        made.openapi_schema = found
    return made.openapi_schema


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)
    return answer(error)


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return answer(Refused(error.status_code, str(error.detail), headers=error.headers))


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    said = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    return answer(Refused(422, said))


async def _cannot(_: Request, error: Exception) -> JSONResponse:
    log.warning("%s", error)
    return answer(later(503, "the history cannot be used now: send it again in a moment, an event counts once"))


async def _input(_: Request, error: Exception) -> JSONResponse:
    return answer(Refused(409, str(error)))


async def _ours(_: Request, __: Exception) -> JSONResponse:
    return answer(Refused(500, "an error of the service; its log says where"))


class Watched:
    """Counts requests, and answers for an error of our own without saying more than that."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app, self._metrics = app, service.metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:  # noqa: BLE001 - it is answered (``_ours``), and raised again to be logged: where it was, not what with
            log.error("error of our own: %s", _where(error))  # noqa: TRY400 - a trace would show values
        route = getattr(scope.get("route"), "path", "unknown")
        self._metrics.requests.labels(route, str(status)).inc()
        self._metrics.request_seconds.labels(route).observe(time.perf_counter() - begin)


def _where(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {frame.name} ({frame.filename}:{frame.lineno})"
