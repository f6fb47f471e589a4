"""What may be asked of a service."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from ragguard.canary.service import bodies, hooks, intake, metrics, shapes
from ragguard.canary.service.answers import ALWAYS, of, problems, verdict_of
from ragguard.canary.service.auth import Guard
from ragguard.canary.service.problems import Refused, later
from ragguard.canary.service.service import Service
from ragguard.records.canary import Standing


def make(service: Service) -> APIRouter:
    """The routes of a service."""
    router = APIRouter()
    guard = Guard(service.settings.tokens)
    guarded = [Depends(guard)]
    _events(router, service, guarded)
    _verdicts(router, service, guarded)
    hooks.add(router, service, guard)
    _observed(router, service, guarded)
    return router


def _events(router: APIRouter, service: Service, guarded: list[Any]) -> None:
    refusal = {422: {"description": "Some are refused, the others committed", "content": {"application/problem+json": REFUSAL}}}
    responses = refusal | problems(*ALWAYS, 400, 408, 409, 413, 415, 429, 503)

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
    responses = problems(*ALWAYS, 404, 422, 503)

    @router.get("/v1/verdict", dependencies=guarded, responses=responses, summary="Verdict, for Argo Rollouts", operation_id="verdict")
    async def verdict(asked: Annotated[shapes.Share, Query()]) -> shapes.Verdict:
        """Successful, Failed or Inconclusive, as it was last decided."""
        return verdict_of(of(await service.standing(), asked), asked)

    @router.post("/v1/decide", dependencies=guarded, responses=responses, summary="Decide now", operation_id="decide")
    async def decide(asked: Annotated[shapes.Share, Query()]) -> shapes.Verdict:
        """Decide on what is there now, and say the verdict."""
        if asked.canary is not None or asked.candidate is not None:
            of(await service.standing(), asked)
        decided = await service.decide()
        return verdict_of(of(decided, asked), asked)


def _observed(router: APIRouter, service: Service, guarded: list[Any]) -> None:
    @router.get("/v1/status", dependencies=guarded, responses=problems(*ALWAYS, 404, 503), summary="All of it", operation_id="status")
    async def status() -> Standing:
        """The roll-out that runs, or the last one, with its last decision."""
        return of(await service.standing())

    @router.get(
        "/metrics", dependencies=guarded, response_class=Response, summary="For Prometheus", operation_id="metrics",
        responses=TEXT | problems(*ALWAYS),
    )  # fmt: skip
    async def exposed() -> Response:
        """What this process saw."""
        return Response(service.metrics.exposed(), headers={"Content-Type": metrics.MEDIA})

    @router.get("/healthz", responses=problems(503), summary="Can the history be written?", operation_id="health")
    async def health() -> shapes.Health:
        """200 where events can be committed; asks for no token."""
        if wrong := await service.health():
            raise later(503, wrong)
        return shapes.Health()


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
TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
REFUSAL = {"schema": {"$ref": "#/components/schemas/Refusal"}}
