"""Faulty for CONV-2: timestamps, progress or error depend on the order of what came before the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from pytest_jobstatus import Event, EventKind, Snapshot
from tests.sound_trackers.merging import Row, Sound, SoundClearing, SoundLatest
from tests.sound_trackers.write_behind import Batched


class FirstStartDelivered(Sound):
    """CONV-2: started_at is the start that was delivered first."""

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        if row.started_at is None:
            super().set_started(row, event, at)


class LateCreatedIgnored(Sound):
    """CONV-2: created_at stays empty if the created event comes after the start."""

    def set_created(self, row: Row, at: datetime) -> None:
        if row.started_at is None:
            super().set_created(row, at)


class CreationInventedByAStall(Sound):
    """CONV-2: a stall report that comes first sets created_at, and the created event does not correct it."""

    def times(self, row: Row, event: Event, *, ahead: bool) -> None:
        super().times(row, event, ahead=ahead)
        if event.kind is EventKind.STALLED and row.created_at is None:
            self.set_created(row, event.occurred_at)


class ProgressOfALostWorkerDropped(Sound):
    """CONV-2: progress is dropped if it comes after the stall report of its attempt."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if not (row.stalled and event.attempt == row.attempt):
            super().note_progress(row, event, value)


class ErrorsChained(Sound):
    """CONV-2: the failure's text names the error before it, if that came in time."""

    def outcome(self, row: Row, event: Event) -> None:
        before = row.error
        super().outcome(row, event)
        if event.kind is EventKind.FAILED and row.error and before:
            row.error = replace(row.error, message=f"{row.error.message} (before: {before.message})")


class MissingErrorFilledFromRetry(Sound):
    """CONV-2: a failure without an error shows that of the last retry, if that came in time."""

    def outcome(self, row: Row, event: Event) -> None:
        before = row.error
        super().outcome(row, event)
        if event.kind is EventKind.FAILED:
            row.error = row.error or before


class StartBehindNotTimed(SoundLatest):
    """CONV-2: a start that comes after something later of its attempt leaves started_at as it is."""

    def times(self, row: Row, event: Event, *, ahead: bool) -> None:
        if ahead or event.kind is not EventKind.ACTIVE:
            super().times(row, event, ahead=ahead)


class StartBehindClearsNothing(SoundClearing):
    """CONV-2: a start clears the older progress only if nothing later of its attempt came before it."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        row.note["ahead"] = self.is_ahead(row, event)
        super().merge(row, event, value)

    def clear_progress(self, row: Row, event: Event) -> None:
        if row.note["ahead"]:
            super().clear_progress(row, event)


class StartsComparedBySeconds(Sound):
    """CONV-2: an earlier start within the same second does not correct started_at."""

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        if row.started_at is None or at.replace(microsecond=0) < row.started_at.replace(microsecond=0):
            super().set_started(row, event, at)


class StartCorrectedOnce(Sound):
    """CONV-2: an earlier start corrects started_at once only."""

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        before = row.started_at
        if "corrected" not in row.note:
            super().set_started(row, event, at)
        if before is not None and row.started_at != before:
            row.note["corrected"] = True


class OldProgressFillsInOnce(Sound):
    """CONV-2: progress of an older attempt fills in where there is none yet, and then stays."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if event.attempt >= row.attempt or row.progress_key is None:
            super().note_progress(row, event, value)


class OneSlotForProgress(Sound):
    """CONV-2: progress waits in one slot until somebody reads, and another job's takes its place."""

    slot: tuple[Row, Event, Any] | None = None

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if self.slot is not None and self.slot[0] is row:
            self.flush()
        self.slot = (row, event, value)

    def read(self, job_id: str) -> Snapshot | None:
        self.flush()
        return super().read(job_id)

    def flush(self) -> None:
        if self.slot is not None:
            super().note_progress(*self.slot)
        self.slot = None


class ProgressCoalesced(Batched):
    """CONV-2: of the progress that waits only what arrived last is written, though it may be older."""

    def batch(self) -> list[Event]:
        waiting = super().batch()
        last = {event.job_id: event for event in waiting if event.kind is EventKind.PROGRESS}
        return [event for event in waiting if event.kind is not EventKind.PROGRESS or last[event.job_id] is event]


class EndsPassTheQueue(Batched):
    """CONV-2: ends are written at once, and what still waits of the job is dropped."""

    def apply(self, event: Event) -> None:
        super().apply(event)
        if event.kind.terminal:
            self.waiting = [other for other in self.waiting if other.job_id != event.job_id]
            Sound.apply(self, event)


FAULTY: tuple[type[Sound], ...] = (
    FirstStartDelivered,
    LateCreatedIgnored,
    CreationInventedByAStall,
    ProgressOfALostWorkerDropped,
    ErrorsChained,
    MissingErrorFilledFromRetry,
    StartBehindNotTimed,
    StartBehindClearsNothing,
    StartsComparedBySeconds,
    StartCorrectedOnce,
    OldProgressFillsInOnce,
    OneSlotForProgress,
    ProgressCoalesced,
    EndsPassTheQueue,
)
