"""What readers ask: one job, or a page of a tenant's jobs, newest first."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import ColumnElement, and_, bindparam, literal_column, not_, select, tuple_

from reference_tracker.schema import JOB_STATUS, OTHER_COLLATION
from reference_tracker.statement import COLUMNS, driver_of

SHOWN = ("pending", "active", "delayed", "completed", "failed", "cancelled")
"""What a reader can ask for; a cancelled job is none of the failed ones."""


@lru_cache
def one_job(dialect: str) -> str:
    """The statement that reads one row; its parameters are tenant and job id."""
    row = JOB_STATUS.c
    chosen = select(*(row[name] for name in COLUMNS)).where(
        row.tenant == bindparam("tenant"), row.job_id == bindparam("job_id")
    )
    return str(chosen.compile(dialect=driver_of(dialect)))


@lru_cache
def page(dialect: str, *, status: str | None, after: bool) -> str:
    """The statement that reads a page; its parameters are the tenant, then the `first_seen_at` and job id of the row
    after which it begins, where it begins after one, and how many rows.

    Args:
        dialect: "postgresql" or "sqlite".
        status: of `SHOWN`; None for all.
        after: whether the page begins after a row.
    """
    row = JOB_STATUS.c
    tenant = row.tenant.collate(OTHER_COLLATION) if dialect == "postgresql" else row.tenant
    wanted: list[ColumnElement[bool]] = [tenant == bindparam("tenant")]
    if status is not None:
        stored = "failed" if status == "cancelled" else status
        wanted.append(row.status == literal_column(f"'{stored}'"))
        wanted.append(row.cancelled if status == "cancelled" else not_(row.cancelled))
    if after:
        before = tuple_(bindparam("at", type_=row.first_seen_at.type), bindparam("job_id"))
        wanted.append(tuple_(row.first_seen_at, row.job_id) < before)
    newest = (
        select(*(row[name] for name in COLUMNS))
        .where(and_(*wanted))
        .order_by(row.first_seen_at.desc(), row.job_id.desc())
    )
    compiled = newest.compile(dialect=driver_of(dialect))
    # By hand: for SQLite the library would add an OFFSET, and its parameter.
    return f"{compiled} LIMIT {f'${len(compiled.params) + 1}' if dialect == 'postgresql' else '?'}"
