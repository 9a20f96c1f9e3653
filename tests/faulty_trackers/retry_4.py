"""Faulty for RETRY-4: the attempt shown goes down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_jobstatus import Event, EventKind, Snapshot, Status
from tests.sound_trackers.merging import LONG_AGO, Row, Sound, SoundClearing, SoundStrict


class StaleStartBringsItsNumber(Sound):
    """RETRY-4: a start that is late or told again brings back its own number."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.ACTIVE and not row.over:
            row.attempt = event.attempt


class LateCreationResetsAttempt(Sound):
    """RETRY-4: a creation that is late or told again sets the attempt to zero, once a second one has started."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.CREATED and row.attempt > 1 and not row.over:
            row.attempt = 0


class StallGivesAttemptBack(SoundClearing):
    """RETRY-4: a stall is not to use up an attempt, so that a stall after a retry shows the number before."""

    def show(self, row: Row) -> Snapshot:
        return replace(super().show(row), attempt=row.attempt - (row.stalled and row.attempt > 1))


class CancelledWhileDelayedResetsAttempt(Sound):
    """RETRY-4: cancelling a job that awaits its retry sets the attempt to zero."""

    def move(self, row: Row, event: Event) -> None:
        waited = row.status is Status.DELAYED
        super().move(row, event)
        if event.kind is EventKind.CANCELLED and waited:
            row.attempt = 0


class OldProgressLowersAttempt(Sound):
    """RETRY-4: the attempt shown is that of the newest progress, which may be older than the newest start."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        if not row.over and row.progress_key is not None:
            row.attempt = row.progress_key[0]


class AttemptOfLatestClock(SoundStrict):
    """RETRY-3: the attempt shown is that of the failure, stall or start with the latest instant."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        latest = event.occurred_at >= row.note.get("latest", LONG_AGO)
        if latest and event.kind in (EventKind.ACTIVE, EventKind.RETRYING, EventKind.STALLED) and not row.over:
            row.note["latest"] = event.occurred_at
            row.attempt = event.attempt


class LateRetryLowersAttemptOfFailed(Sound):
    """RETRY-4: a failure of an earlier attempt that comes after the last one lowers the attempt of a failed job."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.RETRYING and row.status is Status.FAILED:
            row.attempt = min(row.attempt, event.attempt)


class LateFailureEndsWithItsNumber(Sound):
    """RETRY-4: a job that a late failure of an older attempt ends shows that older attempt."""

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind is EventKind.FAILED:
            row.attempt = event.attempt


FAULTY: tuple[type[Sound], ...] = (
    StaleStartBringsItsNumber,
    LateCreationResetsAttempt,
    StallGivesAttemptBack,
    CancelledWhileDelayedResetsAttempt,
    OldProgressLowersAttempt,
    AttemptOfLatestClock,
    LateRetryLowersAttemptOfFailed,
    LateFailureEndsWithItsNumber,
)
