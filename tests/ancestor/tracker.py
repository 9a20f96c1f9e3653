"""The ancestor's table and its functions: each statement is a request of its own, and no database error gets out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec
from uuid import UUID

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    Engine,
    Executable,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

LOG = logging.getLogger(__name__)
METADATA = MetaData()
JOB_STATUS = Table(
    "job_status",
    METADATA,
    Column("job_id", String(255), primary_key=True),
    Column("job_type", Text),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("started_at", DateTime(timezone=True)),
    Column("completed_at", DateTime(timezone=True)),
    Column("failed_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("progress", JSON().with_variant(postgresql.JSONB(), "postgresql")),
    Column("error_message", Text),
    Column("error_stack", Text),
    Column("cancelled", Boolean, nullable=False),
    Column("cancelled_at", DateTime(timezone=True)),
    Column("cancelled_by", Uuid),
    CheckConstraint("status IN ('pending', 'active', 'delayed', 'completed', 'failed')", name="status_known"),
    CheckConstraint("started_at > created_at", name="started_after_created"),
    CheckConstraint("completed_at > started_at", name="completed_after_started"),
    CheckConstraint("failed_at > started_at", name="failed_after_started"),
)
INSERTS: dict[str, Callable[[Table], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

ACTIVE_DELAY = 0.5
"""In seconds. It "must be longer than" the other one, so that a fast job's end is seen before its start is written."""
COMPLETED_DELAY = 0.3
MILLISECOND = timedelta(milliseconds=1)

Row = Mapping[str, Any]
P = ParamSpec("P")


class Job(NamedTuple):
    """A job as the queue hands it to a handler.

    Args:
        id: the job's id.
        attempts_made: how many attempts have ended.
        attempts: how many there may be.
        name: its type.
    """

    id: str
    attempts_made: int = 0
    attempts: int = 1
    name: str = "test_job"


def of_job(job_id: str) -> ColumnElement[bool]:
    """Selects the job's row."""
    return JOB_STATUS.c.job_id == job_id


def now() -> datetime:
    """The tracker's own clock, which counts milliseconds."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def contained(function: Callable[Concatenate[Tracker, P], None]) -> Callable[Concatenate[Tracker, P], None]:
    """Log what the function raises and go on, "so that a database error never fails the job"."""

    @wraps(function)
    def never_raises(tracker: Tracker, /, *given: P.args, **named: P.kwargs) -> None:
        try:
            function(tracker, *given, **named)
        except Exception as error:  # noqa: BLE001 - the fault that is ported
            LOG.error("%s failed: %s", function.__name__, error)  # noqa: TRY400 - likewise: no traceback

    return never_raises


class Tracker:
    """One row per job, guarded by looking before writing.

    Args:
        engine: SQLAlchemy's, for SQLite or PostgreSQL.
        sleep: how the two delays are waited for.
        clock: what time it is.
    """

    def __init__(
        self, engine: Engine, *, sleep: Callable[[float], object] = time.sleep, clock: Callable[[], datetime] = now
    ) -> None:
        self.engine = engine
        self.sleep = sleep
        self.clock = clock

    def create_table(self) -> None:
        METADATA.create_all(self.engine)

    @contained
    def create_job_status(self, job: Job) -> None:
        """Write the pending row; where there is a row already, make it pending."""
        at = self.clock()
        pending = {"job_type": job.name, "status": "pending", "attempts": job.attempts_made, "updated_at": at}
        row = INSERTS[self.engine.dialect.name](JOB_STATUS).values(
            job_id=job.id, created_at=at, cancelled=False, **pending
        )
        self._write(row.on_conflict_do_update(index_elements=["job_id"], set_=pending))

    @contained
    def update_job_status(self, job_id: str, updates: Row, *, only_if_not_completed: bool = False) -> None:
        """Overwrite the columns given."""
        changed = update(JOB_STATUS).where(of_job(job_id)).values(**updates, updated_at=self.clock())
        if only_if_not_completed:
            changed = changed.where(JOB_STATUS.c.completed_at.is_(None))
        self._write(changed)

    @contained
    def mark_job_active(self, job: Job) -> None:
        """Look whether the job is over; wait, and look again."""
        if self._is_over(job.id):
            return
        self.sleep(ACTIVE_DELAY)
        if self._is_over(job.id):
            return
        started = self._after("created_at", self._times(job.id))
        self.update_job_status(job.id, {"status": "active", "attempts": job.attempts_made + 1, "started_at": started})

    @contained
    def mark_job_completed(self, job: Job) -> None:
        """Wait for a start that is still being written; look for it twice."""
        self.sleep(COMPLETED_DELAY)
        completed = self._after("started_at", self._times(job.id))
        again = self._times(job.id).get("started_at")
        if again is not None and again >= completed:
            completed = again + MILLISECOND
        self.update_job_status(job.id, {"status": "completed", "completed_at": completed}, only_if_not_completed=True)

    @contained
    def mark_job_failed(self, job: Job, error: BaseException) -> None:
        """The job is delayed while attempts are left, else it has failed."""
        updates = {
            "status": "delayed",
            "attempts": job.attempts_made,
            "error_message": str(error),
            "error_stack": repr(error),
        }
        if job.attempts_made >= job.attempts:
            updates |= {"status": "failed", "failed_at": self._after("started_at", self._times(job.id))}
        self.update_job_status(job.id, updates)

    @contained
    def mark_job_cancelled(self, job_id: str, cancelled_by: UUID | None = None) -> None:
        """A cancelled job has failed, with a flag."""
        at = self._after("started_at", self._times(job_id))
        self.update_job_status(
            job_id,
            {
                "status": "failed",
                "failed_at": at,
                "cancelled": True,
                "cancelled_at": at,
                "cancelled_by": cancelled_by,
                "error_message": "Job cancelled by user request",
            },
        )

    def update_job_progress(self, job_id: str, progress: Any) -> None:
        """Write the progress; errors are not even logged, "to reduce noise"."""
        with suppress(Exception):
            self._write(update(JOB_STATUS).where(of_job(job_id)).values(progress=progress, updated_at=self.clock()))

    def get_job_status(self, job_id: str) -> Row | None:
        """The row; None where there is none."""
        with self.engine.connect() as connection:
            found = connection.execute(select(JOB_STATUS).where(of_job(job_id))).mappings().one_or_none()
        return None if found is None else {name: _aware(value) for name, value in found.items()}

    def _write(self, statement: Executable) -> None:
        with self.engine.begin() as connection:
            connection.execute(statement)

    def _is_over(self, job_id: str) -> bool:
        row = self.get_job_status(job_id)
        return row is not None and bool(
            row["completed_at"] or row["failed_at"] or row["cancelled"] or row["status"] in ("completed", "failed")
        )

    def _times(self, job_id: str) -> Row:
        """The row's times; none where there is no row."""
        return self.get_job_status(job_id) or {}

    def _after(self, name: str, row: Row) -> datetime:
        """Now, or the least that is later than the row's time."""
        at, earlier = self.clock(), row.get(name)
        return at if earlier is None or at > earlier else earlier + MILLISECOND


def _aware(value: Any) -> Any:
    """Instants from SQLite come without their offset, which is UTC."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
