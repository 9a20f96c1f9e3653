"""The reference tracker as a tracker under test: the only file that knows pytest_jobstatus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from sqlalchemy import Engine, event, make_url

from pytest_jobstatus import Event, JobError, Misuse, Profile, Snapshot, Status
from reference_tracker.change import Change, Kind
from reference_tracker.engine import engine_of, try_out
from reference_tracker.lifecycle import Row
from reference_tracker.tracker import JobStatusTracker


class Adapter:
    """Hands events to a JobStatusTracker and shows its rows.

    Args:
        tracker: the tracker.
    """

    profile = Profile(order="strict")

    def __init__(self, tracker: JobStatusTracker) -> None:
        """Keep the tracker."""
        self.tracker = tracker

    def apply(self, event: Event) -> None:
        """Merge the event."""
        given = event.error
        error = None if given is None else (given.type, given.message, given.traceback)
        self.tracker.apply(
            Change(
                job_id=event.job_id,
                kind=cast("Kind", str(event.kind)),
                at=event.occurred_at,
                attempt=event.attempt,
                error=error,
                progress=event.progress,
                cancelled_by=event.cancelled_by,
                queue=event.context.get("queue"),
                job_type=event.context.get("job_type"),
            )
        )

    def read(self, job_id: str) -> Snapshot | None:
        """The row as a reader sees it."""
        row = self.tracker.get_job_status(job_id)
        return None if row is None else snapshot(row)

    def for_tenant(self, name: str) -> Adapter:
        """The same for one tenant."""
        return Adapter(self.tracker.for_tenant(name))

    def forget(self, job_ids: list[str]) -> None:
        """Remove the rows that a check made."""
        self.tracker.forget(job_ids)


class Worker(Adapter):
    """An adapter with connections of its own.

    Args:
        connect: makes an engine on the database.
    """

    def __init__(self, connect: Callable[[], Engine]) -> None:
        """Connect when the first statement is sent."""
        self.engine = connect()
        super().__init__(JobStatusTracker(self.engine))
        self.connect = connect

    def another(self) -> Worker:
        """The same for another worker."""
        return Worker(self.connect)

    def close(self) -> None:
        """Let go of the connections."""
        self.engine.dispose()


def snapshot(row: Row) -> Snapshot:
    """A row as a Snapshot: failed with the flag is cancelled."""
    has_error = row.error_type is not None and row.error_message is not None
    return Snapshot(
        row.job_id,
        Status.CANCELLED if row.cancelled else Status(row.status),
        attempt=row.attempt,
        created_at=row.created_at,
        started_at=row.started_at,
        completed_at=row.completed_at,
        failed_at=row.failed_at,
        cancelled_at=row.cancelled_at,
        updated_at=row.updated_at,
        error=JobError(row.error_type or "", row.error_message or "", row.error_traceback) if has_error else None,
        progress=row.progress,
        cancelled_by=row.cancelled_by,
    )


def sqlite() -> Iterator[Adapter]:
    """The target `reference_tracker.adapter:sqlite`: the reference tracker on an SQLite file of its own."""
    with TemporaryDirectory(prefix="jobstatus-") as folder:
        url = f"sqlite:///{Path(folder) / 'jobs.db'}"

        def connect() -> Engine:
            engine = engine_of(url)

            @event.listens_for(engine, "connect")
            def _throwaway(connection: Any, _record: object) -> None:
                connection.execute("PRAGMA synchronous=OFF")  # it need not survive a power cut

            return engine

        yield from _made(connect)


def factory(url: str) -> Callable[[], Iterator[Adapter]]:
    """The target `reference:URL`: the reference tracker on a database that exists; its table is made if it is missing.

    Args:
        url: SQLAlchemy's: "postgresql+psycopg://me@localhost/jobs" or "sqlite:///jobs.db".

    Raises:
        Misuse: where it is no database that the tracker runs on, or one that cannot be used.

    >>> factory("nonsense")
    Traceback (most recent call last):
    pytest_jobstatus.misuse.Misuse: reference: the URL cannot be read; allowed is a database URL of SQLAlchemy, ...
    """
    try:
        try_out(url)
    except ValueError as error:
        raise Misuse(f"reference: {error}") from error

    def made() -> Iterator[Adapter]:
        yield from _made(lambda: engine_of(url, autocommit=True))

    def alone() -> Iterator[Adapter]:
        yield from (Adapter(worker.tracker) for worker in made())

    return alone if make_url(url).drivername.startswith("sqlite") and make_url(url).database in IN_MEMORY else made


IN_MEMORY = (None, "", ":memory:")
"""The databases of SQLite that each connection has for itself: a second worker would find no rows of the first."""


def _made(connect: Callable[[], Engine]) -> Iterator[Adapter]:
    worker = Worker(connect)
    try:
        worker.tracker.create_table()
        yield worker
    finally:
        worker.close()
