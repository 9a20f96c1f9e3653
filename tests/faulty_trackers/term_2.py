"""Faulty for TERM-2: an ended job's time, attempt, error or canceller changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pytest_jobstatus import Event, EventKind, JobError, Snapshot, Status
from tests.sound_trackers.merging import Row, Sound


class SecondEndMovesEnd(Sound):
    """TERM-2: another terminal event, though ignored, moves the end time."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind.terminal and row.ended_at is not None:
            row.ended_at = max(row.ended_at, event.occurred_at)


class EndMakesRoom(Sound):
    """TERM-2: a late start with a later instant moves the end time."""

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        if row.ended_at is not None:
            row.ended_at = max(row.ended_at, at)
        super().set_started(row, event, at)


class LateStartBlanksEnd(Sound):
    """TERM-2: a late start empties the end time."""

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        super().set_started(row, event, at)
        row.ended_at = None


class LateCreationBlanksEnd(Sound):
    """TERM-2: a late created empties the end time."""

    def set_created(self, row: Row, at: datetime) -> None:
        super().set_created(row, at)
        row.ended_at = None


class LateStartWipesError(Sound):
    """TERM-2: a late start empties the error of a failed job."""

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        super().set_started(row, event, at)
        row.error = None


class LateRetryFillsError(Sound):
    """TERM-2: a failure without an error takes that of a late retrying."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.RETRYING and row.status is Status.FAILED and row.error is None:
            row.error = event.error


class LateRetryReplacesError(Sound):
    """TERM-2: a late retrying replaces the error of a failed job."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.RETRYING and row.status is Status.FAILED and event.error is not None:
            row.error = event.error


class SecondCancelRenames(Sound):
    """TERM-2: a second cancellation puts its own cancelled_by."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.CANCELLED and row.status is Status.CANCELLED:
            row.cancelled_by = event.cancelled_by


class LateStartLowersAttempt(Sound):
    """TERM-2/CONV-1: a late start writes its attempt into the ended row."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.ACTIVE and row.over:
            row.attempt = event.attempt


class EndReadFromUpdatedAt(Sound):
    """TERM-2: the end time shown is updated_at, which late events move."""

    def show(self, row: Row) -> Snapshot:
        end, row.ended_at = row.ended_at, row.updated_at if row.over else None
        shown = super().show(row)
        row.ended_at = end
        return shown


class LateStartRaisesAttempt(Sound):
    """TERM-2: whatever comes after the end still raises the attempt."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        row.attempt = max(row.attempt, event.attempt)


class LateProgressDropsWho(Sound):
    """TERM-2: progress after a cancellation empties cancelled_by."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        row.cancelled_by = None


class LateStallReplacesError(Sound):
    """TERM-2: a late stall report replaces the error of a failed job."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.STALLED and row.status is Status.FAILED:
            row.error = JobError("WorkerLost", "the worker was lost")


class EndKeptAsDuration(Sound):
    """TERM-2: the end is kept as the time since the start: a late start that is earlier moves it."""

    def show(self, row: Row) -> Snapshot:
        if row.over and row.started_at is not None and row.ended_at is not None:
            lasted = row.note.setdefault("lasted", row.ended_at - row.started_at)
            row.ended_at = row.started_at + lasted
        return super().show(row)


FAULTY: tuple[type[Sound], ...] = (
    SecondEndMovesEnd,
    EndMakesRoom,
    LateStartBlanksEnd,
    LateCreationBlanksEnd,
    LateStartWipesError,
    LateRetryFillsError,
    LateRetryReplacesError,
    SecondCancelRenames,
    LateStartLowersAttempt,
    EndReadFromUpdatedAt,
    LateStartRaisesAttempt,
    LateProgressDropsWho,
    LateStallReplacesError,
    EndKeptAsDuration,
)
