"""A sound tracker on SQLite that inserts, and never updates."""

from __future__ import annotations

import json
from typing import Any

from pytest_jobstatus import Event, EventKind, JobError, Profile, Snapshot, Status
from tests.sound_trackers.layout import Layout
from tests.sound_trackers.merging import PHASES, SHOWS
from tests.sound_trackers.sql import Database, in_microseconds, instant

MOST_TEXT = 2000
TABLES = """
    CREATE TABLE move (job BLOB, attempt INTEGER, phase INTEGER, kind TEXT, at INTEGER, error TEXT,
        nth INTEGER PRIMARY KEY, UNIQUE (job, attempt, kind));
    CREATE TABLE progress (job BLOB, attempt INTEGER, at INTEGER, value TEXT, nth INTEGER PRIMARY KEY);
    CREATE INDEX progress_of_job ON progress (job, attempt, at);
    CREATE TABLE ending (job BLOB PRIMARY KEY, kind TEXT, attempt INTEGER, at INTEGER, error TEXT, by TEXT);
    CREATE TABLE touched (job BLOB, at INTEGER, PRIMARY KEY (job, at))"""


def in_a_line(error: JobError | None) -> str | None:
    """An error as a text that any column can hold; what it could not is escaped."""
    if error is None:
        return None
    text = f"{error.type[:MOST_TEXT]}: {error.message[:MOST_TEXT]}"
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


class InsertOnly(Database):
    """Shows progress and error of the attempt shown only, ignores late ends of older attempts, and joins at a read."""

    profile = Profile(late_end="ignored")

    def __init__(self) -> None:
        super().__init__()
        self.connection.executescript(TABLES)

    def apply(self, event: Event) -> None:
        value = json.dumps(event.progress)
        given = {"job": self.key(event.job_id), "kind": event.kind, "attempt": event.attempt}
        given |= {"at": in_microseconds(event.occurred_at), "error": in_a_line(event.error)}
        sql = """SELECT coalesce(max(attempt), 0), EXISTS (SELECT 1 FROM ending WHERE job = :job)
            FROM move WHERE job = :job"""
        shown, ended = self.all(sql, **given)[0]
        outcome = event.kind in (EventKind.COMPLETED, EventKind.FAILED)
        if outcome and not ended and event.attempt < shown:
            return
        self.all("INSERT INTO touched VALUES (:job, :at) ON CONFLICT DO NOTHING", **given)
        if event.kind is EventKind.PROGRESS:
            sql = "INSERT INTO progress (job, attempt, at, value) VALUES (:job, :attempt, :at, :value)"
            self.all(sql, **given, value=value)
        if event.kind.terminal:
            sql = """INSERT INTO ending VALUES (:job, :kind, max(:attempt, :shown), :at, :error, :by)
                ON CONFLICT DO NOTHING"""
            self.all(sql, **given, shown=shown, by=json.dumps(event.cancelled_by))
        elif not ended:
            sql = """INSERT INTO move (job, attempt, phase, kind, at, error)
                VALUES (:job, :attempt, :phase, :kind, :at, :error) ON CONFLICT DO NOTHING"""
            self.all(sql, **given, phase=PHASES[event.kind])

    def read(self, job_id: str) -> Snapshot | None:
        job = self.key(job_id)
        updated = self.all("SELECT max(at) FROM touched WHERE job = :job", job=job)[0][0]
        if updated is None:
            return None
        sql = "SELECT kind, attempt, at, error FROM move WHERE job = :job ORDER BY attempt, phase, nth DESC"
        moves = self.all(sql, job=job)
        ending = self.all("SELECT kind, attempt, at, error, by FROM ending WHERE job = :job", job=job)
        kind, attempt, _, error, by = ending[0] if ending else (*moves[-1], "null")
        status = Status.DELAYED if kind == "stalled" else SHOWS[EventKind(kind)]
        sql = "SELECT value FROM progress WHERE job = :job AND attempt = :attempt ORDER BY at DESC, nth DESC LIMIT 1"
        progress = self.all(sql, job=job, attempt=attempt)
        return Snapshot(
            job_id,
            status,
            attempt=attempt,
            **times_of([*moves, *ending]).shown(status),
            updated_at=instant(updated),
            error=error,
            progress=json.loads(progress[0][0]) if progress else None,
            cancelled_by=json.loads(by),
        )


def times_of(rows: list[tuple[Any, ...]]) -> Layout:
    """The times of creation, start and end, from rows that begin with kind, attempt and instant."""
    times = Layout()
    for kind, attempt, micros, *_ in rows:
        at = instant(micros)
        assert at is not None
        if kind == EventKind.CREATED:
            times.create(at)
        elif kind == EventKind.ACTIVE:
            times.start(attempt, at)
        elif EventKind(kind).terminal:
            times.end(at)
    return times
