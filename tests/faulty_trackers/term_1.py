"""Faulty for TERM-1: a terminal status changes."""

from __future__ import annotations

from collections import deque
from typing import Any

from pytest_jobstatus import Event, EventKind, Status
from tests.sound_trackers.merging import SHOWS, Row, Sound


class LastWriteWins(Sound):
    """TERM-1/TERM-3/TRACK-6/CONV-1: whatever comes last is shown."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        return True


class GuardsCompletedOnly(Sound):
    """TERM-1/TERM-3/CONV-1: completed is guarded, but a failed or cancelled job takes whatever comes late."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        return super().is_ahead(row, event) or row.status in (Status.FAILED, Status.CANCELLED)


class CancelledThenStarted(Sound):
    """TERM-1: a job cancelled before it started becomes active when a worker starts it after all."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        picked = row.status is Status.CANCELLED and row.attempt == 0 and event.kind is EventKind.ACTIVE
        return picked or super().is_ahead(row, event)


class RetryReopensFailed(Sound):
    """TERM-1/TERM-3/CONV-1: a late retrying reopens a failed job."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.RETRYING and row.status is Status.FAILED:
            row.status = Status.DELAYED


class StallReopensCompleted(Sound):
    """TERM-1/TERM-3/CONV-1: a late stall report of the attempt that completed reopens the job."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.STALLED and row.status is Status.COMPLETED and event.attempt == row.attempt:
            row.status = Status.PENDING


class HeartbeatReopensCancelled(Sound):
    """TERM-1/TERM-3/CONV-1: progress after a cancellation shows active again."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        if row.status is Status.CANCELLED:
            row.status = Status.ACTIVE


class CompletedOverStalledFailure(Sound):
    """TERM-1: a failure after a stall gives way to completed, from the worker that was thought lost."""

    def move(self, row: Row, event: Event) -> None:
        row.note["abandoned"] = event.kind is EventKind.FAILED and row.stalled
        super().move(row, event)

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if row.note.get("abandoned") and event.kind is EventKind.COMPLETED:
            row.status = Status.PENDING
        super().merge(row, event, value)


class CancelOverCompleted(Sound):
    """TERM-1: a cancellation overwrites completed."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        return super().is_ahead(row, event) or (row.status is Status.COMPLETED and event.kind is EventKind.CANCELLED)


class NextStartReopensFailed(Sound):
    """TERM-1: a start of the attempt after the one that failed reopens the job."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        rerun = row.status is Status.FAILED and event.kind is EventKind.ACTIVE and event.attempt > row.attempt
        return rerun or super().is_ahead(row, event)


class GuardForgetsAfterFifty(Sound):
    """TERM-1/TERM-3/CONV-1: the last fifty ended jobs are remembered, and older ones take late starts."""

    def __init__(self) -> None:
        super().__init__()
        self.ended: deque[str] = deque(maxlen=50)

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if row.over and event.kind is EventKind.ACTIVE and row.job_id not in self.ended:
            row.status = Status.ACTIVE
        super().merge(row, event, value)
        if row.over and row.job_id not in self.ended:
            self.ended.append(row.job_id)


class GuardKnowsLastEnded(Sound):
    """TERM-1/TERM-3: the last ended job is remembered, and older ones take late retries and stalls."""

    last = ""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if row.over and event.kind in (EventKind.RETRYING, EventKind.STALLED) and self.last != row.job_id:
            row.status = SHOWS[event.kind]
        super().merge(row, event, value)
        if row.over:
            self.last = row.job_id


class GuardUsedUp(Sound):
    """TERM-1/TERM-3/CONV-1: the first late event is ignored, and the second one reopens the job."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        was_over = row.over
        super().merge(row, event, value)
        if was_over and not event.kind.terminal:
            row.note["late"] = row.note.get("late", 0) + 1
            if row.note["late"] == 2:
                row.status = self.shows(row, event)


class GuardOfSameAttempt(Sound):
    """TERM-1/TERM-3/CONV-1: a retry or stall of another attempt than the one that ended reopens the job."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if row.over and event.kind in (EventKind.RETRYING, EventKind.STALLED) and event.attempt != row.attempt:
            row.status = self.shows(row, event)
        super().merge(row, event, value)


class LateFailureOverCancelled(Sound):
    """TERM-1: a failure overwrites cancelled."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        return super().is_ahead(row, event) or (row.status is Status.CANCELLED and event.kind is EventKind.FAILED)


FAULTY: tuple[type[Sound], ...] = (
    LastWriteWins,
    GuardsCompletedOnly,
    CancelledThenStarted,
    RetryReopensFailed,
    StallReopensCompleted,
    HeartbeatReopensCancelled,
    CompletedOverStalledFailure,
    CancelOverCompleted,
    NextStartReopensFailed,
    GuardForgetsAfterFifty,
    GuardKnowsLastEnded,
    GuardUsedUp,
    GuardOfSameAttempt,
    LateFailureOverCancelled,
)
