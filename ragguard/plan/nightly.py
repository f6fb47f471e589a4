"""What a plan may say of its nights."""

from pydantic import Field, field_validator

from ragguard.plan.base import Model
from ragguard.plan.services import address
from ragguard.records.history import When


class Webhook(Model):
    """Where an alert is sent: a POST of JSON, signed as Standard Webhooks says where there is a secret."""

    url: str
    secret_env: str | None = Field(default=None, pattern=r"^[A-Za-z_]\w*$", description="Name of the variable that holds the secret")
    headers: dict[str, str] = Field(default_factory=dict, description="Sent with every alert; take keys from the environment: ${NAME}")
    timeout: float = Field(default=10, gt=0, description="Seconds that the server may take to begin its answer, and again to finish it")
    retries: int = Field(default=4, ge=0, le=20, description="Further tries after 408, 429, 5xx, a timeout, or a connection that failed")

    @field_validator("url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        return address(value)


class Alerts(Model):
    """Who is told, and when."""

    when: list[When] = Field(
        default=["block", "error", "drift", "recovered"],
        description="drift: on the night on which one is first reported; recovered: on the first good night after a bad one",
    )
    markdown: str | None = Field(
        default=None, description="A file that holds the alert of the last night, and is gone where there was none"
    )
    webhook: Webhook | None = None


class NightlyPlan(Model):
    """Of ``ragguard nightly`` and ``ragguard history``. None of it changes a verdict."""

    history: str | None = Field(
        default=None, description="A file, or postgresql://USER:${PASSWORD}@HOST/DATABASE; default: ragguard-history.db beside the plan"
    )
    false_alarms: float = Field(
        default=0.1, gt=0, le=12, description="Drifts reported in a year where nothing changes, all watched series of the plan together"
    )
    fail_on_drift: bool = Field(default=False, description="Exit code 1 on a night with a drift that lasts, where the gate's code is 0")
    alerts: Alerts = Alerts()
