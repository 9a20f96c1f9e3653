"""Faulty for TERM-3: a terminal event that overtakes others is not recorded, or undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pytest_jobstatus import Event, EventKind, Status
from tests.sound_trackers.merging import Row, Sound


class EndNeedsActive(Sound):
    """TERM-3/TRACK-4/TRACK-6: completed and failed are not written over pending or delayed."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        idle = event.kind in (EventKind.COMPLETED, EventKind.FAILED) and row.status in (Status.PENDING, Status.DELAYED)
        return super().is_ahead(row, event) and not idle


class EndOfOtherAttemptLost(Sound):
    """TERM-3/TRACK-4/TRACK-6/CONV-1: completed and failed are dropped where another attempt is shown."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        other = row.attempt not in (0, event.attempt)
        return super().is_ahead(row, event) and not (other and event.kind in (EventKind.COMPLETED, EventKind.FAILED))


class CreationReplacesProvisional(Sound):
    """TERM-3/TERM-1/CONV-1: a row that nothing but a terminal event has made is replaced by created."""

    def apply(self, event: Event) -> None:
        row = self.rows.get(event.job_id)
        if row is None and event.kind.terminal:
            super().apply(event)
            self.rows[event.job_id].note["provisional"] = True
            return
        if row is not None and event.kind is EventKind.CREATED and row.note.get("provisional"):
            del self.rows[event.job_id]
        elif row is not None and not event.kind.terminal:
            row.note.pop("provisional", None)
        super().apply(event)


class UnstartedEndUndone(Sound):
    """TERM-3/TERM-1/CONV-1: a late start makes an ended job active that shows no start yet."""

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        if row.over and row.started_at is None:
            row.status = Status.ACTIVE
        super().set_started(row, event, at)


class FailureOvertakingStartIsRetry(Sound):
    """TERM-3/TRACK-4/TRACK-6: failed of a later attempt than the one shown is taken for a retry and shown delayed."""

    def shows(self, row: Row, event: Event) -> Status:
        if event.kind is EventKind.FAILED and 0 < row.attempt < event.attempt:
            return Status.DELAYED
        return super().shows(row, event)


class LaterClockUndoes(Sound):
    """TERM-3/TERM-1/CONV-1: a late start whose instant is not before the end's reopens the job."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if row.ended_at is not None and event.kind is EventKind.ACTIVE and event.occurred_at >= row.ended_at:
            row.status = Status.ACTIVE
        super().merge(row, event, value)


class OvertakingCompletedParked(Sound):
    """TERM-3/TRACK-4/TRACK-6: completed, when it comes first of all, waits for the start."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind is EventKind.COMPLETED and row.status is None:
            row.note["parked"] = event
            return
        super().merge(row, event, value)
        if event.kind is EventKind.ACTIVE and "parked" in row.note:
            super().merge(row, row.note.pop("parked"), None)


class EarlyCancelUndone(Sound):
    """TERM-3/TERM-1/CONV-1: a cancellation that overtakes created is undone by it."""

    def set_created(self, row: Row, at: datetime) -> None:
        if row.status is Status.CANCELLED and row.started_at is None:
            row.status = Status.PENDING
        super().set_created(row, at)


class TiedEndLost(Sound):
    """TERM-3/TRACK-1: a terminal event in the instant of the newest one seen is dropped as a repeat."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        tied = event.kind.terminal and row.updated_at == event.occurred_at
        return super().is_ahead(row, event) and not tied


class CancelWaitsForWorker(Sound):
    """TERM-3/TRACK-4/TRACK-6: cancelling a pending job takes effect with its next event only."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind is EventKind.CANCELLED and row.status is Status.PENDING:
            row.note["asked"] = event
            return
        super().merge(row, event, value)
        if "asked" in row.note:
            super().merge(row, row.note.pop("asked"), None)


FAULTY: tuple[type[Sound], ...] = (
    EndNeedsActive,
    EndOfOtherAttemptLost,
    CreationReplacesProvisional,
    UnstartedEndUndone,
    FailureOvertakingStartIsRetry,
    LaterClockUndoes,
    OvertakingCompletedParked,
    EarlyCancelUndone,
    TiedEndLost,
    CancelWaitsForWorker,
)
