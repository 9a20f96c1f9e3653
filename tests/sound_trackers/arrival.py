"""Sound trackers that show their own arrival times, as a row's defaults give them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from pytest_jobstatus import Event, EventKind, Profile, Status
from pytest_jobstatus.tracker import END_TIMES
from tests.sound_trackers.merging import PHASES, SHOWS, Row, SoundArrival


class AutoNow(SoundArrival):
    """Stamps the creation when the row is inserted, whatever for, and the start when the job first shows active."""

    def times(self, row: Row, event: Event, *, ahead: bool) -> None:
        row.created_at = row.created_at or self.clock
        if row.status is Status.ACTIVE:
            row.started_at = row.started_at or self.clock
        if event.kind.terminal and ahead:
            row.ended_at = self.clock


class RealClock:
    """Stamps the same by the real clock, each reading later than the one before, so that no two times coincide."""

    profile = Profile(order="strict", unsupported={"event_time": "the columns default to now()"})

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.notes: dict[str, tuple[int, datetime]] = {}
        self.positions: dict[str, tuple[int, int]] = {}
        self.last = datetime.now(UTC)

    def now(self) -> datetime:
        """A time that was never given before."""
        self.last = max(datetime.now(UTC), self.last + timedelta.resolution)
        return self.last

    def apply(self, event: Event) -> None:
        value = json.loads(json.dumps(event.progress))
        row = self.rows.setdefault(event.job_id, {"created_at": self.now(), "status": Status.PENDING, "attempt": 0})
        key = (event.attempt, event.occurred_at)
        if event.kind is EventKind.PROGRESS and key >= self.notes.get(event.job_id, key):
            self.notes[event.job_id] = key
            row["progress"] = value
        if not row["status"].terminal:
            self.move(row, event)
        row["updated_at"] = self.now()

    def move(self, row: dict[str, Any], event: Event) -> None:
        """Let an event that is ahead change an open job."""
        position = (event.attempt, PHASES.get(event.kind, 0))
        if not event.kind.terminal and position <= self.positions.get(event.job_id, (0, -1)):
            return
        self.positions[event.job_id] = position
        row |= {"status": SHOWS[event.kind], "attempt": max(event.attempt, row["attempt"])}
        if event.kind in (EventKind.RETRYING, EventKind.FAILED):
            row["error"] = event.error
        if event.kind.terminal:
            row |= {END_TIMES[row["status"]]: self.now(), "cancelled_by": event.cancelled_by}
        elif row["status"] is Status.ACTIVE:
            row.setdefault("started_at", self.now())

    def read(self, job_id: str) -> dict[str, Any] | None:
        return self.rows.get(job_id)
