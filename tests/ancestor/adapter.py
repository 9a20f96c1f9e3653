"""The ancestor as a tracker under test: what the queue and its worker would tell it, nothing harder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from sqlalchemy import Engine, create_engine, event

from pytest_jobstatus import Event, EventKind, Profile
from tests.ancestor.tracker import JOB_STATUS, MILLISECOND, Job, Tracker, of_job
from tests.ancestor.worker import Worker

SHOWN = ("created_at", "started_at", "completed_at", "failed_at", "cancelled_at", "updated_at", "progress")


class Adapter:
    """Hands events to the ancestor and shows its rows.

    Args:
        tracker: the ancestor.
    """

    profile = Profile(
        resolution=MILLISECOND,
        started="latest",
        on_fault="contained",
        unsupported={"event_time": "every time is the tracker's own clock when it writes"},
    )

    def __init__(self, tracker: Tracker) -> None:
        self.tracker = tracker
        self.worker = Worker(tracker)
        self.users: dict[UUID, str] = {}
        """Names by id: the row keeps the id of a user, whom the application has in a table of its own."""

    def apply(self, event: Event) -> None:
        """Tell what BullMQ tells. After a stall it repeats the attempt's number; the next one is kinder."""
        attempt = event.attempt
        begun = Job(event.job_id, attempts_made=max(attempt - 1, 0), attempts=max(attempt, 1))
        over = Job(event.job_id, attempts_made=attempt, attempts=attempt)
        error = Exception() if event.error is None else event.error.exception()
        match event.kind:
            case EventKind.CREATED:
                self.tracker.create_job_status(Job(event.job_id))  # the queue, when the job is added
            case EventKind.ACTIVE:
                self.worker.active(begun)
            case EventKind.PROGRESS:
                self.worker.progress(begun, event.progress)
            case EventKind.RETRYING:
                self.worker.failed(over._replace(attempts=attempt + 1), error)
            case EventKind.STALLED:
                self.worker.stalled(event.job_id)
            case EventKind.COMPLETED:
                self.worker.completed(over)
            case EventKind.FAILED:
                self.worker.failed(over, error)
            case EventKind.CANCELLED:
                self.tracker.mark_job_cancelled(event.job_id, self._user(event.cancelled_by))  # a user, by the API

    def _user(self, name: str | None) -> UUID | None:
        if name is None:
            return None
        user = uuid5(NAMESPACE_OID, name)
        self.users[user] = name
        return user

    def read(self, job_id: str) -> Mapping[str, Any] | None:
        """The row, with a failure that is flagged as cancelled shown as that."""
        row = self.tracker.get_job_status(job_id)
        if row is None:
            return None
        cancelled = row["status"] == "failed" and row["cancelled"]
        return {
            "status": "cancelled" if cancelled else row["status"],
            "attempt": row["attempts"],
            "error": row["error_message"],
            "cancelled_by": self.users.get(row["cancelled_by"]),
            **{name: row[name] for name in SHOWN},
        }

    def forget(self, job_ids: list[str]) -> None:
        """Remove the rows that a check made."""
        with self.tracker.engine.begin() as connection:
            for job_id in job_ids:
                connection.execute(JOB_STATUS.delete().where(of_job(job_id)))


def adapter(engine: Engine, *, sleep: Callable[[float], object]) -> Iterator[Adapter]:
    """The ancestor on that database, which is closed at the end."""
    try:
        tracker = Tracker(engine, sleep=sleep)
        tracker.create_table()
        yield Adapter(tracker)
    finally:
        engine.dispose()


def sqlite(*, sleep: Callable[[float], object] = time.sleep) -> Iterator[Adapter]:
    """The target `tests.ancestor.adapter:sqlite`: on an SQLite file of its own, with the real delays."""
    with TemporaryDirectory(prefix="jobstatus-") as folder:
        engine = create_engine(f"sqlite:///{Path(folder) / 'jobs.db'}")
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        yield from adapter(engine, sleep=sleep)


def hurried() -> Iterator[Adapter]:
    """The target `tests.ancestor.adapter:hurried`: the same without waiting; a check tells thousands of events."""
    return sqlite(sleep=lambda _seconds: None)
