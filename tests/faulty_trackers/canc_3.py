"""Faulty for CANC-3: cancelling a finished job changes something."""

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


class CancelOverwritesFinished(Sound):
    """CANC-3: a cancellation is written over whatever is there."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        finished = row.status in (Status.COMPLETED, Status.FAILED)
        return (finished and event.kind is EventKind.CANCELLED) or super().is_ahead(row, event)


class CancelOverwritesFailed(SoundRefusing):
    """CANC-3: a failed job, unlike a completed one, can still be cancelled."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        failed = row.status is Status.FAILED
        return (failed and event.kind is EventKind.CANCELLED) or super().is_ahead(row, event)


class CancelExplainsFailure(SoundStrict):
    """CANC-3: a failure without an error is explained by a later cancellation, and shows cancelled."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        unexplained = row.status is Status.FAILED and row.error is None
        return (unexplained and event.kind is EventKind.CANCELLED) or super().is_ahead(row, event)


class CancelBeforeTheEndByClock(Sound):
    """CANC-3: a cancellation whose clock is not after the end's counts as having come first."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        if event.kind is EventKind.CANCELLED and row.status is Status.COMPLETED and row.ended_at is not None:
            return event.occurred_at <= row.ended_at
        return super().is_ahead(row, event)


class ThirdCancelForces(Sound):
    """CANC-3: asked for the third time, a cancellation is forced upon a finished job."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if row.over and event.kind is EventKind.CANCELLED:
            row.note["asked"] = row.note.get("asked", 0) + 1
        super().merge(row, event, value)

    def is_ahead(self, row: Row, event: Event) -> bool:
        forced = row.over and event.kind is EventKind.CANCELLED and row.note["asked"] == 3
        return (forced and row.status is not Status.CANCELLED) or super().is_ahead(row, event)


class WhoWrittenOnFinished(SoundLatest):
    """CANC-3: the status stands, but who cancelled is written beside it."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if row.over and event.kind is EventKind.CANCELLED:
            row.cancelled_by = row.cancelled_by or event.cancelled_by


class CancelAgainReplacesWho(Sound):
    """CANC-3: cancelling a cancelled job again shows who did it last."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if row.status is Status.CANCELLED and event.kind is EventKind.CANCELLED:
            row.cancelled_by = event.cancelled_by or row.cancelled_by


class CancelAcknowledgesError(SoundClearing):
    """CANC-3: cancelling a failed job acknowledges the failure, and its error is gone."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.CANCELLED:
            row.error = None


class CancelClearsProgress(SoundArrival):
    """CANC-3: a cancellation clears the progress, also that of a finished job."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.CANCELLED:
            row.progress = None


class CancelMovesFailureTime(SoundStrict):
    """CANC-3: cancelling a failed job moves its time of failure to the cancellation."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if row.status is Status.FAILED and event.kind is EventKind.CANCELLED:
            self.set_ended(row, event, self.instant(event))


class CancelBringsItsAttempt(Sound):
    """CANC-3: a cancellation writes its attempt, 0 if the canceller knew of no start, over the completed job's."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if row.status is Status.COMPLETED and event.kind is EventKind.CANCELLED:
            row.attempt = event.attempt


class CancelInventsCreation(Sound):
    """CANC-3: a cancellation fills in a missing time of creation, also of a finished job."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if row.status is Status.COMPLETED and event.kind is EventKind.CANCELLED and row.created_at is None:
            self.set_created(row, self.instant(event))


FAULTY: tuple[type[Sound], ...] = (
    CancelOverwritesFinished,
    CancelOverwritesFailed,
    CancelExplainsFailure,
    CancelBeforeTheEndByClock,
    ThirdCancelForces,
    WhoWrittenOnFinished,
    CancelAgainReplacesWho,
    CancelAcknowledgesError,
    CancelClearsProgress,
    CancelMovesFailureTime,
    CancelBringsItsAttempt,
    CancelInventsCreation,
)
