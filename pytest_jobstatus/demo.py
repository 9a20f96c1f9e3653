"""A tracker as many are written at home, for `jobstatus demo`: it reads well, and it is wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_jobstatus.events import Event
from pytest_jobstatus.tracker import Profile

STATUSES = {
    "created": "pending",
    "active": "active",
    "progress": "active",
    "retrying": "delayed",
    "stalled": "pending",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
}


class HomeMade:
    """SELECT, look, UPDATE. It knows that a completed job stays completed; it forgot the other two ends.

    Args:
        database: with the table that `home_made` creates.
    """

    profile = Profile(
        unsupported=dict.fromkeys(
            (
                "created_at",
                "started_at",
                "completed_at",
                "failed_at",
                "cancelled_at",
                "updated_at",
                "error",
                "progress",
                "cancelled_by",
            ),
            "the demo keeps status and attempt only",
        )
    )

    def __init__(self, database: sqlite3.Connection) -> None:
        """Keep the connection."""
        self.database = database

    def apply(self, event: Event) -> None:
        """Write the event's status over what is there, unless the job is completed."""
        row = self._row(event.job_id)
        if row is None:
            self.database.execute(
                "INSERT INTO jobs VALUES (?, ?, ?)", (event.job_id, STATUSES[event.kind], event.attempt)
            )
        elif row[0] != "completed":
            self.database.execute(
                "UPDATE jobs SET status = ?, attempt = ? WHERE id = ?",
                (STATUSES[event.kind], max(event.attempt, row[1]), event.job_id),
            )

    def read(self, job_id: str) -> Mapping[str, Any] | None:
        """The row as a mapping."""
        row = self._row(job_id)
        return None if row is None else {"status": row[0], "attempt": row[1]}

    def _row(self, job_id: str) -> tuple[str, int] | None:
        found: tuple[str, int] | None = self.database.execute(
            "SELECT status, attempt FROM jobs WHERE id = ?", (job_id,)
        ).fetchone()
        return found


def home_made() -> Iterator[HomeMade]:
    """The target `pytest_jobstatus.demo:home_made`."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE jobs (id TEXT PRIMARY KEY, status TEXT NOT NULL, attempt INTEGER NOT NULL)")
    try:
        yield HomeMade(database)
    finally:
        database.close()
