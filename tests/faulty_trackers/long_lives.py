"""Faulty in longer lives only: after many attempts, reports or jobs, after hours, or with values that pass for none."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import Any

from pytest_jobstatus import Event, EventKind, Status
from tests.sound_trackers.choices import IgnoresZombies
from tests.sound_trackers.merging import Row, Sound

MOST = 3
ROOM = 100
A_LONG_TIME = timedelta(hours=2)


class AttemptInFourBits(Sound):
    """RETRY-2: the column holds attempts up to fifteen; the next shows as that."""

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        row.attempt = min(row.attempt, 15)


class ThreeAttemptsKept(Sound):
    """TRACK-6: what is told of a fourth attempt is not recorded, but for its end."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        return super().is_ahead(row, event) and (event.attempt <= MOST or event.kind.terminal)


class FourthRetryIsFailure(Sound):
    """RETRY-1: the tracker counts retries by itself, and takes the fourth for a failure."""

    def shows(self, row: Row, event: Event) -> Status:
        last = event.kind is EventKind.RETRYING and event.attempt > MOST
        return Status.FAILED if last else super().shows(row, event)


class ThirdStallIsFatal(Sound):
    """TRACK-1/STALL-1: a job that stalls for the third time stays active, since somebody is to look at it."""

    def shows(self, row: Row, event: Event) -> Status:
        if event.kind is EventKind.STALLED:
            row.note["stalls"] = row.note.get("stalls", 0) + 1
            if row.note["stalls"] == MOST:
                return Status.ACTIVE
        return super().shows(row, event)


class OldAttemptsForgotten(Sound):
    """RETRY-3: the last three attempts that ended are fenced, those before them begin anew."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind is EventKind.ACTIVE and 0 < event.attempt < row.attempt - MOST and not row.over:
            row.status, row.attempt = Status.PENDING, event.attempt - 1
        super().merge(row, event, value)


class NightIsTooLong(Sound):
    """TRACK-1: an end that comes hours after the start is taken for a mistake."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        late = event.kind.terminal and row.started_at is not None and event.occurred_at - row.started_at > A_LONG_TIME
        return super().is_ahead(row, event) and not late


class NullIsNoProgress(Sound):
    """PROG-2: where the progress shown is null, older progress is taken for newer."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if row.progress is None:
            row.progress_key = None
        super().note_progress(row, event, value)


class ValueToldOnce(Sound):
    """PROG-4: a value that an older attempt told is taken for a repeat of that."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        told = row.note.setdefault("told", {})
        first = told.setdefault(repr(value), event.attempt)
        if event.attempt == first:
            super().note_progress(row, event, value)


class CancellationLowersAttempt(Sound):
    """RETRY-4: a cancellation that names an older attempt, as who calls a job off may, brings that back."""

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind is EventKind.CANCELLED:
            row.attempt = event.attempt


class IgnoredEndComesLater(IgnoresZombies):
    """RETRY-7: a late end is ignored, as declared, and remembered: the next stall ends the job with it."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind in (EventKind.COMPLETED, EventKind.FAILED) and event.attempt < row.attempt and not row.over:
            row.note["late"] = event
        late = row.note.get("late") if event.kind is EventKind.STALLED else None
        super().merge(row, event, value)
        if late is not None and not row.over:
            row.status = self.shows(row, late)


class HundredEndsKnown(Sound):
    """TERM-1/TERM-2: a cache knows of the last hundred jobs that they have ended; another end counts for the rest.
    Whatever is told of a job brings it back to mind.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ended: deque[str] = deque(maxlen=ROOM)

    def is_ahead(self, row: Row, event: Event) -> bool:
        if row.over and row.job_id not in self.ended:
            return event.kind.terminal
        return super().is_ahead(row, event)

    def touch(self, row: Row, event: Event) -> None:
        super().touch(row, event)
        if row.over:
            self.ended.append(row.job_id)


class HundredReportsKept(Sound):
    """PROG-2: the last hundred reports are kept as they come, and the newest of them shows."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        kept = row.note.setdefault("reports", deque(maxlen=ROOM))
        kept.append(((event.attempt, event.occurred_at), value))
        row.progress_key, row.progress = max(reversed(kept), key=lambda each: each[0])


FAULTY: tuple[type[Sound], ...] = (
    AttemptInFourBits,
    ThreeAttemptsKept,
    FourthRetryIsFailure,
    ThirdStallIsFatal,
    OldAttemptsForgotten,
    NightIsTooLong,
    NullIsNoProgress,
    ValueToldOnce,
    CancellationLowersAttempt,
    IgnoredEndComesLater,
    HundredEndsKnown,
    HundredReportsKept,
)
