"""Faulty for STALL-2: a stall report for an attempt that is over changes the job."""

from __future__ import annotations

from typing import Any

from pytest_jobstatus import Event, EventKind, JobError, Status
from tests.sound_trackers.merging import LONG_AGO, Row, Sound, SoundLatest, SoundStrict


class StaleStallReleasesRunning(Sound):
    """STALL-2: a stall report for an older attempt turns the running job pending."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.STALLED and row.status is Status.ACTIVE:
            row.status = Status.PENDING


class StallBesideRetryShownAsPending(Sound):
    """STALL-2: a stall report for the attempt that failed turns the delayed job pending."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.STALLED and row.status is Status.DELAYED and event.attempt == row.attempt:
            row.status = Status.PENDING


class StallReopensCancelled(SoundStrict):
    """STALL-2: a stall report turns a cancelled job pending; completed and failed ones are left alone."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.STALLED and row.status is Status.CANCELLED:
            row.status, row.ended_at = Status.PENDING, None


class StallLeavesErrorOnCompleted(Sound):
    """STALL-2: a stall report for a completed job leaves an error on it."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.STALLED and row.status is Status.COMPLETED:
            row.error = JobError("Stalled", "job stalled more than allowed")


class StaleStallDropsProgress(Sound):
    """STALL-2: a stall report for an older attempt drops the progress of the running one."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.STALLED and event.attempt < row.attempt and not row.over:
            row.progress = None


class StaleStallDropsStart(SoundLatest):
    """STALL-2: a stall report for an older attempt takes away the running one's start."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.STALLED and row.status is Status.ACTIVE and event.attempt < row.attempt:
            row.started_at = None


class StaleStallDropsErrorOfRetry(Sound):
    """STALL-2: a stall report for an older attempt drops the error of the one that awaits its retry."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.STALLED and row.status is Status.DELAYED and event.attempt < row.attempt:
            row.error = None


class StallTwoAttemptsBackTaken(Sound):
    """STALL-2: a stall report for the attempt just before is dropped, but not for the one before that."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        older = event.kind is EventKind.STALLED and event.attempt == row.attempt - 2
        super().merge(row, event, value)
        if older and not row.over:
            row.status = Status.PENDING


class StaleStallOfLaterClockTaken(Sound):
    """STALL-2: a stall report for an older attempt is taken if its instant is later than the newest start."""

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind is EventKind.ACTIVE:
            row.note["start"] = event.occurred_at

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        late = event.kind is EventKind.STALLED and event.occurred_at > row.note.get("start", LONG_AGO)
        if late and row.status is Status.ACTIVE:
            row.status = Status.PENDING


class ThirdStaleStallTrusted(Sound):
    """STALL-2: two stall reports for an attempt that is over are dropped; the third turns the open job pending."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        stale = event.kind is EventKind.STALLED and not row.over and not self.is_ahead(row, event)
        super().merge(row, event, value)
        if stale and row.status is not Status.PENDING:
            row.note["dropped"] = row.note.get("dropped", 0) + 1
            if row.note["dropped"] == 3:
                row.status = Status.PENDING


FAULTY: tuple[type[Sound], ...] = (
    StaleStallReleasesRunning,
    StallBesideRetryShownAsPending,
    StallReopensCancelled,
    StallLeavesErrorOnCompleted,
    StaleStallDropsProgress,
    StaleStallDropsStart,
    StaleStallDropsErrorOfRetry,
    StallTwoAttemptsBackTaken,
    StaleStallOfLaterClockTaken,
    ThirdStaleStallTrusted,
)
