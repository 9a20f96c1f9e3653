"""The table: one row per tenant and job, and the indexes for lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON, TIMESTAMP

revision = "0001"
down_revision = None

TEXT = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "job_status",
        sa.Column("tenant", TEXT, primary_key=True),
        sa.Column("job_id", TEXT, primary_key=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        *(sa.Column(name, INSTANT) for name in ("created_at", "started_at", "completed_at", "failed_at")),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("progress", sa.Text().with_variant(JSON, "postgresql")),
        sa.Column("progress_attempt", sa.Integer),
        sa.Column("progress_at", INSTANT),
        *(sa.Column(name, sa.Text) for name in ("error_type", "error_message", "error_traceback")),
        sa.Column("cancelled", sa.Boolean, nullable=False),
        sa.Column("cancelled_at", INSTANT),
        *(sa.Column(name, sa.Text) for name in ("cancelled_by", "queue", "job_type")),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.CheckConstraint("status IN ('pending', 'active', 'delayed', 'completed', 'failed')", name="status_known"),
        sa.CheckConstraint("attempt >= 0", name="attempt_counts"),
        sa.CheckConstraint("created_at < started_at", name="created_before_started"),
        sa.CheckConstraint("created_at < completed_at", name="created_before_completed"),
        sa.CheckConstraint("created_at < failed_at", name="created_before_failed"),
        sa.CheckConstraint("started_at < completed_at", name="started_before_completed"),
        sa.CheckConstraint("started_at < failed_at", name="started_before_failed"),
        sa.CheckConstraint("(completed_at IS NOT NULL) = (status = 'completed')", name="completed_at_if_completed"),
        sa.CheckConstraint("(failed_at IS NOT NULL) = (status = 'failed')", name="failed_at_if_failed"),
        sa.CheckConstraint("(cancelled_at IS NOT NULL) = cancelled", name="cancelled_at_if_cancelled"),
        sa.CheckConstraint("status = 'failed' OR NOT cancelled", name="cancelled_is_failed"),
        sqlite_with_rowid=False,
    )
    op.create_index("job_status_newest", "job_status", ["tenant", "first_seen_at", "job_id"])
    op.create_index(
        "job_status_newest_by_status", "job_status", ["tenant", "status", "cancelled", "first_seen_at", "job_id"]
    )
