"""Sound trackers on SQLite: a document swapped as a whole, one upsert, a table for each noun."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pytest_jobstatus import Event, EventKind, JobError, Profile, Snapshot, Status
from tests.sound_trackers.layout import Layout
from tests.sound_trackers.merging import PHASES, SHOWS
from tests.sound_trackers.missing import lacking
from tests.sound_trackers.times import EPOCH, SECOND

MICROSECOND = timedelta(microseconds=1)
OVER = 1_000_000


def in_microseconds(at: datetime) -> int:
    """An instant as a number."""
    return (at - EPOCH) // MICROSECOND


def instant(number: int | None) -> datetime | None:
    """The instant from its number."""
    return None if number is None else EPOCH + number * MICROSECOND


def text_of(error: JobError | None) -> str | None:
    """An error as ASCII, which any text column can hold."""
    return None if error is None else json.dumps([error.type, error.message, error.traceback])


def error_of(text: str | None) -> JobError | None:
    """The error from its text."""
    return None if text is None else JobError(*json.loads(text))


def rank(event: Event) -> int:
    """The position as one number."""
    return OVER if event.kind.terminal else 3 * event.attempt + PHASES[event.kind]


class Database:
    """Has a connection, and keys that keep every id apart."""

    def __init__(self, path: str = ":memory:") -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)

    def key(self, job_id: str) -> bytes:
        """What stands for an id in a table."""
        return job_id.encode("utf-8", "surrogatepass")

    def all(self, sql: str, **values: Any) -> list[Any]:
        """The rows that a statement gives."""
        return self.connection.execute(sql, values).fetchall()

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


class Lost(Exception):  # noqa: N818 - says what happened to the event, and redelivery cures it
    """Another writer was faster."""


class CompareAndSwap(Database):
    """Reads a document and its version, merges in memory, and writes if the version is still the same."""

    profile = Profile(order="strict", conflicts=(Lost,), raises=(sqlite3.Error,), unsupported=lacking("stalled"))

    def __init__(self, path: str = ":memory:") -> None:
        super().__init__(path)
        self.all("CREATE TABLE row (id BLOB PRIMARY KEY, version INTEGER NOT NULL, document TEXT NOT NULL)")

    def load(self, job_id: str) -> tuple[int, dict[str, Any]]:
        """The document's version, 0 where there is none, and the document."""
        found = self.all("SELECT version, document FROM row WHERE id = :id", id=self.key(job_id))
        return (found[0][0], json.loads(found[0][1])) if found else (0, {})

    def apply(self, event: Event) -> None:
        version, old = self.load(event.job_id)
        new = json.dumps(merged(old, event))
        sql = "UPDATE row SET document = :new, version = version + 1 WHERE id = :id AND version = :version RETURNING 1"
        if not version:
            sql = "INSERT INTO row VALUES (:id, 1 + :version, :new) ON CONFLICT DO NOTHING RETURNING 1"
        if not self.all(sql, id=self.key(event.job_id), version=version, new=new):
            raise Lost(event.name)

    def read(self, job_id: str) -> Snapshot | None:
        version, found = self.load(job_id)
        if not version:
            return None
        names = ("created_at", "started_at", "updated_at", "completed_at", "failed_at", "cancelled_at")
        return Snapshot(
            job_id,
            Status(found["status"]),
            attempt=found["attempt"],
            **{name: instant(found.get(name)) for name in names},
            error=error_of(found.get("error")),
            progress=found.get("progress"),
            cancelled_by=found.get("cancelled_by"),
        )


def merged(old: dict[str, Any], event: Event) -> dict[str, Any]:
    """The document with the event in it."""
    at, ended_at = in_microseconds(event.occurred_at), old.get("ended_at")
    new = {**old, "updated_at": max(at, old.get("updated_at", at))}
    if event.kind is EventKind.CREATED and "created_at" not in old:
        new["created_at"] = min(at, old.get("started_at", ended_at or at + 1) - 1)
    if event.kind is EventKind.ACTIVE and event.attempt < old.get("started_of", OVER):
        earliest = old.get("created_at", at - 1) + 1
        start = max(at, earliest) if ended_at is None else min(max(at, earliest), ended_at - 1)
        if start >= earliest or "created_at" not in old:
            new |= {"started_at": start, "started_of": event.attempt}
    if event.kind is EventKind.PROGRESS and [event.attempt, at] >= old.get("progress_of", [0, 0]):
        new |= {"progress": event.progress, "progress_of": [event.attempt, at]}
    if ended_at is None and rank(event) > old.get("rank", -1):
        attempt = max(event.attempt, old.get("attempt", 0))
        new |= {"rank": rank(event), "attempt": attempt, "status": SHOWS[event.kind]}
        if event.kind in (EventKind.RETRYING, EventKind.FAILED):
            new["error"] = text_of(event.error)
        if event.kind.terminal:
            new["ended_at"] = max(at, *(old.get(name, at - 1) + 1 for name in ("created_at", "started_at")))
            new |= {f"{event.kind}_at": new["ended_at"], "cancelled_by": event.cancelled_by}
    return new


def in_a_file() -> Iterator[CompareAndSwap]:
    """A tracker on a file that is gone afterwards."""
    with TemporaryDirectory() as folder:
        tracker = CompareAndSwap(str(Path(folder) / "jobs.db"))
        for pragma in ("synchronous = OFF", "journal_mode = MEMORY"):  # it need not survive a power cut
            tracker.all(f"PRAGMA {pragma}")
        yield tracker
        tracker.close()


class OneUpsert(Database):
    """Merges in one statement, in whole seconds, with the order of times as constraints; progress never moves a job."""

    profile = Profile(resolution=SECOND, unsupported=lacking("retrying"))
    table = """
        CREATE TABLE job (
            id BLOB PRIMARY KEY, status TEXT NOT NULL, attempt INTEGER NOT NULL, rank INTEGER NOT NULL,
            created INTEGER, started INTEGER, started_of INTEGER, ended INTEGER, updated INTEGER NOT NULL,
            error TEXT, by TEXT, progress TEXT, progress_of INTEGER, progress_at INTEGER,
            CHECK (created <= started), CHECK (started <= ended), CHECK (created <= ended)
        )"""
    upsert = """
        INSERT INTO job VALUES (
            :id, :status, iif(:kind = 'progress', 0, :attempt), :rank,
            iif(:kind = 'created', :at, NULL), iif(:kind = 'active', :at, NULL), iif(:kind = 'active', :attempt, NULL),
            iif(:rank = :over, :at, NULL), :at, :error, :by,
            :progress, iif(:kind = 'progress', :attempt, -1), iif(:kind = 'progress', :exactly, 0)
        )
        ON CONFLICT DO UPDATE SET
            status = iif(:rank > rank, :status, status),
            attempt = iif(:rank > rank, max(:attempt, attempt), attempt),
            rank = max(:rank, rank),
            created = iif(:kind = 'created', coalesce(created, min(:at, coalesce(started, ended, :at))), created),
            started = iif(
                :kind = 'active' AND :attempt < coalesce(started_of, :over),
                min(max(:at, coalesce(created, :at)), coalesce(ended, max(:at, coalesce(created, :at)))), started
            ),
            started_of = iif(:kind = 'active', min(:attempt, coalesce(started_of, :over)), started_of),
            ended = iif(
                :rank = :over, coalesce(ended, max(:at, coalesce(started, :at), coalesce(created, :at))), ended
            ),
            updated = max(:at, updated),
            error = iif(:rank > rank AND :kind IN ('retrying', 'failed'), :error, error),
            by = iif(:rank > rank, :by, by),
            progress = iif((:news, :exactly) >= (progress_of, progress_at), :progress, progress),
            progress_at = iif((:news, :exactly) >= (progress_of, progress_at), :exactly, progress_at),
            progress_of = max(:news, progress_of)"""

    def __init__(self) -> None:
        super().__init__()
        self.all(self.table)

    def apply(self, event: Event) -> None:
        news = event.kind is EventKind.PROGRESS
        self.all(
            self.upsert,
            id=self.key(event.job_id),
            kind=event.kind,
            status=Status.PENDING if news else SHOWS[event.kind],
            attempt=event.attempt,
            rank=0 if news else rank(event),
            over=OVER,
            at=(event.occurred_at - EPOCH) // SECOND,
            exactly=in_microseconds(event.occurred_at),
            error=text_of(event.error),
            by=json.dumps(event.cancelled_by),
            progress=json.dumps(event.progress),
            news=event.attempt if news else -2,
        )

    def read(self, job_id: str) -> dict[str, Any] | None:
        found = self.all("SELECT * FROM job WHERE id = :id", id=self.key(job_id))
        if not found:
            return None
        _, status, attempt, _, created, started, _, ended, updated, error, by, progress, *_ = found[0]
        times = {"created_at": created, "started_at": started, "ended_at": ended, "updated_at": updated}
        return {
            **{name: None if at is None else EPOCH + at * SECOND for name, at in times.items()},
            "status": status,
            "attempt": attempt,
            "error": error_of(error),
            "cancelled_by": json.loads(by),
            "progress": json.loads(progress),
        }


class Normalised(Database):
    """Has a row for each job, attempt and progress, and finds status and newest progress by asking all three.

    Progress of an older attempt does not show; none is taken after the end.
    """

    profile = Profile(unsupported=lacking("updated_at", "stalled"))
    tables = """
        CREATE TABLE job (id BLOB PRIMARY KEY, created INTEGER, ended INTEGER, kind TEXT, attempt INTEGER, error TEXT,
            by TEXT);
        CREATE TABLE attempt (job BLOB, number INTEGER, started INTEGER, kind TEXT, error TEXT,
            PRIMARY KEY (job, number));
        CREATE TABLE progress (job BLOB, number INTEGER, at INTEGER, value TEXT, nth INTEGER PRIMARY KEY);
        CREATE INDEX progress_of_job ON progress (job, number, at)"""

    def __init__(self) -> None:
        super().__init__()
        self.connection.executescript(self.tables)

    def rows(self, job: bytes) -> tuple[Any, list[Any], Layout]:
        """The job, its attempts, and its times."""
        found = self.all("SELECT created, ended, kind, attempt, error, by FROM job WHERE id = :job", job=job)
        attempts = self.all(
            "SELECT number, started, kind, error FROM attempt WHERE job = :job ORDER BY number", job=job
        )
        times = Layout(starts={number: at for number, started, *_ in attempts if (at := instant(started)) is not None})
        if found:
            times.created_at, times.ended_at = instant(found[0][0]), instant(found[0][1])
        return (found or [None])[0], attempts, times

    def apply(self, event: Event) -> None:
        job, at = self.key(event.job_id), in_microseconds(event.occurred_at)
        given = {"job": job, "number": event.attempt, "kind": event.kind, "at": at, "error": text_of(event.error)}
        value = json.dumps(event.progress)
        self.all("INSERT INTO job (id) VALUES (:job) ON CONFLICT DO NOTHING", job=job)
        row, attempts, times = self.rows(job)
        _, _, ended_as, shown, *_ = row
        last = max([shown or 0, *(number for number, *_ in attempts)])
        if event.kind is EventKind.CREATED:
            times.create(event.occurred_at)
            assert times.created_at is not None
            self.all("UPDATE job SET created = :at WHERE id = :job", job=job, at=in_microseconds(times.created_at))
        elif event.kind.terminal:
            times.end(event.occurred_at)
            assert times.ended_at is not None
            sql = """UPDATE job SET ended = :at, kind = :kind, attempt = max(:number, :last), error = :error, by = :by
                WHERE id = :job AND kind IS NULL"""
            ended = {**given, "at": in_microseconds(times.ended_at), "last": last, "by": json.dumps(event.cancelled_by)}
            self.all(sql, **ended)
        elif ended_as is None or (event.attempt <= last and event.kind is not EventKind.PROGRESS):
            self.all("INSERT INTO attempt (job, number) VALUES (:job, :number) ON CONFLICT DO NOTHING", **given)
            self.note(event.kind, {**given, "value": value})

    def note(self, kind: EventKind, given: dict[str, Any]) -> None:
        """Write what an attempt's event tells: its start, its progress, or how it ended."""
        sql = """UPDATE attempt SET kind = :kind, error = :error WHERE job = :job AND number = :number
            AND kind IS NULL"""
        if kind is EventKind.ACTIVE:
            sql = "UPDATE attempt SET started = coalesce(started, :at) WHERE job = :job AND number = :number"
        if kind is EventKind.PROGRESS:
            sql = "INSERT INTO progress (job, number, at, value) VALUES (:job, :number, :at, :value)"
        self.all(sql, **given)

    def read(self, job_id: str) -> Snapshot | None:
        job = self.key(job_id)
        row, attempts, times = self.rows(job)
        if row is None:
            return None
        _, _, kind, attempt, error, by = row
        if kind is None:
            attempt, _, kind, _ = attempts[-1] if attempts else (0, None, EventKind.CREATED, None)
        status = SHOWS[EventKind(kind or EventKind.ACTIVE)]
        sql = "SELECT value FROM progress WHERE job = :job AND number = :attempt ORDER BY at DESC, nth DESC LIMIT 1"
        progress = self.all(sql, job=job, attempt=attempt)
        retried = [text for _, _, how, text in attempts if how is not None]
        return Snapshot(
            job_id,
            status,
            attempt=attempt,
            **times.shown(status),
            error=error_of(error if status is Status.FAILED else (retried or [None])[-1]),
            progress=json.loads(progress[0][0]) if progress else None,
            cancelled_by=json.loads(by) if status is Status.CANCELLED else None,
        )
