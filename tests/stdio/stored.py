"""A sound tracker on an SQLite file, which children share."""

from __future__ import annotations

from tests.sound_trackers.sql import Database
from tests.sound_trackers.upsert import TABLE, UpsertWhileOpen


class Stored(UpsertWhileOpen):
    """Has its rows in a file.

    Args:
        path: of the file; made where it is missing.
    """

    def __init__(self, path: str) -> None:
        Database.__init__(self, path)
        self.all("PRAGMA synchronous=OFF")
        self.all(TABLE.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS"))

    def forget(self, job_ids: list[str]) -> None:
        """Remove the rows of these jobs."""
        for job_id in job_ids:
            self.all("DELETE FROM job WHERE id = :id", id=self.key(job_id))

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()
