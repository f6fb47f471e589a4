"""What may be asked of a service."""

from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import TypeAdapter, ValidationError

from ragguard.canary.service import bodies, intake, metrics, shapes
from ragguard.canary.service.auth import Guard
from ragguard.canary.service.problems import Refused, later
from ragguard.canary.service.service import Service
from ragguard.canary.service.verdict import Hook, passes, result, why
from ragguard.records.canary import Standing

WEBHOOK = 64 * 2**10
"""Bytes that a webhook's body has at most."""


def _problems(*codes: int) -> dict[int | str, dict[str, Any]]:
    """Problems for OpenAPI."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {code: {"description": DESCRIPTIONS[code], "content": {"application/problem+json": schema}} for code in codes}


DESCRIPTIONS = {
    400: "Not readable",
    401: "No token, or an unknown one",
    403: "Not now",
    404: "There is no such roll-out",
    408: "The body came too slowly",
    409: "No roll-out runs",
    413: "Too long, or too many events",
    415: "Another media type",
    421: "Another name of this machine, without a token",
    422: "Not valid",
    429: "No room: send it again after Retry-After seconds",
    503: "The history cannot be used now: send it again after Retry-After seconds",
}
_ALWAYS = (401, 421)
SHORT: dict[str, Hook] = {"increase": "confirm-traffic-increase", "promotion": "confirm-promotion"}
"""Short names of hooks."""


def make(service: Service) -> APIRouter:
    """The routes of a service."""
    router = APIRouter()
    guard = Guard(service.settings.tokens)
    guarded = [Depends(guard)]
    _events(router, service, guarded)
    _verdicts(router, service, guarded)
    _flagger(router, service, guard)
    _observed(router, service, guarded)
    return router


def _events(router: APIRouter, service: Service, guarded: list[Any]) -> None:
    refusal = {422: {"description": "Some are refused, the others committed", "content": {"application/problem+json": REFUSAL}}}
    responses = refusal | _problems(*_ALWAYS, 400, 408, 409, 413, 415, 429, 503)

    @router.post(
        "/v1/events", dependencies=guarded, responses=responses, openapi_extra=EVENTS, summary="Events of production", operation_id="events"
    )
    async def events(request: Request) -> shapes.Accepted:
        """Commit events: one or a list as JSON, or one a line. Those that are there already count once; send again what is in doubt."""
        with service.room.guest() as guest:
            body = await bodies.read(request, service.settings.body, lambda size: guest.take(size=size))
            sent = intake.split(body, request.headers.get("content-type", ""), service.settings.events)
            if not guest.take(events=len(sent)):
                raise later(429, "too many events wait to be stored: send them again in a moment")
            taken = await service.read(sent)
            await service.store(taken)
        if taken.refused:
            raise _refusal(service, taken)
        return shapes.Accepted(accepted=len(taken.noted))


def _refusal(service: Service, taken: intake.Taken) -> Refused:
    service.metrics.events.labels("refused").inc(len(taken.refused))
    shown = [{"index": index, "reason": reason} for index, reason in taken.refused[: intake.SHOWN]]
    total = len(taken.refused) + len(taken.noted)
    detail = f"{len(taken.refused)} of {total} events are refused, the others are committed"
    return Refused(422, detail, accepted=len(taken.noted), refused=shown, refused_count=len(taken.refused))


def _verdicts(router: APIRouter, service: Service, guarded: list[Any]) -> None:
    responses = _problems(*_ALWAYS, 404, 422, 503)

    @router.get("/v1/verdict", dependencies=guarded, responses=responses, summary="Verdict, for Argo Rollouts", operation_id="verdict")
    async def verdict(asked: Annotated[shapes.Share, Query()]) -> shapes.Verdict:
        """Successful, Failed or Inconclusive, as it was last decided."""
        return _verdict(_of(await service.standing(), asked), asked)

    @router.post("/v1/decide", dependencies=guarded, responses=responses, summary="Decide now", operation_id="decide")
    async def decide(asked: Annotated[shapes.Share, Query()]) -> shapes.Verdict:
        """Decide on what is there now, and say the verdict."""
        if asked.canary is not None or asked.candidate is not None:
            _of(await service.standing(), asked)
        decided = await service.decide()
        return _verdict(_of(decided, asked), asked)


def _flagger(router: APIRouter, service: Service, guard: Guard) -> None:
    """Flagger can set no header, so that the token may stand in the body, of which but a little is read before."""
    responses = _problems(*_ALWAYS, 400, 403, 404, 408, 413, 415, 422, 503)
    shown: dict[str, Any] = {"openapi_extra": HOOKED, "responses": responses, "summary": "Webhooks of Flagger"}

    async def hooked(request: Request, asked: shapes.Which, named: Hook | None) -> shapes.Verdict:
        said = _hooked(await bodies.read(request, WEBHOOK))
        guard.admit(request, said.said("token"))
        hook = named or _named(said)
        standing = _of(await service.standing(), asked)
        if not passes(hook, standing, _weight(hook, said)):
            raise Refused(403, f"{hook}: not now: {standing.canary.state}, {'; '.join(why(standing))}"[:1_000])
        return _verdict(standing)

    @router.post("/v1/flagger", operation_id="flagger", **shown)
    async def told(request: Request, asked: Annotated[shapes.Which, Query()]) -> shapes.Verdict:
        """As with the hook in the URL, which here stands in the metadata, or is the type that the body says."""
        return await hooked(request, asked, None)

    @router.post("/v1/flagger/{hook}", operation_id="flagger_hook", **shown)
    async def named(hook: Hook, request: Request, asked: Annotated[shapes.Which, Query()]) -> shapes.Verdict:
        """200 where the hook passes; of `rollback`: where traffic is to go back. `confirm-traffic-increase` looks at canaryWeight."""
        return await hooked(request, asked, hook)


def _observed(router: APIRouter, service: Service, guarded: list[Any]) -> None:
    @router.get("/v1/status", dependencies=guarded, responses=_problems(*_ALWAYS, 404, 503), summary="All of it", operation_id="status")
    async def status() -> Standing:
        """The roll-out that runs, or the last one, with its last decision."""
        return _of(await service.standing())

    @router.get(
        "/metrics", dependencies=guarded, response_class=Response, summary="For Prometheus", operation_id="metrics",
        responses=TEXT | _problems(*_ALWAYS),
    )  # fmt: skip
    async def exposed() -> Response:
        """What this process saw."""
        return Response(service.metrics.exposed(), headers={"Content-Type": metrics.MEDIA})

    @router.get("/healthz", responses=_problems(503), summary="Can the history be written?", operation_id="health")
    async def health() -> shapes.Health:
        """200 where events can be committed; asks for no token."""
        if wrong := await service.health():
            raise later(503, wrong)
        return shapes.Health()


def _of(standing: Standing | None, asked: shapes.Which | None = None) -> Standing:
    """The roll-out that was asked about. A former one's verdict must not open the way for another."""
    if standing is None:
        raise Refused(404, "this plan has no roll-out: ragguard canary start CANDIDATE --from REPORT")
    canary = standing.canary
    if asked is not None and not (asked.canary in (None, canary.id) and asked.candidate in (None, canary.candidate)):
        raise Refused(404, f"the last roll-out is number {canary.id}, of {canary.candidate!r}: not the one that is asked about")
    return standing


def _verdict(standing: Standing, asked: shapes.Share | None = None) -> shapes.Verdict:
    canary, look = standing.canary, standing.look
    return shapes.Verdict(
        result=result(standing, asked.percent, asked.stage) if asked else result(standing),
        state=canary.state,
        action=look.action if look else "",
        canary=canary.id,
        candidate=canary.candidate,
        stage=canary.stage,
        percent=standing.percent,
        reasons=list(why(standing)),
        hints=list(look.hints) if look else [],
        person=look.person if look else False,
        at=look.at if look else None,
    )


def _hooked(body: bytes) -> shapes.Hooked:
    try:
        return shapes.Hooked.model_validate_json(body)
    except ValidationError as error:
        raise Refused(422, f"this is no webhook of Flagger: {_said(error)}") from None


def _named(said: shapes.Hooked) -> Hook:
    name = said.said("hook") or said.type
    try:
        return TypeAdapter[Hook](Hook).validate_python(SHORT.get(name, name))
    except ValidationError:
        known = ", ".join(get_args(Hook))
        raise Refused(422, f"which hook is it? End the URL with its type, or say it as metadata: hook: {known}") from None


def _weight(hook: Hook, said: shapes.Hooked) -> float | None:
    if hook != "confirm-traffic-increase":
        return None
    try:
        return TypeAdapter(shapes.Weight).validate_python(said.share())
    except ValidationError:
        raise Refused(422, "confirm-traffic-increase: canaryWeight is neither in the body nor in its metadata: upgrade Flagger") from None


def _said(error: ValidationError) -> str:
    """The first thing that is wrong, without the value."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}"


_EVENT = {"$ref": "#/components/schemas/Event"}
EVENTS = {
    "requestBody": {
        "required": True,
        "content": {
            intake.JSON: {"schema": {"oneOf": [_EVENT, {"type": "array", "items": _EVENT}]}},
            intake.LINES[0]: {"schema": {"type": "string", "description": "One event a line"}},
        },
    }
}
HOOKED = {"requestBody": {"required": True, "content": {intake.JSON: {"schema": {"$ref": "#/components/schemas/Hooked"}}}}}
TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
REFUSAL = {"schema": {"$ref": "#/components/schemas/Refusal"}}
