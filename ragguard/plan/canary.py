"""What a plan may say of a roll-out in production."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from ragguard.plan.base import Model
from ragguard.records.metric import Metric

Tier = Literal["blocking", "veto", "advisory"]


class StagePlan(Model):
    """A stage: its share of the traffic, and what it takes to leave it."""

    percent: float = Field(gt=0, lt=100, description="Share of the traffic that the candidate gets, in percent")
    margin: float = Field(
        gt=0, lt=1, description="A drop that is to be excluded, where a guardrail's own margin is 0.05; it scales with that"
    )
    pairs: int = Field(ge=1, description="Pairs that every blocking guardrail needs")


class GuardrailPlan(Model):
    """A signal that production must not lose."""

    signal: str = Field(description="UnsupportedValue, ragas:Faithfulness, Exceeds(of=Latency, over=2000), Feedback, ...")
    margin: float = Field(default=0.05, gt=0, lt=1, description="The drop that must not pass, as a share of the signal's range")
    tier: Tier = Field(
        default="blocking",
        description="blocking: rolls back, and must be sure before a stage is left; veto: may only roll back; advisory: shown",
    )
    minimum: int = Field(default=0, ge=0, description="Pairs from which on it may roll back")

    @field_validator("signal")
    @classmethod
    def _is_name(cls, value: str) -> str:
        return str(Metric.parse(value))


STAGES = [
    StagePlan(percent=1, margin=0.20, pairs=50),
    StagePlan(percent=10, margin=0.10, pairs=100),
    StagePlan(percent=50, margin=0.05, pairs=200),
]
GUARDRAILS = [
    GuardrailPlan(signal="VersionMismatch"),
    GuardrailPlan(signal="Refused"),
    GuardrailPlan(signal="UnsupportedValue"),
    GuardrailPlan(signal="Feedback", tier="veto"),
]
REGIONS = ["US", "GB", "DE", "FR", "IL", "IN", "CA", "BR"]
ENTITIES = ["EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "IP_ADDRESS", "US_SSN", "CRYPTO"]


class RedactPlan(Model):
    """What is taken out of queries, answers and error messages before anything is stored."""

    entities: list[str] = Field(default=ENTITIES, description="Names of Presidio's entities that are found by patterns and checksums")
    regions: list[str] = Field(default=REGIONS, description="Whose telephone numbers are found without their country's code")
    patterns: dict[str, str] = Field(default_factory=dict, description="Own ones: a name, and a regular expression (re)")
    texts: bool = Field(default=True, description="false: no query and no answer is stored at all")


class CanaryPlan(Model):
    """Of ``ragguard canary``. Its numbers are kept at the start of a roll-out, and count until its end."""

    unit: Literal["request", "session", "user"] = Field(
        default="session", description="What enters once: by what traffic is split, where given"
    )
    window: float = Field(default=30, gt=0, description="Minutes from a unit's first event until it enters")
    lateness: float = Field(default=5, ge=0, description="Minutes that events may be late")
    settle: float = Field(default=5, ge=0, description="Minutes that traffic takes to follow a stage, in which its ratio is not counted")
    stages: list[StagePlan] = Field(default=STAGES, min_length=1)
    guardrails: list[GuardrailPlan] = Field(default=GUARDRAILS, min_length=1)
    alpha: float = Field(default=0.05, gt=0, lt=0.5, description="False rollbacks; and, apart, promotions of what lost the margin")
    emergency: float = Field(default=0.30, gt=0, le=1, description="A mean drop that acts at once")
    emergency_pairs: int = Field(default=30, ge=10)
    errors: float = Field(default=0.05, gt=0, lt=1, description="Share of failed requests of the candidate that acts at once")
    unsafe: int = Field(default=0, ge=0, description="Unsafe answers of the candidate that are let pass")
    labels: int = Field(default=6_400, ge=100, description="Pairs until a person must look")
    grace: float = Field(default=24, ge=0, description="Hours that the person has")
    silence: float = Field(default=30, gt=0, description="Minutes without an event of the candidate after which traffic counts as vanished")
    redact: RedactPlan = RedactPlan()

    @model_validator(mode="after")
    def _grows(self) -> "CanaryPlan":
        percents = [stage.percent for stage in self.stages]
        if percents != sorted(set(percents)):
            raise ValueError(f"stages grow: {percents} do not")
        margins = [stage.margin for stage in self.stages]
        if margins != sorted(margins, reverse=True) or len(set(margins)) < len(margins):
            raise ValueError(f"stages exclude smaller and smaller drops: {margins} do not")
        names = [each.signal for each in self.guardrails]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"a signal is a guardrail once: {', '.join(twice)}")
        if all(each.tier != "blocking" for each in self.guardrails):
            raise ValueError("no guardrail is blocking, so that nothing says when to go on")
        return self
