"""Flagger's webhooks: which hook it is, who asks, and whether it passes."""

from typing import Annotated, Any, get_args

from fastapi import APIRouter, Query, Request
from pydantic import TypeAdapter, ValidationError

from ragguard.canary.service import bodies, intake, shapes
from ragguard.canary.service.answers import ALWAYS, of, problems, verdict_of
from ragguard.canary.service.auth import Guard
from ragguard.canary.service.problems import Refused
from ragguard.canary.service.service import Service
from ragguard.canary.service.verdict import Hook, passes, why

WEBHOOK = 64 * 2**10
"""Bytes that a webhook's body has at most."""
HOOKED = {"requestBody": {"required": True, "content": {intake.JSON: {"schema": {"$ref": "#/components/schemas/Hooked"}}}}}
SHORT: dict[str, Hook] = {"increase": "confirm-traffic-increase", "promotion": "confirm-promotion"}
"""Short names of hooks."""


def add(router: APIRouter, service: Service, guard: Guard) -> None:
    """Flagger can set no header, so that the token may stand in the body, of which but a little is read before."""
    responses = problems(*ALWAYS, 400, 404, 408, 409, 413, 415, 422, 503)
    shown: dict[str, Any] = {"openapi_extra": HOOKED, "responses": responses, "summary": "Webhooks of Flagger"}

    async def hooked(request: Request, asked: shapes.Which, named: Hook | None) -> shapes.Verdict:
        said = _hooked(await bodies.read(request, WEBHOOK))
        guard.admit(request, said.said("token"))
        hook = named or _named(said)
        standing = of(await service.standing(), asked)
        if not passes(hook, standing, _weight(hook, said)):
            raise Refused(409, f"{hook}: not now: {standing.canary.state}, {'; '.join(why(standing))}"[:1_000])
        return verdict_of(standing)

    @router.post("/v1/flagger", operation_id="flagger", **shown)
    async def told(request: Request, asked: Annotated[shapes.Which, Query()]) -> shapes.Verdict:
        """As with the hook in the URL, which here stands in the metadata, or is the type that the body says."""
        return await hooked(request, asked, None)

    @router.post("/v1/flagger/{hook}", operation_id="flagger_hook", **shown)
    async def named(hook: Hook, request: Request, asked: Annotated[shapes.Which, Query()]) -> shapes.Verdict:
        """200 where the hook passes; of `rollback`: where traffic is to go back. `confirm-traffic-increase` looks at canaryWeight."""
        return await hooked(request, asked, hook)


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
