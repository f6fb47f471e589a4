"""Roll-outs: what goes out, the events of production, the units that entered, and what was decided.

What stands here is what this version made, and never changes: later versions have migrations of their own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

RUNNING = sa.text("state = 'running'")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "ragguard_canaries",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("plan", sa.String(200), nullable=False),
        *_texts("candidate", "run", "decision", "fingerprint", "baseline"),
        *_numbers("started", "since"),
        *_counts("stage"),
        sa.Column("state", sa.String(20), nullable=False),
        *_flags("forced"),
        *_texts("reason", "rules", "expected", "evidence"),
    )
    op.create_index(
        "uq_ragguard_canaries_running", "ragguard_canaries", ["plan"], unique=True, sqlite_where=RUNNING, postgresql_where=RUNNING
    )
    op.create_table(
        "ragguard_canary_events",
        _of_canary(),
        sa.Column("side", sa.String(10), primary_key=True),
        sa.Column("id", sa.String(512), primary_key=True),
        *_numbers("at"),
        sa.Column("cluster", sa.String(512), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        *_flags("failed", "unsafe"),
        *_texts("served", "signals", "kept"),
    )
    op.create_index("ix_ragguard_canary_events_status", "ragguard_canary_events", ["canary_id", "status", "at"])
    op.create_index("ix_ragguard_canary_events_at", "ragguard_canary_events", ["canary_id", "at"])
    op.create_table(
        "ragguard_canary_clusters",
        _of_canary(),
        sa.Column("side", sa.String(10), primary_key=True),
        sa.Column("cluster", sa.String(512), primary_key=True),
        *_numbers("at"),
    )
    op.create_table("ragguard_canary_looks", _of_canary(), sa.Column("number", sa.Integer, primary_key=True), *_texts("look"))


def _of_canary() -> "sa.Column[int]":
    return sa.Column("canary_id", sa.Integer, sa.ForeignKey("ragguard_canaries.id", ondelete="CASCADE"), primary_key=True)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Float(53), nullable=False) for name in names]


def _counts(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def _flags(*names: str) -> list[sa.Column[bool]]:
    return [sa.Column(name, sa.Boolean, nullable=False) for name in names]
