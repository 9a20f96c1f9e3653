"""Sound trackers that keep their times as whole ticks: how long one is, and which way an instant is rounded."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from pytest_jobstatus import Event, EventKind, JobError, Profile, Snapshot, Status
from pytest_jobstatus.tracker import END_TIMES
from tests.sound_trackers.merging import PHASES, SHOWS
from tests.sound_trackers.shapes_of_reading import ENDS
from tests.sound_trackers.times import EPOCH, HOUR, MILLISECOND, MINUTE

NEWFOUNDLAND = ZoneInfo("America/St_Johns")


@dataclass
class TickRow:
    """One job as stored."""

    status: Status = Status.PENDING
    position: tuple[int, int] = (0, -1)
    created: int | None = None
    started: int | None = None
    started_of: int = 0
    ended: int | None = None
    updated: int = 0
    error: JobError | None = None
    progress: Any = None
    progress_key: tuple[int, datetime] | None = None
    cancelled_by: str | None = None


class Ticks:
    """Rounds down, keeps creation, start and end some ticks apart, and shows a stalled job as delayed."""

    profile: ClassVar[Profile] = Profile()
    unit = timedelta.resolution
    gap = 0

    def __init__(self) -> None:
        self.rows: dict[str, TickRow] = {}

    def ticks(self, at: datetime) -> int:
        """An instant in whole ticks."""
        return (at - EPOCH) // self.unit

    def apply(self, event: Event) -> None:
        value, at = json.loads(json.dumps(event.progress)), self.ticks(event.occurred_at)
        row = self.rows.setdefault(event.job_id, self.new_row(at))
        row.updated = max(row.updated, at)
        if event.kind is EventKind.CREATED and row.created is None:
            row.created = min([at, *(time - self.gap for time in (row.started, row.ended) if time is not None)])
        if event.kind is EventKind.ACTIVE:
            self.start(row, event.attempt, at)
        if row.ended is not None:
            return
        key = (event.attempt, event.occurred_at)
        if event.kind is EventKind.PROGRESS and key >= (row.progress_key or key):
            row.progress_key, row.progress = key, value
        self.move(row, event, at)

    def new_row(self, at: int) -> TickRow:
        """The row of a job that is first heard of at that time."""
        return TickRow()

    def start(self, row: TickRow, attempt: int, at: int) -> None:
        """Take the first attempt's start; where no tick is left between creation and end, none."""
        if row.started is not None and attempt >= row.started_of:
            return
        earliest = at if row.created is None else row.created + self.gap
        start = max(at, earliest) if row.ended is None else min(max(at, earliest), row.ended - self.gap)
        if row.created is None or start >= earliest:
            row.started, row.started_of = start, attempt

    def move(self, row: TickRow, event: Event, at: int) -> None:
        """Let an event that is ahead change an open job."""
        position = (max(event.attempt, row.position[0]), 3)
        if not event.kind.terminal:
            position = (event.attempt, PHASES[event.kind])
        if position <= row.position:
            return
        row.position = position
        row.status = Status.DELAYED if event.kind is EventKind.STALLED else SHOWS[event.kind]
        if event.kind in (EventKind.RETRYING, EventKind.FAILED):
            row.error = event.error
        if event.kind.terminal:
            row.ended = max([at, *(time + self.gap for time in (row.created, row.started) if time is not None)])
            row.cancelled_by = event.cancelled_by

    def time(self, ticks: int | None) -> datetime | None:
        """The time to show."""
        return None if ticks is None else EPOCH + ticks * self.unit

    def read(self, job_id: str) -> Any:
        return self.show(job_id, self.rows[job_id]) if job_id in self.rows else None

    def show(self, job_id: str, row: TickRow) -> Any:
        """What a reader sees; of no attempt None."""
        times = {"created_at": row.created, "started_at": row.started, "updated_at": row.updated}
        if row.ended is not None:
            times[END_TIMES[row.status]] = row.ended
        return Snapshot(
            job_id,
            row.status,
            attempt=row.position[0] or None,
            **{name: self.time(ticks) for name, ticks in times.items()},
            error=row.error,
            progress=row.progress,
            cancelled_by=row.cancelled_by,
        )


class StrictMillisecondsUp(Ticks):
    """Rounds up to whole milliseconds, which never coincide."""

    profile = Profile(order="strict", resolution=MILLISECOND)
    unit, gap = MILLISECOND, 1

    def ticks(self, at: datetime) -> int:
        return -((EPOCH - at) // self.unit)


class NaiveMinutes(Ticks):
    """Shows naive minutes, which never coincide, of a zone that it names, and one `ended_at`, in a mapping."""

    profile = Profile(order="strict", resolution=MINUTE, timezone="Asia/Kathmandu")
    unit, gap = MINUTE, 1

    def time(self, ticks: int | None) -> datetime | None:
        at = super().time(ticks)
        return None if at is None else at.astimezone(self.profile.zone).replace(tzinfo=None)

    def show(self, job_id: str, row: TickRow) -> dict[str, Any]:
        shown = vars(super().show(job_id, row))
        return {name: shown[name] for name in shown if name not in ENDS} | {"ended_at": self.time(row.ended)}


class HoursUp(Ticks):
    """Rounds up to whole hours, the coarsest that there is, and shows them in another zone."""

    profile = Profile(resolution=HOUR)
    unit = HOUR

    def ticks(self, at: datetime) -> int:
        return -((EPOCH - at) // self.unit)

    def time(self, ticks: int | None) -> datetime | None:
        at = super().time(ticks)
        return None if at is None else at.astimezone(NEWFOUNDLAND)


class InventsCreation(Ticks):
    """Shows the start or the end as `created_at` until it is told of the creation."""

    def show(self, job_id: str, row: TickRow) -> Snapshot:
        shown: Snapshot = super().show(job_id, row)
        return replace(shown, created_at=shown.created_at or shown.started_at or shown.ended_at)


class FirstHeard(Ticks):
    """Shows the instant of the first event told, whichever it is, as `created_at`; so it waives that orders agree."""

    profile = Profile(
        order="strict",
        started="latest",
        resolution=timedelta(microseconds=100),
        waived={"CONV-2": "created_at is the first event's instant, whichever that is"},
    )
    unit, gap = timedelta(microseconds=100), 1

    def new_row(self, at: int) -> TickRow:
        return TickRow(created=at)

    def start(self, row: TickRow, attempt: int, at: int) -> None:
        if row.ended is None and row.created is not None and attempt > row.started_of:
            row.started, row.started_of = max(at, row.created + self.gap), attempt
