"""Faulty for CONV-1: the end depends on the order of delivery."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pytest_jobstatus import Event, EventKind, Status
from tests.sound_trackers.merging import PHASES, Row, Sound
from tests.sound_trackers.write_behind import Batched


class ProgressIgnoredOnRow(Sound):
    """CONV-1: progress makes a job active that was not heard of, but not one that is pending."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        return super().is_ahead(row, event) and not (event.kind is EventKind.PROGRESS and row.status is Status.PENDING)


class HeartbeatRevivesStalled(Sound):
    """CONV-1: late progress of the attempt that stalled shows active again."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        beat = event.kind is EventKind.PROGRESS and row.stalled and event.attempt == row.attempt
        return beat or super().is_ahead(row, event)


class ProgressKeepsAttempt(Sound):
    """CONV-1: progress of the next attempt shows active, but leaves the attempt that is shown."""

    def move(self, row: Row, event: Event) -> None:
        attempt = row.attempt
        super().move(row, event)
        if event.kind is EventKind.PROGRESS and attempt:
            row.attempt = attempt


class StaleProgressLowersAttempt(Sound):
    """CONV-1: late progress writes its older attempt into an active row."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        if row.status is Status.ACTIVE:
            row.attempt = event.attempt


class SeparateMaxima(Sound):
    """CONV-1/TRACK-6: a late retrying of an older attempt shows delayed, with the newer attempt."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.RETRYING and row.status is Status.ACTIVE:
            row.status = Status.DELAYED


class OneParkingPlace(Sound):
    """CONV-1/TRACK-6: a retry or stall waits for its start, one per job, so that a second displaces the first."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        starts = row.note.setdefault("starts", set())
        if event.kind in (EventKind.RETRYING, EventKind.STALLED) and event.attempt not in starts and not row.over:
            row.note["parked"] = (event, value)
            if row.status is None:
                row.status = Status.PENDING
            self.touch(row, event)
            return
        super().merge(row, event, value)
        if event.kind is EventKind.ACTIVE:
            starts.add(event.attempt)
            parked = row.note.get("parked")
            if parked and parked[0].attempt == event.attempt:
                del row.note["parked"]
                super().merge(row, *parked)


class FirstOfTiedWins(Sound):
    """CONV-1/TRACK-6: open events are ordered by instant alone, so that of two that share one the first stays."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        if row.over or row.status is None or event.kind.terminal:
            return super().is_ahead(row, event)
        newest: datetime = row.note["at"]
        return event.occurred_at > newest

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        row.attempt = event.attempt
        row.note["at"] = event.occurred_at


class RetryOvertakingStartUndone(Sound):
    """CONV-1/TRACK-6: a retrying that overtakes its start is undone by it."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        starts = row.note.setdefault("starts", set())
        super().merge(row, event, value)
        if event.kind is EventKind.ACTIVE:
            if event.attempt not in starts and row.status is Status.DELAYED and row.attempt == event.attempt:
                row.status = Status.ACTIVE
            starts.add(event.attempt)


class SkewedProgressReopensAttempt(Sound):
    """CONV-1: progress of the attempt that failed, later by its clock, shows active again."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        later = row.updated_at is not None and event.occurred_at > row.updated_at
        super().note_progress(row, event, value)
        if later and row.status is Status.DELAYED and event.attempt == row.attempt:
            row.status = Status.ACTIVE


class ThirdAttemptNotFenced(Sound):
    """CONV-1/TRACK-6: a retrying from two attempts before the running one shows delayed."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        old = event.kind is EventKind.RETRYING and row.status is Status.ACTIVE and 0 < event.attempt < row.attempt - 1
        return old or super().is_ahead(row, event)


class CreationTakesRowOfRunningJob(Sound):
    """CONV-1/TIME-6/CANC-2: a creation that comes after progress takes the row away, until the next event."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.CREATED and row.progress_key is not None:
            del self.rows[event.job_id]


class ExactPositionOfLastJobOnly(Sound):
    """CONV-1: the exact position is kept for one job; any other's is read from its row, where a stall looks like a
    creation.
    """

    last: Row | None = None

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        self.last = row

    def is_ahead(self, row: Row, event: Event) -> bool:
        if self.last is not row and row.stalled and not event.kind.terminal:
            return (event.attempt, PHASES[event.kind]) > (row.attempt, 0)
        return super().is_ahead(row, event)


class LastOfEachKindInBatch(Batched):
    """CONV-1/CONV-2: what waits is a dict by job and kind: of two starts only the last to arrive is written."""

    def batch(self) -> list[Event]:
        return list({(event.job_id, event.kind): event for event in super().batch()}.values())


FAULTY: tuple[type[Sound], ...] = (
    ProgressIgnoredOnRow,
    HeartbeatRevivesStalled,
    ProgressKeepsAttempt,
    StaleProgressLowersAttempt,
    SeparateMaxima,
    OneParkingPlace,
    FirstOfTiedWins,
    RetryOvertakingStartUndone,
    SkewedProgressReopensAttempt,
    ThirdAttemptNotFenced,
    CreationTakesRowOfRunningJob,
    ExactPositionOfLastJobOnly,
    LastOfEachKindInBatch,
)
