"""The table, and what the database itself refuses."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Integer, MetaData, String, Table, Text

METADATA = MetaData()


def _instant(name: str) -> Column[int]:
    """An instant as microseconds since 1970 in UTC: exact, ordered, and one more is one tick later."""
    return Column(name, BigInteger)


JOB_STATUS = Table(
    "job_status",
    METADATA,
    Column("job_id", String(255), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    _instant("created_at"),
    _instant("started_at"),
    _instant("completed_at"),
    _instant("failed_at"),
    Column("updated_at", BigInteger, nullable=False),
    Column("progress", Text),
    Column("progress_attempt", Integer),
    _instant("progress_at"),
    Column("error_type", Text),
    Column("error_message", Text),
    Column("error_traceback", Text),
    Column("cancelled", Boolean, nullable=False),
    _instant("cancelled_at"),
    Column("cancelled_by", Text),
    Column("queue", Text),
    Column("job_type", Text),
    CheckConstraint("status IN ('pending', 'active', 'delayed', 'completed', 'failed')", name="status_known"),
    CheckConstraint("attempt >= 0", name="attempt_counts"),
    CheckConstraint("created_at < started_at", name="created_before_started"),
    CheckConstraint("created_at < completed_at", name="created_before_completed"),
    CheckConstraint("created_at < failed_at", name="created_before_failed"),
    CheckConstraint("started_at < completed_at", name="started_before_completed"),
    CheckConstraint("started_at < failed_at", name="started_before_failed"),
    CheckConstraint("(completed_at IS NOT NULL) = (status = 'completed')", name="completed_at_if_completed"),
    CheckConstraint("(failed_at IS NOT NULL) = (status = 'failed')", name="failed_at_if_failed"),
    CheckConstraint("(cancelled_at IS NOT NULL) = cancelled", name="cancelled_at_if_cancelled"),
    sqlite_with_rowid=False,
)
"""One row per job. A cancelled job is failed with `cancelled` set."""
