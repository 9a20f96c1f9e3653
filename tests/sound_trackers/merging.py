"""Trackers that keep one row per job in memory and merge each event into it, as the rule book's reference does."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from pytest_jobstatus import Event, EventKind, JobError, Profile, Snapshot, Status

SHOWS = {
    EventKind.CREATED: Status.PENDING,
    EventKind.ACTIVE: Status.ACTIVE,
    EventKind.PROGRESS: Status.ACTIVE,
    EventKind.RETRYING: Status.DELAYED,
    EventKind.STALLED: Status.PENDING,
    EventKind.COMPLETED: Status.COMPLETED,
    EventKind.FAILED: Status.FAILED,
    EventKind.CANCELLED: Status.CANCELLED,
}
PHASES = {
    EventKind.CREATED: 0,
    EventKind.ACTIVE: 1,
    EventKind.PROGRESS: 1,
    EventKind.RETRYING: 2,
    EventKind.STALLED: 2,
}
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Row:
    """One job as stored; `note` is for what a tracker keeps beside it."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        self.status: Status | None = None
        self.attempt = 0
        self.created_at: datetime | None = None
        self.started_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.updated_at: datetime | None = None
        self.error: JobError | None = None
        self.cancelled_by: str | None = None
        self.progress: Any = None
        self.progress_key: tuple[int, datetime] | None = None
        self.note: dict[str, Any] = {}

    @property
    def over(self) -> bool:
        """Whether the job has ended."""
        return self.status is not None and self.status.terminal

    @property
    def stalled(self) -> bool:
        """Whether the job waits for another worker because it lost one."""
        return self.status is Status.PENDING and self.attempt > 0

    @property
    def position(self) -> tuple[int, int]:
        """Attempt and phase of an open job."""
        if self.status is None:
            return (-1, 0)
        if self.status is Status.ACTIVE:
            return (self.attempt, 1)
        return (self.attempt, 2 if self.attempt else 0)


class Sound:
    """The reference merge, one method per step, so that a variant or a fault is a change of one of them."""

    profile = Profile()
    tick = timedelta(0)

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    def apply(self, event: Event) -> None:
        value = event.progress
        if isinstance(value, dict | list):
            value = json.loads(json.dumps(value))
        self.merge(self.find(event), event, value)

    def read(self, job_id: str) -> Snapshot | None:
        row = self.rows.get(job_id)
        return None if row is None or row.status is None else self.show(row)

    def find(self, event: Event) -> Row:
        """The job's row, a new one if there is none."""
        row = self.rows.get(event.job_id)
        if row is None:
            row = self.rows[event.job_id] = Row(event.job_id)
        return row

    def merge(self, row: Row, event: Event, value: Any) -> None:
        """Change the row as the event says."""
        ahead = self.is_ahead(row, event)
        if ahead:
            self.move(row, event)
            self.outcome(row, event)
        self.times(row, event, ahead=ahead)
        if event.kind is EventKind.PROGRESS:
            self.note_progress(row, event, value)
        self.touch(row, event)

    def is_ahead(self, row: Row, event: Event) -> bool:
        """Whether the event tells of a later position than the row's."""
        if row.status is None:
            return True
        if row.status.terminal:
            return False
        if event.kind.terminal:
            return True
        return (event.attempt, PHASES[event.kind]) > row.position

    def shows(self, row: Row, event: Event) -> Status:
        """The status that an event that is ahead brings."""
        return SHOWS[event.kind]

    def move(self, row: Row, event: Event) -> None:
        """Set status and attempt."""
        row.status = self.shows(row, event)
        row.attempt = max(row.attempt, event.attempt)

    def outcome(self, row: Row, event: Event) -> None:
        """Set the error, and who cancelled."""
        if event.kind in (EventKind.RETRYING, EventKind.FAILED):
            row.error = event.error
        if event.kind is EventKind.CANCELLED:
            row.cancelled_by = event.cancelled_by

    def instant(self, event: Event) -> datetime:
        """When the event happened, as far as the row is concerned."""
        return event.occurred_at

    def times(self, row: Row, event: Event, *, ahead: bool) -> None:
        """Set the event's time; one that is late may fill in what is missing."""
        if event.kind is EventKind.CREATED and row.created_at is None:
            self.set_created(row, self.instant(event))
        elif event.kind is EventKind.ACTIVE:
            self.set_started(row, event, self.instant(event))
        elif event.kind.terminal and ahead:
            self.set_ended(row, event, self.instant(event))

    def set_created(self, row: Row, at: datetime) -> None:
        """Set the time of creation, before what came later."""
        after = row.started_at or row.ended_at
        row.created_at = at if after is None else min(at, after - self.tick)

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        """Set the time of the first start."""
        fitting = self.fit_start(row, at)
        if fitting is not None and (row.started_at is None or fitting < row.started_at):
            row.started_at = fitting

    def fit_start(self, row: Row, at: datetime) -> datetime | None:
        """The nearest time between creation and end; None if there is none."""
        if row.created_at is not None:
            at = max(at, row.created_at + self.tick)
        if row.ended_at is not None:
            at = min(at, row.ended_at - self.tick)
            if row.created_at is not None and at < row.created_at + self.tick:
                return None
        return at

    def set_ended(self, row: Row, event: Event, at: datetime) -> None:
        """Set the time of the end, after what came before."""
        before = row.started_at or row.created_at
        row.ended_at = at if before is None else max(at, before + self.tick)

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        """Keep the newest progress, with its attempt and instant."""
        key = (event.attempt, event.occurred_at)
        if row.progress_key is None or key >= row.progress_key:
            row.progress, row.progress_key = value, key

    def touch(self, row: Row, event: Event) -> None:
        """Set the time of the last change."""
        at = self.instant(event)
        row.updated_at = at if row.updated_at is None else max(row.updated_at, at)

    def show(self, row: Row) -> Snapshot:
        """What a reader sees of the row."""
        assert row.status is not None
        return Snapshot(
            row.job_id,
            row.status,
            attempt=row.attempt,
            created_at=row.created_at,
            started_at=row.started_at,
            completed_at=row.ended_at if row.status is Status.COMPLETED else None,
            failed_at=row.ended_at if row.status is Status.FAILED else None,
            cancelled_at=row.ended_at if row.status is Status.CANCELLED else None,
            updated_at=row.updated_at,
            error=row.error,
            progress=row.progress,
            cancelled_by=row.cancelled_by,
        )


class SoundStrict(Sound):
    """Keeps creation, start and end apart, by a microsecond at least."""

    profile = Profile(order="strict")
    tick = timedelta(microseconds=1)


class SoundLatest(Sound):
    """Shows the newest attempt's start as `started_at`."""

    profile = Profile(started="latest")

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        """Set the time of the newest start."""
        if event.attempt > row.note.get("start", 0):
            row.note["start"] = event.attempt
            row.started_at = self.fit_start(row, at)


class SoundClearing(Sound):
    """Clears error and progress when the next attempt starts; nothing told again brings them back."""

    def outcome(self, row: Row, event: Event) -> None:
        """Set the error or clear it."""
        super().outcome(row, event)
        if event.kind is EventKind.ACTIVE:
            row.error = None

    def merge(self, row: Row, event: Event, value: Any) -> None:
        """Change the row as the event says, and clear the progress of older attempts."""
        super().merge(row, event, value)
        older = row.progress_key is None or row.progress_key[0] < event.attempt
        if event.kind is EventKind.ACTIVE and not row.over and older:
            self.clear_progress(row, event)

    def clear_progress(self, row: Row, event: Event) -> None:
        """Forget the progress, but not which attempt's comes next."""
        row.progress, row.progress_key = None, (event.attempt, LONG_AGO)


class SoundArrival(Sound):
    """Shows arrival times by a clock of its own, which ticks with each event from midnight on."""

    profile = Profile(unsupported={"event_time": "rows are stamped with the tracker's own clock"})

    def __init__(self) -> None:
        super().__init__()
        self.clock = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

    def instant(self, event: Event) -> datetime:
        """When the event arrived."""
        return self.clock

    def apply(self, event: Event) -> None:
        self.clock += timedelta(milliseconds=1)
        super().apply(event)


class SoundWaiting(Sound):
    """Keeps what it is told until it is asked to write."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Event] = []

    def apply(self, event: Event) -> None:
        self.waiting.append(event)

    def settle(self) -> None:
        """Write all that waits."""
        for event in self.waiting:
            super().apply(event)
        self.waiting.clear()


class Stale(Exception):  # noqa: N818 - says what the event is, not that the tracker erred
    """The event is behind what is shown."""


class SoundRefusing(Sound):
    """Refuses what is behind, as it declares; progress it takes or ignores."""

    profile = Profile(refuses=(Stale,))

    def merge(self, row: Row, event: Event, value: Any) -> None:
        """Change the row as the event says, or refuse the event."""
        if event.kind is not EventKind.PROGRESS and not self.is_ahead(row, event):
            self.refuse(row, event)
        super().merge(row, event, value)

    def refuse(self, row: Row, event: Event) -> None:
        """Say what the event is behind."""
        raise Stale(f"{event.name} is behind {row.status}")
