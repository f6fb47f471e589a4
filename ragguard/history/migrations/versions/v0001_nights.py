"""The nights of plans: systems, suites, judges, means, checks, decisions, costs.

What stands here is what the first version made, and never changes: later versions have migrations of their own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "ragguard_nights",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("plan", sa.String(200), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("started", sa.String(40), nullable=False),
        sa.Column("answer", sa.String(10), nullable=False),
        *_counts("exit_code"),
        *_texts("question", "ragguard"),
        *_counts("definitions"),
        *_texts("message", "note"),
        *_counts("attempts"),
        sa.Column("accepted", sa.Text, nullable=True),
        sa.UniqueConstraint("plan", "day", "run", name="uq_ragguard_nights"),
    )
    op.create_index("ix_ragguard_nights_plan", "ragguard_nights", ["plan", "day"])
    _of_night("arms", *_texts("name", "role", "fingerprint"))
    _of_night("suites", *_texts("name", "fingerprint", "collection", "collection_fingerprint"), *_counts("cases", "intents"))
    _of_night("judges", *_texts("name", "model", "fingerprint", "metrics"))
    _of_night(
        "measures",
        *_texts("suite", "metric", "slice", "arm"),
        *_numbers("mean", "lower", "upper"),
        *_counts("scored", "unscored", "not_applicable"),
        *_texts("unit"),
        *_flags("main"),
    )
    _of_night(
        "checks",
        *_texts("candidate", "against", "suite", "metric", "slice", "tier"),
        *_numbers("margin"),
        *_texts("outcome"),
        *_flags("degraded", "higher_is_better"),
        *_numbers("width", "baseline_mean", "candidate_mean", "difference", "lower", "upper", "alpha"),
        *_counts("cases", "intents", "unscored"),
    )
    _of_night("decisions", *_texts("candidate", "answer", "reasons"))
    _of_night("costs", *_texts("arm", "stage", "figure"), *_numbers("value"))


def _of_night(name: str, *columns: sa.Column) -> None:  # type: ignore[type-arg]
    night = sa.Column("night_id", sa.Integer, sa.ForeignKey("ragguard_nights.id", ondelete="CASCADE"), primary_key=True)
    op.create_table(f"ragguard_{name}", night, sa.Column("place", sa.Integer, primary_key=True), *columns)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Float(53), nullable=True) for name in names]


def _counts(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def _flags(*names: str) -> list[sa.Column[bool]]:
    return [sa.Column(name, sa.Boolean, nullable=False) for name in names]
