"""Faulty for IDEM-2: an event that comes again later changes something."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Any

from pytest_jobstatus import Event, EventKind, Status
from tests.sound_trackers.merging import Row, Sound, SoundClearing, SoundLatest


class CreatedAgainBlanksProgress(Sound):
    """IDEM-2: a repeated created empties the progress of an open job."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.CREATED and not row.over:
            row.progress = row.progress_key = None


class CountsStartUnlessLast(Sound):
    """IDEM-2: a start is known as a repeat only while it is the job's last event."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        starts = row.note.setdefault("starts", set())
        again = event.kind is EventKind.ACTIVE and event.attempt in starts and row.note["last"] != event
        if again and row.status is Status.ACTIVE and row.attempt == event.attempt:
            row.attempt += 1
        super().merge(row, event, value)
        row.note["last"] = event
        if event.kind is EventKind.ACTIVE:
            starts.add(event.attempt)


class StaleErrorReturns(SoundClearing):
    """IDEM-2: the error that the next start cleared comes back with a repeated retrying."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.RETRYING and not row.over:
            row.error = row.error or event.error


class StaleProgressOfAttempt(Sound):
    """IDEM-2: progress is ordered by attempt only, so a repeated older one of the same attempt comes back."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if row.progress_key is None or event.attempt >= row.progress_key[0]:
            row.progress, row.progress_key = value, (event.attempt, event.occurred_at)


class ClearedProgressReturns(SoundClearing):
    """IDEM-2: the next start clears progress and what it is ordered by, so a repeated one comes back."""

    def clear_progress(self, row: Row, event: Event) -> None:
        row.progress = row.progress_key = None


class StaleStartMovesTime(SoundLatest):
    """IDEM-2: a repeated older start moves the newest attempt's started_at."""

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        row.started_at = self.fit_start(row, at)


class StaleRetryErrorReplaces(Sound):
    """IDEM-2: a repeated older retrying brings its error back while the job is delayed."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.RETRYING and row.status is Status.DELAYED:
            row.error = event.error


class StaleStartRevivesDelayed(Sound):
    """IDEM-2/TRACK-6: a delayed job takes any start for the next one, a repeated older one too."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.ACTIVE and row.status is Status.DELAYED and event.attempt != row.attempt:
            row.status = Status.ACTIVE


class DedupWindowOfFifty(Sound):
    """IDEM-2: starts are counted, and repeats known among the last fifty events only."""

    def __init__(self) -> None:
        super().__init__()
        self.window: deque[Event] = deque(maxlen=50)

    def merge(self, row: Row, event: Event, value: Any) -> None:
        starts = row.note.setdefault("starts", set())
        super().merge(row, event, value)
        if event.kind is EventKind.ACTIVE:
            if event.attempt in starts and event not in self.window and not row.over:
                row.attempt += 1
            starts.add(event.attempt)
        self.window.append(event)


class CreatedAgainResetsStalled(Sound):
    """IDEM-2/TRACK-6: a repeated created makes a stalled job forget its attempt."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.CREATED and row.status is Status.PENDING:
            row.attempt = 0


class StaleProgressAfterTwoAttempts(Sound):
    """IDEM-2: progress is compared with the attempt before only, so a repeated one of two attempts ago returns."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        if row.progress_key is not None and event.attempt == row.progress_key[0] - 1:
            return
        if row.progress_key is None or row.progress_key[0] != event.attempt or event.occurred_at >= row.progress_key[1]:
            row.progress, row.progress_key = value, (event.attempt, event.occurred_at)


FAULTY: tuple[type[Sound], ...] = (
    CreatedAgainBlanksProgress,
    CountsStartUnlessLast,
    StaleErrorReturns,
    StaleProgressOfAttempt,
    ClearedProgressReturns,
    StaleStartMovesTime,
    StaleRetryErrorReplaces,
    StaleStartRevivesDelayed,
    DedupWindowOfFifty,
    CreatedAgainResetsStalled,
    StaleProgressAfterTwoAttempts,
)
