"""Faulty for TIME-6: created_at moves after the created event was seen."""

from __future__ import annotations

from datetime import datetime

from pytest_jobstatus import Event, EventKind
from tests.sound_trackers.merging import Row, Sound, SoundStrict


class CreationMovesForAnEarlyStart(Sound):
    """TIME-6: created_at is moved back to a start that is earlier by the worker's clock."""

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        if row.created_at is not None:
            row.created_at = min(row.created_at, at)
        super().set_started(row, event, at)


class CreationMovesForATie(SoundStrict):
    """TIME-6: created_at is moved back by a tick if the start has the same instant."""

    def set_started(self, row: Row, event: Event, at: datetime) -> None:
        if row.created_at == at:
            row.created_at = at - self.tick
        super().set_started(row, event, at)


class RowReplacedByCancellation(Sound):
    """TIME-6: a cancellation writes the row anew, with a new created_at."""

    def set_ended(self, row: Row, event: Event, at: datetime) -> None:
        super().set_ended(row, event, at)
        if event.kind is EventKind.CANCELLED and row.created_at is not None:
            row.created_at = row.started_at or row.ended_at


class QueuedAgainAfterAStall(Sound):
    """TIME-6: a stall puts the job back as a new one, with a new created_at."""

    def times(self, row: Row, event: Event, *, ahead: bool) -> None:
        super().times(row, event, ahead=ahead)
        if event.kind is EventKind.STALLED and ahead and row.created_at is not None:
            row.created_at = row.started_at or event.occurred_at


class StaleCreatedTakenForARequeue(Sound):
    """TIME-6: a repeated created event moves created_at if the job is in a later attempt."""

    def times(self, row: Row, event: Event, *, ahead: bool) -> None:
        if event.kind is EventKind.CREATED and row.created_at is not None and row.attempt > 1 and not row.over:
            row.created_at = row.started_at or row.created_at
        super().times(row, event, ahead=ahead)


class CreatedThreeTimes(Sound):
    """TIME-6: the third created event moves created_at, since only one repeat is expected."""

    def times(self, row: Row, event: Event, *, ahead: bool) -> None:
        super().times(row, event, ahead=ahead)
        if event.kind is EventKind.CREATED:
            row.note["created"] = row.note.get("created", 0) + 1
            if row.note["created"] > 2:
                row.created_at = row.started_at or row.created_at


class CreationOfTheNewestJob(Sound):
    """TIME-6: a start sets created_at to that of the job that was created last."""

    def __init__(self) -> None:
        super().__init__()
        self.newest: datetime | None = None

    def times(self, row: Row, event: Event, *, ahead: bool) -> None:
        super().times(row, event, ahead=ahead)
        if event.kind is EventKind.CREATED:
            self.newest = event.occurred_at
        elif event.kind is EventKind.ACTIVE and self.newest and row.created_at and row.started_at:
            row.created_at = min(self.newest, row.started_at)


FAULTY: tuple[type[Sound], ...] = (
    CreationMovesForAnEarlyStart,
    CreationMovesForATie,
    RowReplacedByCancellation,
    QueuedAgainAfterAStall,
    StaleCreatedTakenForARequeue,
    CreatedThreeTimes,
    CreationOfTheNewestJob,
)
