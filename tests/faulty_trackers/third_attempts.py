"""Faulty in a third attempt, in a large batch, or for one kind of error: what the smallest runs do not show."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from pytest_jobstatus import Event, EventKind, Profile, Snapshot, Status
from tests.faulty_trackers.load_1 import MOMENT
from tests.sound_trackers.merging import Row, Sound, SoundLatest, SoundWaiting


class OldErrorWhereNoneIsGiven(Sound):
    """RETRY-5: a failure that gives no reason shows that of the last retry, unless a start came between."""

    def outcome(self, row: Row, event: Event) -> None:
        before = row.error
        super().outcome(row, event)
        if event.kind is EventKind.FAILED and event.error is None:
            row.error = before
        if event.kind is EventKind.ACTIVE:
            row.error = None


class LateCreationUnclamped(Sound):
    """TIME-1: once a third attempt has started, a creation that comes late is stored as it is."""

    def set_created(self, row: Row, at: datetime) -> None:
        super().set_created(row, at)
        if row.attempt > 2:
            row.created_at = at


class EndOfZombieUnclamped(SoundLatest):
    """TIME-1: the end of an attempt that was given up is held against the creation, not against the newest start."""

    profile = Profile(started="latest")

    def set_ended(self, row: Row, event: Event, at: datetime) -> None:
        super().set_ended(row, event, at)
        if event.attempt < row.attempt:
            row.ended_at = at if row.created_at is None else max(at, row.created_at)


class NewestOfBatchByTime(SoundWaiting):
    """PROG-2: of the progress that waits the one with the latest instant is written, whatever its attempt."""

    def settle(self) -> None:
        progress = [event for event in self.waiting if event.kind is EventKind.PROGRESS]
        newest = max(progress, key=lambda event: event.occurred_at, default=None)
        self.waiting = [event for event in self.waiting if event is newest or event not in progress]
        super().settle()


class FiftyAtATime(SoundWaiting):
    """CONV-1: of what waits the last fifty are written."""

    def settle(self) -> None:
        del self.waiting[:-50]
        super().settle()


class TimeoutsAreRetried(Sound):
    """TRACK-4: a failure by a time-out is taken for one that will be retried."""

    def shows(self, row: Row, event: Event) -> Status:
        timed_out = event.kind is EventKind.FAILED and event.error is not None and "Timeout" in event.error.type
        return Status.DELAYED if timed_out else super().shows(row, event)


class ThirdCancelledError(Sound):
    """CANC-4: in the third attempt a CancelledError is a cancellation."""

    def shows(self, row: Row, event: Event) -> Status:
        failed = event.error if event.kind is EventKind.FAILED and event.attempt > 2 else None
        stopped = failed is not None and "Cancelled" in failed.type
        return Status.CANCELLED if stopped else super().shows(row, event)


class ThirdAttemptMerges(Sound):
    """PROG-4: in the third attempt an object is merged into the one before."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        before = row.progress
        super().note_progress(row, event, value)
        if event.attempt > 2 and isinstance(before, dict) and isinstance(row.progress, dict):
            row.progress = {**before, **row.progress}


class SleepsWithoutReason(Sound):
    """LOAD-1: a failure that gives no reason waits for one."""

    def apply(self, event: Event) -> None:
        if event.kind is EventKind.FAILED and event.error is None:
            time.sleep(MOMENT)
        super().apply(event)


class ReadingReleases(Sound):
    """TRACK-2: who reads a job that waits for its third attempt finds it released the next time."""

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        if row.status is Status.DELAYED and row.attempt > 1:
            row.status = Status.PENDING
        return shown


FAULTY: tuple[type[Sound], ...] = (
    OldErrorWhereNoneIsGiven,
    LateCreationUnclamped,
    EndOfZombieUnclamped,
    NewestOfBatchByTime,
    FiftyAtATime,
    TimeoutsAreRetried,
    ThirdCancelledError,
    ThirdAttemptMerges,
    SleepsWithoutReason,
    ReadingReleases,
)
