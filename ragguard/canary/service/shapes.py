"""What is answered, and what Flagger sends. OpenAPI is made of these."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ragguard.canary.service.verdict import Result
from ragguard.records.canary import State


class RefusedEvent(BaseModel):
    """An event that was refused."""

    index: int = Field(ge=0, description="Which of the request's, from 0 (of lines: without the empty ones)")
    reason: str


class Accepted(BaseModel):
    """Events that are committed. One that was there already counts as accepted, and is counted once."""

    accepted: int = Field(ge=0)


class Verdict(BaseModel):
    """A roll-out's verdict, for those who route traffic."""

    result: Result
    state: State
    action: str = Field(description="The last decision: rollback, hold, advance, done; empty before the first")
    canary: int = Field(description="Number of the roll-out")
    candidate: str
    stage: int = Field(ge=0)
    percent: float = Field(ge=0, le=100, description="Share of the traffic that the candidate may get now")
    reasons: list[str]
    hints: list[str]
    person: bool = Field(description="A person must look")
    at: float | None = Field(description="When it was last decided (seconds since 1970)")


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str


class Refusal(Problem):
    """Some events of a request were refused; the others are committed."""

    accepted: int = Field(ge=0)
    refused: list[RefusedEvent] = Field(description="The first hundred")
    refused_count: int = Field(ge=0)


class Health(BaseModel):
    """The history can be written."""

    status: str = "ok"


Weight = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]


class Which(BaseModel):
    """Which roll-out is asked about; a parameter with another name is refused, for a slip must not open the way for another roll-out."""

    model_config = ConfigDict(extra="forbid")

    canary: int | None = Field(None, ge=0, description="Only of this roll-out (ragguard canary start says its number)")
    candidate: str | None = Field(None, max_length=1_000, description="Only of this candidate's roll-out")


class Share(Which):
    """Which roll-out, and at which share of the traffic its candidate is."""

    stage: int | None = Field(None, ge=0, description="Successful as soon as this stage of the plan (from 0) has been left")
    percent: float | None = Field(
        None, ge=0, le=100, allow_inf_nan=False, description="Successful as soon as the candidate may get more than this share, in percent"
    )


class Hooked(BaseModel):
    """What Flagger posts to a webhook; what else it sends is not looked at."""

    model_config = ConfigDict(populate_by_name=True)

    name: str = Field(default="", max_length=1_000)
    namespace: str = Field(default="", max_length=1_000)
    phase: str = Field(default="", max_length=100)
    weight: Weight | None = Field(default=None, alias="canaryWeight", description="The candidate's share now, in percent")
    type: str = Field(default="", max_length=100, description="The hook's, where the URL does not end with it")
    metadata: dict[str, Any] | None = Field(
        default=None, description="token: where the URL has none. hook: the hook's type, where neither the URL nor the body says it"
    )

    def said(self, name: str) -> str:
        """A text of the metadata; empty where there is none."""
        found = (self.metadata or {}).get(name)
        return found if isinstance(found, str) else ""

    def share(self) -> Any:
        """The candidate's share, wherever this version of Flagger says it; None where nowhere."""
        return self.weight if self.weight is not None else (self.metadata or {}).get("canaryWeight")
