"""Faulty for TRACK-4: the terminal event alone is not enough."""

from __future__ import annotations

from typing import Any

from pytest_jobstatus import Event, EventKind, Snapshot, Status
from tests.sound_trackers.merging import Row, Sound


class UpdateOnly(Sound):
    """TRACK-4/TRACK-6: an UPDATE without a row changes nothing, so whatever comes before created is lost."""

    def apply(self, event: Event) -> None:
        if event.kind is not EventKind.CREATED and event.job_id not in self.rows:
            return
        super().apply(event)


class ParkedUntilCreated(Sound):
    """TRACK-4/TRACK-6: events wait for created, for ever if that was lost."""

    def __init__(self) -> None:
        super().__init__()
        self.parked: dict[str, list[Event]] = {}

    def apply(self, event: Event) -> None:
        if event.kind is not EventKind.CREATED and event.job_id not in self.rows:
            self.parked.setdefault(event.job_id, []).append(event)
            return
        super().apply(event)
        for each in self.parked.pop(event.job_id, ()):
            super().apply(each)


class FailedNeedsStart(Sound):
    """TRACK-4/TRACK-6: failed waits for the start, for ever if that was lost."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind is EventKind.FAILED and row.started_at is None and not row.over:
            row.note["parked"] = event
            return
        super().merge(row, event, value)
        if event.kind is EventKind.ACTIVE and "parked" in row.note:
            self.merge(row, row.note.pop("parked"), None)


class EarlyCancelIgnored(Sound):
    """TRACK-4/TRACK-6: cancelling a job never heard of is ignored."""

    def apply(self, event: Event) -> None:
        if event.kind is EventKind.CANCELLED and event.job_id not in self.rows:
            return
        super().apply(event)


class EndAloneHasAttemptOne(Sound):
    """TRACK-4/TRACK-6: a row made by the end shows attempt 1, the column's default, for any later one."""

    def move(self, row: Row, event: Event) -> None:
        fresh = row.status is None
        super().move(row, event)
        if fresh and event.kind.terminal:
            row.attempt = min(row.attempt, 1)


class EndTwoAttemptsOnLost(Sound):
    """TRACK-4/TRACK-6: an end two attempts after the one shown is dropped as implausible."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        far = row.attempt > 0 and event.attempt > row.attempt + 1
        return super().is_ahead(row, event) and not (far and event.kind in (EventKind.COMPLETED, EventKind.FAILED))


class ReaderJoinsCreated(Sound):
    """TRACK-4/TRACK-6: a job whose created was lost reads as nothing."""

    def read(self, job_id: str) -> Snapshot | None:
        found = super().read(job_id)
        return None if found is None or found.created_at is None else found


class CompletedWithoutStartFails(Sound):
    """TRACK-4/TRACK-6: completed of a job that shows no start is recorded as failed."""

    def shows(self, row: Row, event: Event) -> Status:
        if event.kind is EventKind.COMPLETED and row.started_at is None:
            return Status.FAILED
        return super().shows(row, event)


class EndKeepsShownAttempt(Sound):
    """TRACK-4/TRACK-6/CONV-1: the end sets the status, but leaves the attempt that is shown."""

    def move(self, row: Row, event: Event) -> None:
        attempt, fresh = row.attempt, row.attempt == 0
        super().move(row, event)
        if event.kind.terminal and not fresh:
            row.attempt = attempt


class CancelOfProgressRowLost(Sound):
    """TRACK-4/TRACK-6: a cancellation is lost where progress was the first news of the job."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if row.status is None:
            row.note["born"] = event.kind
        elif event.kind in (EventKind.CREATED, EventKind.ACTIVE):
            row.note.pop("born", None)
        if event.kind is EventKind.CANCELLED and row.note.get("born") is EventKind.PROGRESS:
            return
        super().merge(row, event, value)


FAULTY: tuple[type[Sound], ...] = (
    UpdateOnly,
    ParkedUntilCreated,
    FailedNeedsStart,
    EarlyCancelIgnored,
    EndAloneHasAttemptOne,
    EndTwoAttemptsOnLost,
    ReaderJoinsCreated,
    CompletedWithoutStartFails,
    EndKeepsShownAttempt,
    CancelOfProgressRowLost,
)
