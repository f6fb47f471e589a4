"""An event of production as people send it: its model, its schema, and the way to the record and back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator

from ragguard.records.event import Arm, Event, Own, Response, Retrieved

LATEST = 4_102_444_800
"""2100-01-01 in seconds since 1970: later times are milliseconds that somebody took for seconds."""

MOST_DOCUMENTS, MOST_NAMES, MOST_TEXT = 1_000, 64, 32_000

_ARMS: tuple[Arm, Arm] = ("baseline", "candidate")


def _time(value: Any) -> Any:
    """Read RFC 3339; numbers are seconds since 1970 already."""
    if not isinstance(value, str):
        if type(value) in (int, float) and value >= LATEST:
            raise ValueError("is later than the year 2100; write seconds since 1970, not milliseconds")
        return value
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("is no time; write 2026-11-21T09:30:00Z, or seconds since 1970") from None
    if read.tzinfo is None:
        raise ValueError("has no time zone; end it with Z (UTC) or with +01:00")
    return read.timestamp()


def _whole(value: Any) -> Any:
    """A document's id stands for the document."""
    return {"id": value} if isinstance(value, str) else value


def _own(value: Any) -> Any:
    if isinstance(value, list | dict):
        raise ValueError("is a list or an object; write a text, a number, true, false or null")  # noqa: TRY004 - pydantic's way
    if isinstance(value, str) and len(value) > MOST_TEXT:
        raise ValueError(f"is longer than {MOST_TEXT:,} characters; shorten it")
    return value


def _thumb(value: Any) -> Any:
    return {"up": 1.0, "down": 0.0}.get(value, value) if isinstance(value, str) else value


Id = Annotated[str, StringConstraints(min_length=1, max_length=512)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(max_length=MOST_TEXT)]
Duration = Annotated[float, Field(ge=0, le=86_400)]
Tokens = Annotated[int, Field(ge=0, le=10**9)]
Time = Annotated[float, BeforeValidator(_time, json_schema_input_type=float | str), Field(gt=0, lt=LATEST)]
Feedback = Annotated[float, BeforeValidator(_thumb, json_schema_input_type=float | Literal["up", "down"]), Field(ge=0, le=1)]
Extra = Annotated[Any, BeforeValidator(_own, json_schema_input_type=Text | int | float | bool | None)]
Documents = Annotated[list[Id], Field(max_length=MOST_DOCUMENTS)]


class _Wire(BaseModel):
    """Unknown keys are errors, and nothing is guessed: 3 is no text, and "3" no number."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class RetrievedModel(_Wire):
    """A document that was retrieved."""

    id: Id
    score: float | None = None
    version: Annotated[str, StringConstraints(max_length=200)] = Field("", description="Which version of it the server has, where it knows")


OneRetrieved = Annotated[RetrievedModel, BeforeValidator(_whole, json_schema_input_type=Id | RetrievedModel)]


class ResponseModel(_Wire):
    """What one arm did on a request; what is not told is left out."""

    retrieved: list[OneRetrieved] = Field(default_factory=list, max_length=MOST_DOCUMENTS, description="Best first")
    contexts: Documents = Field(default_factory=list, description="What the generator was given, in order; default: as retrieved")
    answer: Text | None = Field(None, description="What it said; null: nothing is generated")
    citations: Documents = Field(default_factory=list, description="Ids that the answer cites; default: read from [1] and [id] in it")
    abstained: bool | None = Field(None, description="Whether it says that the documents do not tell; default: read from the answer")
    latency: Duration | None = Field(None, description="Seconds that the request took in all")
    seconds: dict[Name, Duration] = Field(
        default_factory=dict, max_length=MOST_NAMES, description="Seconds by stage: retrieve, rerank, generate, first_token, remote, total"
    )
    tokens: Tokens | None = Field(None, description="Of the answer")
    prompt_tokens: Tokens | None = None
    error: Text | None = Field(None, description="Why the request failed, timeouts too; null: it did not")
    unsafe: bool = Field(False, description="A filter found the answer unsafe")
    feedback: Feedback | None = Field(None, description="The user's: up, down, or from 0 (bad) to 1 (good); null: none was given")
    scores: dict[Name, float] = Field(
        default_factory=dict, max_length=MOST_NAMES, description="Metrics that production computed, by name: ragas:Faithfulness"
    )
    served: dict[Name, Text] = Field(
        default_factory=dict, max_length=MOST_NAMES, description="What the server says it runs: model, adapter, index, ..."
    )

    @model_validator(mode="after")
    def _one_total(self) -> "ResponseModel":
        if self.latency is not None and "total" in self.seconds:
            raise ValueError("says the time in all twice: latency, and total in seconds; leave one out")
        return self


class _Asked(_Wire):
    id: Id = Field(description="Of the request; an event that comes twice counts once")
    at: Time = Field(description="When it was asked: RFC 3339 with a time zone, or seconds since 1970")
    query: Text = ""
    user: Annotated[str, StringConstraints(max_length=512)] | None = Field(None, description="Stored as a hash only")
    session: Annotated[str, StringConstraints(max_length=512)] | None = Field(None, description="Stored as a hash only")
    case: Id | None = Field(None, description="Id of the golden query that this is")
    extra: dict[Name, Extra] = Field(
        default_factory=dict, max_length=MOST_NAMES, description="Own fields; their texts are redacted and kept"
    )


class OneArmModel(_Asked, ResponseModel):
    """A request that one arm answered."""

    arm: Literal["baseline", "candidate"]


class ShadowModel(_Asked):
    """A request that both arms answered; the user saw the baseline's."""

    arm: Literal["both"]
    baseline: ResponseModel
    candidate: ResponseModel


EventModel = OneArmModel | ShadowModel

EVENT: TypeAdapter[EventModel] = TypeAdapter(Annotated[EventModel, Field(discriminator="arm", title="Event of production")])


def schema() -> dict[str, Any]:
    """Return the JSON schema of an event."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **EVENT.json_schema()}


def record(model: EventModel) -> Event:
    """Return an event that was sent as the record that the house works with."""
    responses: dict[Arm, Response]
    if isinstance(model, ShadowModel):
        responses = {"baseline": _response(model.baseline), "candidate": _response(model.candidate)}
    else:
        responses = {model.arm: _response(model)}
    return Event(model.id, model.at, model.query, responses, model.user or "", model.session or "", model.case or "", model.extra)


def _response(model: ResponseModel) -> Response:
    return Response(
        ranking=tuple(Retrieved(one.id, one.score, one.version) for one in model.retrieved),
        contexts=tuple(model.contexts),
        answer=model.answer,
        citations=tuple(model.citations),
        abstained=model.abstained,
        seconds=model.seconds if model.latency is None else {**model.seconds, "total": model.latency},
        tokens=model.tokens,
        prompt_tokens=model.prompt_tokens,
        error=model.error or "",
        unsafe=model.unsafe,
        feedback=model.feedback,
        scores=model.scores,
        served=model.served,
    )


def written(event: Event) -> dict[str, Any]:
    """Return an event as it would be sent; ``read.parse`` makes the same record of its JSON."""
    asked: dict[str, Any] = {"id": event.id, "arm": event.side, "at": event.at, "query": event.query, "user": event.user}
    asked |= {"session": event.session, "case": event.case, "extra": dict[str, Own](event.extra)}
    if event.side == "both":
        own: dict[str, Any] = {arm: _told(event.responses[arm]) for arm in _ARMS}
        return {**_without_blanks(asked), **own}
    return _without_blanks(asked) | _told(event.responses[event.side])


def _told(response: Response) -> dict[str, Any]:
    told: dict[str, Any] = {name: getattr(response, name) for name in ("answer", "abstained", "tokens", "prompt_tokens", "feedback")}
    told |= {name: dict[str, Any](getattr(response, name)) or None for name in ("seconds", "scores", "served")}
    told |= {"contexts": list(response.contexts) or None, "citations": list(response.citations) or None}
    told |= {"retrieved": [_document(one) for one in response.ranking] or None, "error": response.error or None}
    return {name: value for name, value in told.items() if value is not None} | ({"unsafe": True} if response.unsafe else {})


def _document(one: Retrieved) -> str | dict[str, Any]:
    if one.score is None and not one.version:
        return one.id
    return {"id": one.id, **({} if one.score is None else {"score": one.score}), **({"version": one.version} if one.version else {})}


def _without_blanks(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", {})}
