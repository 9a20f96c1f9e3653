"""Faulty for ISO-1: an event of one job changes what is shown of another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, ClassVar

from pytest_jobstatus import Event, EventKind, JobError, Snapshot, Status
from tests.sound_trackers.merging import Row, Sound
from tests.sound_trackers.write_behind import Batched


class Remembering(Sound):
    """Sound as it stands; the faulty ones below confuse a job with recent others."""

    def others(self, row: Row) -> Iterator[Row]:
        """The jobs heard of last, without this one."""
        return (each for each in islice(reversed(self.rows.values()), 8) if each is not row)


class CancelsAllPending(Remembering):
    """ISO-1: a cancellation before the start cancels every job that has not started."""

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind is EventKind.CANCELLED and not event.attempt:
            for other in self.others(row):
                if other.status is Status.PENDING and not other.attempt:
                    other.status, other.cancelled_by = Status.CANCELLED, event.cancelled_by
                    self.set_ended(other, event, self.instant(event))


class StallTakesAllActive(Remembering):
    """ISO-1: a stall report takes every active job for lost."""

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind is EventKind.STALLED:
            for other in self.others(row):
                if other.status is Status.ACTIVE:
                    other.status = Status.PENDING


class EndsAllCreatedTogether(Remembering):
    """ISO-1: the end of a job ends those created at the same instant."""

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind.terminal and row.created_at is not None:
            for other in self.others(row):
                if other.created_at == row.created_at and not other.over:
                    other.status = row.status
                    self.set_ended(other, event, self.instant(event))


class ProgressToLastStarted(Sound):
    """ISO-1: progress is that of the job started last."""

    def __init__(self) -> None:
        super().__init__()
        self.current: Row | None = None

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.ACTIVE:
            self.current = row

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        current = self.current if row.started_at is not None else None
        super().note_progress(current or row, event, value)


class LateEventToNewestJob(Sound):
    """ISO-1: an event of a job that has ended goes to the job that was touched last."""

    def __init__(self) -> None:
        super().__init__()
        self.newest: Row | None = None

    def find(self, event: Event) -> Row:
        row = super().find(event)
        if row.over and self.newest is not None:
            return self.newest
        self.newest = row
        return row


class ErrorOfLastFailure(Sound):
    """ISO-1: every failed job shows the error of the last failure."""

    def __init__(self) -> None:
        super().__init__()
        self.error: JobError | None = None

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.kind is EventKind.FAILED:
            self.error = event.error

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, error=self.error) if row.status is Status.FAILED else shown


class AttemptSharedOnClass(Sound):
    """ISO-1: the attempt of active jobs is kept once for all."""

    attempt: ClassVar[int] = 0

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        AttemptSharedOnClass.attempt = row.attempt

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, attempt=self.attempt) if row.status is Status.ACTIVE else shown


class OneObjectForAllProgress(Sound):
    """ISO-1: progress that is an object is kept in one and the same object for all jobs."""

    def __init__(self) -> None:
        super().__init__()
        self.object: dict[str, Any] = {}

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        if row.progress is value and isinstance(value, dict):
            self.object.clear()
            self.object.update(value)
            row.progress = self.object


class UpdatedAtShared(Sound):
    """ISO-1: every job shows the time of the last change to any."""

    def __init__(self) -> None:
        super().__init__()
        self.updated_at: datetime | None = None

    def touch(self, row: Row, event: Event) -> None:
        super().touch(row, event)
        if row.updated_at is not None and (self.updated_at is None or row.updated_at > self.updated_at):
            self.updated_at = row.updated_at

    def show(self, row: Row) -> Snapshot:
        return replace(super().show(row), updated_at=self.updated_at)


class ThirdStartEvictsFirst(Sound):
    """ISO-1: there are two places for active jobs, and a third start sends the first job back."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[Row] = []

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        self.places = [each for each in self.places if each.status is Status.ACTIVE and each is not row]
        if row.status is Status.ACTIVE:
            self.places.append(row)
        for evicted in self.places[:-2]:
            evicted.status = Status.PENDING


class ErrorsByTypeOfAllJobs(Sound):
    """ISO-1: errors are rows by type, shared by all jobs: a newer message replaces the older."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: dict[str, JobError] = {}

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.error is not None:
            self.errors[event.error.type] = event.error

    def show(self, row: Row) -> Snapshot:
        return replace(super().show(row), error=row.error and self.errors[row.error.type])


class CancellersOfABatchMixed(Batched):
    """ISO-1: a batch of cancellations is written with whoever cancelled last."""

    def batch(self) -> list[Event]:
        waiting = super().batch()
        last = [event.cancelled_by for event in waiting if event.kind is EventKind.CANCELLED][-1:]
        return [
            replace(event, cancelled_by=last[0]) if event.kind is EventKind.CANCELLED else event for event in waiting
        ]


class ProgressOfABatchShared(Batched):
    """ISO-1: all progress of a batch is bound once, and each job gets what came last."""

    def batch(self) -> list[Event]:
        waiting = super().batch()
        last = [event.progress for event in waiting if event.kind is EventKind.PROGRESS][-1:]
        return [replace(event, progress=last[0]) if event.kind is EventKind.PROGRESS else event for event in waiting]


FAULTY: tuple[type[Sound], ...] = (
    CancelsAllPending,
    StallTakesAllActive,
    EndsAllCreatedTogether,
    ProgressToLastStarted,
    LateEventToNewestJob,
    ErrorOfLastFailure,
    AttemptSharedOnClass,
    OneObjectForAllProgress,
    UpdatedAtShared,
    ThirdStartEvictsFirst,
    ErrorsByTypeOfAllJobs,
    CancellersOfABatchMixed,
    ProgressOfABatchShared,
)
