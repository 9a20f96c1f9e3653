"""Faulty for CANC-2: a job that was cancelled before it started does not stay cancelled."""

from __future__ import annotations

from typing import Any

from pytest_jobstatus import Event, EventKind, Status
from tests.sound_trackers.merging import (
    Row,
    Sound,
    SoundArrival,
    SoundClearing,
    SoundLatest,
    SoundRefusing,
    SoundStrict,
)


def never_ran(row: Row) -> bool:
    """Whether the row is of a job that was cancelled before its first start."""
    return row.status is Status.CANCELLED and row.attempt == 0


class StartRevivesCancelled(Sound):
    """CANC-2: a worker that takes the job all the same makes it active."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        return (never_ran(row) and event.kind is EventKind.ACTIVE) or super().is_ahead(row, event)


class HeartbeatRevivesCancelled(SoundStrict):
    """CANC-2: progress of a worker that took the job all the same makes it active."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        return (never_ran(row) and event.kind is EventKind.PROGRESS) or super().is_ahead(row, event)


class SuccessBeatsEarlyCancellation(SoundClearing):
    """CANC-2: a worker that took the job all the same and finished makes it completed."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        return (never_ran(row) and event.kind is EventKind.COMPLETED) or super().is_ahead(row, event)


class LostWorkerRequeuesCancelled(SoundRefusing):
    """CANC-2: a stall report puts the cancelled job back into the queue."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        return (never_ran(row) and event.kind is EventKind.STALLED) or super().is_ahead(row, event)


class RetryDelaysCancelled(SoundLatest):
    """CANC-2: a report that the job will be tried again makes it delayed."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        return (never_ran(row) and event.kind is EventKind.RETRYING) or super().is_ahead(row, event)


class LateEnqueueResetsCancelled(Sound):
    """CANC-2: the producer's insert, where the cancellation overtook it, makes the job pending again."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        unborn = never_ran(row) and row.created_at is None
        return (unborn and event.kind is EventKind.CREATED) or super().is_ahead(row, event)


class CancellationNeedsARow(SoundArrival):
    """CANC-1: a cancellation updates a row only if there is one, and is lost otherwise."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if row.status is not None or event.kind is not EventKind.CANCELLED:
            super().merge(row, event, value)


class CancellationUsedUp(Sound):
    """CANC-2: the first start uses the cancellation up, and the second one goes through."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if never_ran(row) and event.kind is EventKind.ACTIVE:
            row.note["starts"] = row.note.get("starts", 0) + 1
        super().merge(row, event, value)

    def is_ahead(self, row: Row, event: Event) -> bool:
        again = never_ran(row) and event.kind is EventKind.ACTIVE and row.note["starts"] > 1
        return again or super().is_ahead(row, event)


class RevokedListOfTwo(SoundStrict):
    """CANC-2: the list of cancelled jobs holds the newest two, and one that fell out of it may start."""

    def __init__(self) -> None:
        super().__init__()
        self.revoked: list[str] = []

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.CANCELLED and event.job_id not in self.revoked:
            self.revoked = [*self.revoked, event.job_id][-2:]

    def is_ahead(self, row: Row, event: Event) -> bool:
        forgotten = never_ran(row) and event.job_id not in self.revoked
        return (forgotten and event.kind is EventKind.ACTIVE) or super().is_ahead(row, event)


class AnonymousCancellationIsAWish(Sound):
    """CANC-2: a cancellation that names nobody is no more than a request, which a start overrides."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        wish = never_ran(row) and row.cancelled_by is None
        return (wish and event.kind is EventKind.ACTIVE) or super().is_ahead(row, event)


class EarlierClockStarts(SoundLatest):
    """CANC-2: a start whose clock is before the cancellation's counts as having come first."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        if never_ran(row) and row.ended_at is not None and event.kind is EventKind.ACTIVE:
            return event.occurred_at < row.ended_at
        return super().is_ahead(row, event)


FAULTY: tuple[type[Sound], ...] = (
    StartRevivesCancelled,
    HeartbeatRevivesCancelled,
    SuccessBeatsEarlyCancellation,
    LostWorkerRequeuesCancelled,
    RetryDelaysCancelled,
    LateEnqueueResetsCancelled,
    CancellationNeedsARow,
    CancellationUsedUp,
    RevokedListOfTwo,
    AnonymousCancellationIsAWish,
    EarlierClockStarts,
)
