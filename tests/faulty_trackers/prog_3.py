"""Faulty for PROG-3: progress changes a status or a time that it must leave alone."""

from __future__ import annotations

from typing import Any

from pytest_jobstatus import Event, EventKind, Status
from tests.sound_trackers.merging import Row, Sound, SoundArrival, SoundLatest


class ProgressAlwaysActive(Sound):
    """PROG-3: progress sets an open job active, also when it is late."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        if not row.over:
            row.status = Status.ACTIVE


class ProgressRevivesStalled(Sound):
    """PROG-3: late progress of the attempt that stalled sets the job active again."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        if row.stalled and event.attempt == row.attempt:
            row.status = Status.ACTIVE


class NewerProgressRevives(Sound):
    """PROG-3: late progress whose instant is the newest sets a waiting job active."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        newest = row.updated_at is None or event.occurred_at > row.updated_at
        if newest and not row.over:
            row.status = Status.ACTIVE


class ProgressSetsItsAttempt(Sound):
    """PROG-3: late progress of an older attempt makes that attempt the active one."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        if row.status is Status.ACTIVE:
            row.attempt = event.attempt


class ProgressKeepsOldAttempt(Sound):
    """PROG-3: progress that overtakes the next start sets the job active, but of the attempt before."""

    def move(self, row: Row, event: Event) -> None:
        shown = row.attempt
        super().move(row, event)
        if event.kind is EventKind.PROGRESS and shown:
            row.attempt = shown


class ProgressReopensCancelled(Sound):
    """TERM-1: progress of a job that was cancelled before it started sets it active."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        never_started = row.status is Status.CANCELLED and not row.attempt
        return super().is_ahead(row, event) or (event.kind is EventKind.PROGRESS and never_started)


class HundredMeansCompleted(Sound):
    """PROG-3: progress of 100 ends the job."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        if value == 100 and not row.over:
            self.set_ended(row, event, self.instant(event))
            row.status = Status.COMPLETED


class ProgressRestampsStart(Sound):
    """PROG-3: progress moves the start to its own instant."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        if not row.over:
            row.started_at = self.fit_start(row, self.instant(event))


class ProgressStampsNextStart(SoundLatest):
    """PROG-3: progress that overtakes the next start moves the start shown to its own instant."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        if not row.over and event.attempt > row.note.get("start", 0):
            row.started_at = self.fit_start(row, self.instant(event))


class EarlyProgressLowersStart(Sound):
    """PROG-3: progress by a clock that is behind moves the start back."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        if row.started_at is not None:
            self.set_started(row, event, self.instant(event))


class EarlyProgressLowersCreation(Sound):
    """PROG-3: progress by a clock that is behind moves the creation back."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        if row.created_at is not None:
            row.created_at = min(row.created_at, self.instant(event))


class LateProgressMovesEnd(SoundArrival):
    """PROG-3: progress that arrives after the end moves the end to its arrival."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        if row.over:
            self.set_ended(row, event, self.instant(event))


class NewestProgressMovesEnd(Sound):
    """PROG-3: late progress by a clock that is ahead moves the end to its own instant."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        if row.ended_at is not None:
            row.ended_at = max(row.ended_at, self.instant(event))


FAULTY: tuple[type[Sound], ...] = (
    ProgressAlwaysActive,
    ProgressRevivesStalled,
    NewerProgressRevives,
    ProgressSetsItsAttempt,
    ProgressKeepsOldAttempt,
    ProgressReopensCancelled,
    HundredMeansCompleted,
    ProgressRestampsStart,
    ProgressStampsNextStart,
    EarlyProgressLowersStart,
    EarlyProgressLowersCreation,
    LateProgressMovesEnd,
    NewestProgressMovesEnd,
)
