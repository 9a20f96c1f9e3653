"""JobStatusTracker: one verb per event, and the reader's side."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from traceback import format_exception
from typing import Any

from sqlalchemy import Engine

from reference_tracker.lifecycle import Change, Row
from reference_tracker.store import Store, prepare_sqlite


def _utc_now() -> datetime:
    return datetime.now(UTC)


class JobStatusTracker:
    """Keeps one status row per job, whatever the order in which it is told.

    Args:
        engine: of a database with the tracker's table; see `create_table`.
        now: the tracker's own clock, for `updated_at` and for verbs that are given no time.

    >>> from sqlalchemy import create_engine
    >>> tracker = JobStatusTracker(create_engine("sqlite://"))
    >>> tracker.create_table()
    >>> tracker.mark_job_completed("job-1", attempt=1)
    >>> tracker.mark_job_active("job-1", attempt=1)  # late
    >>> tracker.get_job_status("job-1").status
    'completed'
    """

    def __init__(self, engine: Engine, *, now: Callable[[], datetime] = _utc_now) -> None:
        """Take the engine as it is; for SQLite set what lets readers and writers work side by side."""
        if engine.dialect.name != "sqlite":
            raise ValueError(f"JobStatusTracker: the engine's dialect is {engine.dialect.name!r}: allowed is 'sqlite'")
        prepare_sqlite(engine)
        self._store = Store(engine)
        self._now = now

    def create_table(self) -> None:
        """Create the table where it does not exist."""
        self._store.create_table()

    def apply(self, change: Change) -> None:
        """Merge one event into its job's row: one atomic statement."""
        self._store.write(change, now=self._now())

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

    def get_job_status(self, job_id: str) -> Row | None:
        """The job's row; None where nothing is known of it."""
        return self._store.read(job_id)

    def forget(self, job_ids: list[str]) -> None:
        """Delete the rows of these jobs."""
        self._store.forget(job_ids)


def _error(error: BaseException | None) -> tuple[str, str, str | None] | None:
    if error is None:
        return None

    return (type(error).__name__, str(error), "".join(format_exception(error)))
