"""The merge of one event into one row: pure, the executable meaning of the rules.

An event moves status and attempt only if it is ahead of the row's position and the row is not over; the first terminal
event wins whole. Times are moved the least that keeps them in order, and an end time, once set, never.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from reference_tracker.change import Change, Kind, checked, storable

TICK = timedelta(microseconds=1)
"""The least by which created, started and end time differ."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)

STATUSES: dict[Kind, str] = {
    "created": "pending",
    "active": "active",
    "progress": "active",
    "retrying": "delayed",
    "stalled": "pending",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "failed",
}
OVER = ("completed", "failed")


class Row(NamedTuple):
    """One job's status row, its fields in the order of the table's columns; a cancelled job is failed with `cancelled`
    set.
    """

    tenant: str
    job_id: str
    status: str
    attempt: int = 0
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    failed_at: datetime | None = None
    updated_at: datetime | None = None
    progress: Any = None
    progress_attempt: int | None = None
    progress_at: datetime | None = None
    error_type: str | None = None
    error_message: str | None = None
    error_traceback: str | None = None
    cancelled: bool = False
    cancelled_at: datetime | None = None
    cancelled_by: str | None = None
    queue: str | None = None
    job_type: str | None = None
    first_seen_at: datetime | None = None

    @property
    def ended_at(self) -> datetime | None:
        """When the job was over."""
        return self.completed_at or self.failed_at

    @property
    def position(self) -> tuple[int, int]:
        """How far the job is: attempt and phase; a job that is over is beyond every attempt."""
        if self.status in OVER:
            return (2**31, 3)
        if self.status == "active":
            return (self.attempt, 1)
        return (self.attempt, 0 if self.attempt == 0 else 2)


def first(change: Change, *, now: datetime) -> Row:
    """The row of a job of which nothing was known.

    Args:
        change: the event.
        now: the tracker's own time, for `updated_at` and `first_seen_at`.

    Raises:
        ValueError: for what the table cannot hold (see `checked`).

    >>> from datetime import UTC
    >>> noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    >>> first(Change(job_id="a", kind="active", at=noon, attempt=1), now=noon).status
    'active'
    """
    kind, at = checked(change).kind, change.at
    given = change.error if kind in ("retrying", "failed") else None
    error = [None if text is None else storable(text) for text in given or (None, None, None)]
    told = kind == "progress"
    return Row(
        tenant=change.tenant,
        job_id=change.job_id,
        status=STATUSES[kind],
        attempt=change.attempt,
        created_at=at if kind == "created" else None,
        started_at=at if kind == "active" else None,
        completed_at=at if kind == "completed" else None,
        failed_at=at if kind in ("failed", "cancelled") else None,
        updated_at=now,
        progress=change.progress if told else None,
        progress_attempt=change.attempt if told else None,
        progress_at=at if told else None,
        error_type=error[0],
        error_message=error[1],
        error_traceback=error[2],
        cancelled=kind == "cancelled",
        cancelled_at=at if kind == "cancelled" else None,
        cancelled_by=storable(change.cancelled_by) if kind == "cancelled" and change.cancelled_by else None,
        queue=change.queue and storable(change.queue),
        job_type=change.job_type and storable(change.job_type),
        first_seen_at=now,
    )


def merge(row: Row | None, change: Change, *, now: datetime) -> Row:
    """The row after an event.

    Args:
        row: before it; None where nothing was known.
        change: the event.
        now: the tracker's own time, for `updated_at` and `first_seen_at`.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    >>> over = merge(None, Change(job_id="a", kind="completed", at=noon, attempt=1), now=noon)
    >>> late = merge(over, Change(job_id="a", kind="active", at=noon, attempt=1), now=noon)
    >>> late.status, late.started_at < late.completed_at
    ('completed', True)
    """
    new = first(change, now=now)
    return new if row is None else merged_with(row, new)


def merged_with(row: Row, new: Row) -> Row:
    """The row after what another row tells: an event alone, or several that are told as one (see `joined`)."""
    ahead = new.position > row.position
    merged = row._replace(
        created_at=_created(row, new),
        started_at=_started(row, new),
        updated_at=max(at for at in (row.updated_at, new.updated_at) if at is not None),
        queue=new.queue if row.queue is None else row.queue,
        job_type=new.job_type if row.job_type is None else row.job_type,
    )
    if new.progress_at is not None and _progress_key(new) >= _progress_key(row):
        merged = merged._replace(
            progress=new.progress, progress_attempt=new.progress_attempt, progress_at=new.progress_at
        )
    return _moved(merged, new) if ahead else merged


REOPENED: dict[str, Any] = {
    "status": "pending",
    "attempt": 0,
    "completed_at": None,
    "failed_at": None,
    "error_type": None,
    "error_message": None,
    "error_traceback": None,
    "cancelled": False,
    "cancelled_at": None,
    "cancelled_by": None,
}
"""What becomes of a row whose job counts as not ended, nor begun: where an operator sets its status by hand."""


def reopened(row: Row) -> Row:
    """The row as if the job had got nowhere."""
    return row._replace(**REOPENED)


def _moved(row: Row, new: Row) -> Row:
    """The row at the position of an event that is ahead."""
    row = row._replace(status=new.status, attempt=max(row.attempt, new.attempt))
    if new.status in ("delayed", "failed") and not new.cancelled:
        row = row._replace(
            error_type=new.error_type, error_message=new.error_message, error_traceback=new.error_traceback
        )
    if new.ended_at is None:
        return row
    end = max(at for at in (new.ended_at, _next(row.created_at), _next(row.started_at)) if at is not None)
    return row._replace(
        completed_at=end if new.completed_at else None,
        failed_at=end if new.failed_at else None,
        cancelled=new.cancelled,
        cancelled_at=end if new.cancelled else None,
        cancelled_by=new.cancelled_by,
    )


def _created(row: Row, new: Row) -> datetime | None:
    """Set once; a late one goes before what is already there and can no longer move."""
    if row.created_at is not None or new.created_at is None or row.ended_at is None:
        return row.created_at or new.created_at
    return min(new.created_at, (row.started_at or row.ended_at) - TICK)


def _started(row: Row, new: Row) -> datetime | None:
    """The earliest start seen, behind creation and before the end; what it was where no tick is left between them."""
    created, ended, kept = _created(row, new), row.ended_at, row.started_at
    if new.created_at is not None and row.created_at is None and ended is None and kept is not None:
        kept = max(kept, new.created_at + TICK)
    if new.started_at is None:
        return kept
    start = new.started_at
    if created is not None:
        start = max(start, created + TICK)
    if ended is not None:
        start = min(start, ended - TICK)
        if created is not None and start <= created:
            return kept
    return start if kept is None else min(kept, start)


def _next(at: datetime | None) -> datetime | None:
    return None if at is None else at + TICK


def joined(told: Row, new: Row) -> Row | None:
    """Two rows that events would make alone as one that does to every row what they do one after the other.

    None where there is no such row: after an end or a retry, whose time and error are the row's only if it was ahead;
    before an end; and where a start comes before its creation, which is told or happened later.

    Args:
        told: of the events before.
        new: of the event after them.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    >>> created, active, over = (
    ...     first(Change("a", kind, noon + place * TICK, attempt=place), now=noon)
    ...     for place, kind in enumerate(("created", "active", "completed"))
    ... )
    >>> both = joined(created, active)
    >>> (both.status, both.created_at < both.started_at), joined(both, over), joined(active, created)
    (('active', True), None, None)
    """
    if told.status == "delayed" or new.ended_at is not None or told.ended_at is not None:
        return None
    if new.created_at is not None and told.started_at is not None:
        return None
    created = told.created_at or new.created_at
    if created is not None and new.started_at is not None and new.started_at <= created:
        return None
    return merged_with(told, new)


def _progress_key(row: Row) -> tuple[int, datetime]:
    if row.progress_at is None or row.progress_attempt is None:
        return (-1, LONG_AGO)
    return (row.progress_attempt, row.progress_at)
