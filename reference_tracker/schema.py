"""The table, what the database itself refuses, and the indexes for its readers."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSON, TIMESTAMP

from reference_tracker.change import LONGEST_ID

METADATA = MetaData()
VERSION_TABLE = "job_status_version"
"""Where `migrate` keeps how far the table is."""


def _id(name: str) -> Column[str]:
    """Opaque text: compared and ordered by its code points, whatever the database's language."""
    text = String(LONGEST_ID).with_variant(String(LONGEST_ID, collation="C"), "postgresql")
    return Column(name, text, primary_key=True)


def _instant(name: str, *, nullable: bool = True) -> Column[int]:
    """An instant to the microsecond: PostgreSQL has a type for that, SQLite gets microseconds since 1970 in UTC."""
    return Column(name, BigInteger().with_variant(TIMESTAMP(timezone=True), "postgresql"), nullable=nullable)


POSITION = """\
CASE WHEN status IN ('completed', 'failed') THEN 10000000000
WHEN status = 'active' THEN 3 * CAST(attempt AS BIGINT) + 1
WHEN attempt > 0 THEN 3 * CAST(attempt AS BIGINT) + 2 ELSE 0 END"""
"""How far the job is, as one number: attempt, then phase; a job that is over is beyond every attempt."""

JOB_STATUS = Table(
    "job_status",
    METADATA,
    _id("tenant"),
    _id("job_id"),
    Column("status", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    _instant("created_at"),
    _instant("started_at"),
    _instant("completed_at"),
    _instant("failed_at"),
    _instant("updated_at", nullable=False),
    Column("progress", Text().with_variant(JSON, "postgresql")),
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
    _instant("first_seen_at", nullable=False),
    Column("position", BigInteger, Computed(POSITION, persisted=True)),
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
    CheckConstraint("status = 'failed' OR NOT cancelled", name="cancelled_is_failed"),
    sqlite_with_rowid=False,
)
"""One row per tenant and job. A cancelled job is failed with `cancelled` set. Lists are ordered by `first_seen_at`, the
tracker's own time when it first heard of the job: it never changes, so that no page misses a job or shows it twice.
"""

OTHER_COLLATION = "POSIX"
"""On PostgreSQL the indexes for lists have the tenant in another collation than its column, with the same order. No
single row is looked for in them then: in a new table, without statistics, the planner would, through all of the
tenant's, and keep to that plan.
"""

for _dialect, _tenant in (
    ("postgresql", JOB_STATUS.c.tenant.collate(OTHER_COLLATION)),
    ("sqlite", JOB_STATUS.c.tenant),
):
    Index("job_status_newest", _tenant, JOB_STATUS.c.first_seen_at).ddl_if(dialect=_dialect)
    Index(
        "job_status_newest_by_status",
        _tenant,
        *(JOB_STATUS.c[name] for name in ("status", "cancelled", "first_seen_at")),
    ).ddl_if(dialect=_dialect)
