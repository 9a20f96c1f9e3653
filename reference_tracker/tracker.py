"""JobStatusTracker: one verb per event, and the reader's side."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from traceback import format_exception
from typing import Any

from sqlalchemy import Engine

from reference_tracker.change import Change, Kind
from reference_tracker.engine import refuse_other_databases
from reference_tracker.lifecycle import Row
from reference_tracker.query import SHOWN
from reference_tracker.store import Store, prepare_sqlite

LOG = logging.getLogger("reference_tracker")
KIND_OF: dict[str, Kind] = {
    "pending": "created",
    "active": "active",
    "delayed": "retrying",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
}
"""The event that leads to each status; to pending with an attempt it is `stalled`."""
MOST_LISTED = 1000


def _utc_now() -> datetime:
    return datetime.now(UTC)


class JobStatusTracker:
    """Keeps one status row per job, whatever the order in which it is told.

    Args:
        engine: of a database with the tracker's table; see `create_table`.
        tenant: whose jobs; "" where there is one only.
        now: the tracker's own clock, for `updated_at` and for verbs that are given no time.
        row_security: whether each read tells PostgreSQL the tenant, for an engine that connects as a member of the role
            job_status_reader: the database itself then shows no other tenant's row. Such an engine cannot write.

    Raises:
        ValueError: for an engine of a database or a driver that it does not run on, or that has no row security;
            and for row security without a tenant.

    >>> from sqlalchemy import create_engine
    >>> tracker = JobStatusTracker(create_engine("sqlite://"))
    >>> tracker.create_table()
    >>> tracker.mark_job_completed("job-1", attempt=1)
    >>> tracker.mark_job_active("job-1", attempt=1)  # late
    >>> tracker.get_job_status("job-1").status
    'completed'
    """

    def __init__(
        self,
        engine: Engine,
        *,
        tenant: str = "",
        now: Callable[[], datetime] = _utc_now,
        row_security: bool = False,
    ) -> None:
        """Take the engine as it is; for SQLite set what lets readers and writers work side by side."""
        refuse_other_databases(engine.dialect.name, engine.dialect.driver, source="JobStatusTracker")
        if row_security and not tenant:
            raise ValueError("row_security=True: allowed with a tenant; to the database's policy '' is none")
        if engine.dialect.name == "sqlite":
            prepare_sqlite(engine)
        self._engine = engine
        self._store = Store(engine, row_security=row_security)
        self._row_security = row_security
        self._tenant = tenant
        self._now = now

    def for_tenant(self, name: str) -> JobStatusTracker:
        """The same for another tenant's jobs, on the same storage."""
        return JobStatusTracker(self._engine, tenant=name, now=self._now, row_security=self._row_security)

    def create_table(self) -> None:
        """Create the table where it does not exist. `jobstatus migrate URL` does that too, makes the roles and policies
        for tenants on PostgreSQL, and brings an older table up to date.
        """
        self._store.create_table()

    def apply(self, change: Change) -> None:
        """Merge one event into its job's row: one atomic statement.

        Raises:
            ValueError: for what the table cannot hold, and for another tenant's event.
        """
        self._write(change)

    def _write(self, change: Change, *, reopening: bool = False) -> None:
        began = time.perf_counter()
        self._store.write(self._own(change), now=self._now(), reopening=reopening)
        _logged((change,), self._tenant, began)

    def apply_many(self, changes: Iterable[Change]) -> None:
        """Merge several events, all or none, with the same result as one by one.

        Raises:
            ValueError: for what the table cannot hold, and for another tenant's event.
        """
        began = time.perf_counter()
        told = [self._own(change) for change in changes]
        self._store.write_many(told, now=self._now())
        _logged(told, self._tenant, began)

    def _own(self, change: Change) -> Change:
        """The change with the tracker's tenant."""
        if change.tenant not in ("", self._tenant):
            raise ValueError(f"tenant {change.tenant!a}: this tracker is for {self._tenant!a}; see for_tenant")
        return change if change.tenant == self._tenant else change._replace(tenant=self._tenant)

    def create_job_status(
        self, job_id: str, *, at: datetime | None = None, queue: str | None = None, job_type: str | None = None
    ) -> None:
        """The job was put into a queue."""
        self.apply(Change(job_id=job_id, kind="created", at=at or self._now(), queue=queue, job_type=job_type))

    def mark_job_active(self, job_id: str, *, attempt: int = 1, at: datetime | None = None) -> None:
        """A worker started the attempt."""
        self.apply(Change(job_id=job_id, kind="active", at=at or self._now(), attempt=attempt))

    def update_job_progress(self, job_id: str, progress: Any, *, attempt: int = 1, at: datetime | None = None) -> None:
        """The attempt has come this far; `progress` is any JSON value."""
        self.apply(Change(job_id=job_id, kind="progress", at=at or self._now(), attempt=attempt, progress=progress))

    def mark_job_retrying(
        self, job_id: str, error: BaseException | None = None, *, attempt: int = 1, at: datetime | None = None
    ) -> None:
        """The attempt failed, another will follow."""
        self.apply(Change(job_id=job_id, kind="retrying", at=at or self._now(), attempt=attempt, error=_error(error)))

    def mark_job_stalled(self, job_id: str, *, attempt: int = 1, at: datetime | None = None) -> None:
        """The attempt's worker was lost; the queue will run the job again."""
        self.apply(Change(job_id=job_id, kind="stalled", at=at or self._now(), attempt=attempt))

    def mark_job_completed(self, job_id: str, *, attempt: int = 1, at: datetime | None = None) -> None:
        """The job ended well."""
        self.apply(Change(job_id=job_id, kind="completed", at=at or self._now(), attempt=attempt))

    def mark_job_failed(
        self, job_id: str, error: BaseException | None = None, *, attempt: int = 1, at: datetime | None = None
    ) -> None:
        """The job ended badly, and no attempt follows."""
        self.apply(Change(job_id=job_id, kind="failed", at=at or self._now(), attempt=attempt, error=_error(error)))

    def mark_job_cancelled(
        self, job_id: str, cancelled_by: str | None = None, *, attempt: int = 0, at: datetime | None = None
    ) -> None:
        """Somebody called the job off."""
        self.apply(
            Change(job_id=job_id, kind="cancelled", at=at or self._now(), attempt=attempt, cancelled_by=cancelled_by)
        )

    def update_job_status(
        self,
        job_id: str,
        status: str,
        *,
        attempt: int | None = None,
        at: datetime | None = None,
        error: BaseException | None = None,
        cancelled_by: str | None = None,
        only_if_not_completed: bool = True,
    ) -> None:
        """The job has come to a status, by its name; with `only_if_not_completed=False` also where it had ended.

        Args:
            job_id: whose status.
            status: pending, active, delayed, completed, failed or cancelled.
            attempt: 0 or 1 where it is not given.
            at: when; now where it is not given.
            error: of a delayed or failed job.
            cancelled_by: who called it off.
            only_if_not_completed: the guard that each verb has. Without it the status is set whatever stands there, for
                repairs by hand: an end, an error and a cancellation that were there are gone.

        Raises:
            ValueError: for another status.
        """
        if status not in KIND_OF:
            raise ValueError(f"update_job_status(status={status!r}): allowed are {', '.join(KIND_OF)}")
        kind: Kind = "stalled" if status == "pending" and attempt else KIND_OF[status]
        counted = attempt if attempt is not None else int(kind not in ("created", "cancelled"))
        change = Change(
            job_id, kind, at or self._now(), attempt=counted, error=_error(error), cancelled_by=cancelled_by
        )
        self._write(change, reopening=not only_if_not_completed)

    def get_job_status(self, job_id: str) -> Row | None:
        """The job's row; None where nothing is known of it."""
        return self._store.read(job_id, tenant=self._tenant)

    def list_jobs(self, *, status: str | None = None, limit: int = 100, after: Row | None = None) -> list[Row]:
        """A page of the tenant's jobs, newest first: by when the tracker first heard of them.

        Args:
            status: pending, active, delayed, completed, failed or cancelled; None for all.
            limit: how many rows at most, 1 to 1000.
            after: the last row of the page before.

        Raises:
            ValueError: for another status or limit.
        """
        if status is not None and status not in SHOWN:
            raise ValueError(f"list_jobs(status={status!r}): allowed are {', '.join(SHOWN)} and None")
        if type(limit) is not int or not 1 <= limit <= MOST_LISTED:
            raise ValueError(f"list_jobs(limit={limit!r}): allowed are 1 to {MOST_LISTED}")
        return self._store.page(tenant=self._tenant, status=status, after=after, many=limit)

    def forget(self, job_ids: Sequence[str]) -> None:
        """Delete the rows of these jobs."""
        self._store.forget(job_ids, tenant=self._tenant)


def _error(error: BaseException | None) -> tuple[str, str, str | None] | None:
    if error is None:
        return None
    return (type(error).__name__, str(error), "".join(format_exception(error)))


def _logged(changes: Sequence[Change], tenant: str, began: float) -> None:
    """Say what was written, without progress and errors, which may hold secrets."""
    if LOG.isEnabledFor(logging.INFO):
        milliseconds = round((time.perf_counter() - began) * 1000, 3)
        for change in changes:
            told = {name: getattr(change, name) for name in ("job_id", "kind", "job_type", "queue", "attempt")}
            LOG.info("job status written", extra={**told, "tenant": tenant, "duration_ms": milliseconds})
