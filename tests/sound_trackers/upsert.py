"""A sound tracker on SQLite that merges in one statement, which asks whether the job is still open."""

from __future__ import annotations

import json

from pytest_jobstatus import Event, EventKind, Profile, Snapshot, Status
from tests.sound_trackers.merging import SHOWS
from tests.sound_trackers.sql import OVER, Database, error_of, in_microseconds, instant, rank, text_of

TABLE = """
    CREATE TABLE job (
        id BLOB PRIMARY KEY, status TEXT, attempt INTEGER, rank INTEGER,
        created INTEGER, started INTEGER, started_of INTEGER, ended INTEGER, updated INTEGER,
        error TEXT, by TEXT, progress TEXT, progress_of INTEGER, progress_at INTEGER
    )"""
UPSERT = """
    INSERT INTO job VALUES (
        :id, :status, :attempt, :rank, :created, :started, :started_of, :ended, :at,
        :error, :by, :progress, :progress_of, :progress_at
    )
    ON CONFLICT DO UPDATE SET
        status = iif(:rank > rank, :status, status),
        attempt = iif(:rank > rank, max(:attempt, attempt), attempt),
        rank = max(:rank, rank),
        created = iif(ended IS NULL, coalesce(created, min(:created, coalesce(started, :created))), created),
        started = iif(
            ended IS NULL AND :started_of < coalesce(started_of, :over), max(:started, coalesce(created, 0)), started
        ),
        started_of = iif(ended IS NULL AND :started_of < coalesce(started_of, :over), :started_of, started_of),
        ended = coalesce(ended, max(:ended, coalesce(started, 0), coalesce(created, 0))),
        updated = max(:at, updated),
        error = iif(:rank > rank AND :kind IN ('retrying', 'failed'), :error, error),
        by = iif(:rank > rank, :by, by),
        progress = iif((:progress_of, :progress_at) >= (coalesce(progress_of, -1), coalesce(progress_at, 0)),
            :progress, progress),
        progress_at = iif((:progress_of, :progress_at) >= (coalesce(progress_of, -1), coalesce(progress_at, 0)),
            :progress_at, progress_at),
        progress_of = max(coalesce(:progress_of, -1), coalesce(progress_of, -1))"""


class UpsertWhileOpen(Database):
    """Takes nothing but progress after the end, and refuses numbers that JSON does not have."""

    profile = Profile()

    def __init__(self) -> None:
        super().__init__()
        self.all(TABLE)

    def apply(self, event: Event) -> None:
        at, kind = in_microseconds(event.occurred_at), event.kind
        self.all(
            UPSERT,
            id=self.key(event.job_id),
            kind=kind,
            status=SHOWS[kind],
            attempt=event.attempt,
            rank=rank(event),
            over=OVER,
            at=at,
            created=at if kind is EventKind.CREATED else None,
            started=at if kind is EventKind.ACTIVE else None,
            started_of=event.attempt if kind is EventKind.ACTIVE else None,
            ended=at if kind.terminal else None,
            error=text_of(event.error),
            by=json.dumps(event.cancelled_by),
            progress=json.dumps(event.progress, allow_nan=False),
            progress_of=event.attempt if kind is EventKind.PROGRESS else None,
            progress_at=at if kind is EventKind.PROGRESS else None,
        )

    def read(self, job_id: str) -> Snapshot | None:
        found = self.all("SELECT * FROM job WHERE id = :id", id=self.key(job_id))
        if not found:
            return None
        _, status, attempt, _, created, started, _, ended, updated, error, by, progress, *_ = found[0]
        return Snapshot(
            job_id,
            Status(status),
            attempt=attempt,
            created_at=instant(created),
            started_at=instant(started),
            updated_at=instant(updated),
            completed_at=instant(ended) if status == "completed" else None,
            failed_at=instant(ended) if status in ("failed", "cancelled") else None,
            cancelled_at=instant(ended) if status == "cancelled" else None,
            error=error_of(error),
            progress=json.loads(progress),
            cancelled_by=json.loads(by),
        )
