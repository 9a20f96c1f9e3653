"""Faulty for TRACK-1: delivered in order, some event does not show its status."""

from __future__ import annotations

from typing import Any

from pytest_jobstatus import Event, EventKind, JobError, Status
from tests.sound_trackers.merging import Row, Sound


class RetryShownPending(Sound):
    """TRACK-1/TRACK-6: a job that waits for its retry is shown pending instead of delayed."""

    def shows(self, row: Row, event: Event) -> Status:
        return Status.PENDING if event.kind is EventKind.RETRYING else super().shows(row, event)


class SecondRetryShownPending(Sound):
    """TRACK-1/TRACK-6: the first retry is shown delayed, every later one pending."""

    def shows(self, row: Row, event: Event) -> Status:
        return Status.PENDING if event.kind is EventKind.RETRYING and event.attempt > 1 else super().shows(row, event)


class RetryWithoutDateShownPending(Sound):
    """TRACK-1/TRACK-6: a retry that does not say when it is due is shown pending."""

    def shows(self, row: Row, event: Event) -> Status:
        if event.kind is EventKind.RETRYING and event.retry_at is None:
            return Status.PENDING
        return super().shows(row, event)


class FirstStallTolerated(Sound):
    """TRACK-1/TRACK-6: the first stall of a job leaves it active."""

    def move(self, row: Row, event: Event) -> None:
        if event.kind is EventKind.STALLED:
            row.note["stalls"] = row.note.get("stalls", 0) + 1
            if row.note["stalls"] == 1 and row.status is Status.ACTIVE:
                return
        super().move(row, event)


class SecondStallFails(Sound):
    """TRACK-1/TRACK-6: the second stall of a job ends it as failed."""

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind is EventKind.STALLED:
            row.note["stalls"] = row.note.get("stalls", 0) + 1
            if row.note["stalls"] == 2:
                row.status = Status.FAILED
                row.error = JobError("StalledError", "job stalled more than allowed")
                self.set_ended(row, event, event.occurred_at)


class MaxRankOnly(Sound):
    """TRACK-1/TRACK-6: the status only rises in rank, so the next start does not replace delayed."""

    def shows(self, row: Row, event: Event) -> Status:
        ranks = (Status.PENDING, Status.ACTIVE, Status.DELAYED, Status.FAILED, Status.COMPLETED, Status.CANCELLED)
        shown = super().shows(row, event)
        return max(row.status or shown, shown, key=ranks.index)


class CancelWhileDelayedLost(Sound):
    """TRACK-1/TRACK-4/TRACK-6: a cancellation is written over pending and active, but not over delayed."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        return super().is_ahead(row, event) and not (event.kind is EventKind.CANCELLED and row.status is Status.DELAYED)


class CompletionAfterStallLost(Sound):
    """TRACK-1/TRACK-4/TRACK-6: completed is not written over a stalled job."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        return super().is_ahead(row, event) and not (event.kind is EventKind.COMPLETED and row.stalled)


class CancelBeforeStartRemoves(Sound):
    """TRACK-1/TRACK-4/TRACK-6: cancelling a job that never started removes its row."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind is EventKind.CANCELLED and not row.over and event.attempt == 0:
            del self.rows[event.job_id]
            return
        super().merge(row, event, value)


class StartAfterStallLost(Sound):
    """TRACK-1/TRACK-6: a start is not written over a stalled job."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        return super().is_ahead(row, event) and not (event.kind is EventKind.ACTIVE and row.stalled)


class DedupAcrossJobs(Sound):
    """TRACK-1/TRACK-6: an event like the one just before it is dropped as a repeat, though of another job."""

    last: tuple[object, str] = (None, "")

    def apply(self, event: Event) -> None:
        (known, job_id), signature = self.last, (event.kind, event.attempt, event.occurred_at)
        if signature == known and job_id != event.job_id:
            return
        self.last = (signature, event.job_id)
        super().apply(event)


class EveryFiftiethLost(Sound):
    """TRACK-1/TRACK-6: the event that fills a batch of fifty is lost."""

    count = 0

    def apply(self, event: Event) -> None:
        self.count += 1
        if self.count % 50:
            super().apply(event)


class FailureAfterRetryStaysDelayed(Sound):
    """TRACK-1/TRACK-6: a failure after a retry is taken for one more retry and shown delayed."""

    def shows(self, row: Row, event: Event) -> Status:
        if event.kind is EventKind.RETRYING:
            row.note["retried"] = True
        if event.kind is EventKind.FAILED and row.note.get("retried") and event.attempt < 3:
            return Status.DELAYED
        return super().shows(row, event)


class EndWithoutProgressLost(Sound):
    """TRACK-1/TRACK-6: a running job that told no progress counts as not begun, and its completion is not written."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        idle = row.status is Status.ACTIVE and row.progress_key is None
        return not (idle and event.kind is EventKind.COMPLETED) and super().is_ahead(row, event)


FAULTY: tuple[type[Sound], ...] = (
    RetryShownPending,
    SecondRetryShownPending,
    RetryWithoutDateShownPending,
    FirstStallTolerated,
    SecondStallFails,
    MaxRankOnly,
    CancelWhileDelayedLost,
    CompletionAfterStallLost,
    CancelBeforeStartRemoves,
    StartAfterStallLost,
    DedupAcrossJobs,
    EveryFiftiethLost,
    FailureAfterRetryStaysDelayed,
    EndWithoutProgressLost,
)
