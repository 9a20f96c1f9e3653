"""Faulty for TERM-4: of two contradicting terminal events the second wins, or leaves something behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from pytest_jobstatus import Event, EventKind, Profile, Snapshot, Status
from tests.sound_trackers.merging import Row, Sound, SoundClearing, SoundLatest, SoundRefusing, SoundStrict
from tests.sound_trackers.write_behind import Batched


class BothOutcomesKept(Sound):
    """TERM-4: a failure told after the end is not shown as the status, but its error is stored."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.FAILED and row.status is Status.COMPLETED:
            row.error = event.error


class MissingErrorFilledBySecond(SoundStrict):
    """TERM-4: a failure without an error takes the error of a second failure."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.FAILED and row.status is Status.FAILED:
            row.error = row.error or event.error


class TracebackOfTheSecond(Sound):
    """TERM-4: an error without a traceback takes that of a second failure."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if row.status is Status.FAILED and row.error is not None and event.kind is EventKind.FAILED:
            told = event.error.traceback if event.error else None
            row.error = replace(row.error, traceback=row.error.traceback or told)


class LateSuccessClearsError(SoundClearing):
    """TERM-4: a success told after a failure clears the error, though the job still shows failed."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.COMPLETED:
            row.error = None


class AttemptOfTheSecond(Sound):
    """TERM-4: a second end of a higher attempt raises the attempt, though not the status."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind.terminal:
            row.attempt = max(row.attempt, event.attempt)


class HigherAttemptEndsAgain(SoundLatest):
    """TERM-4: the end of a higher attempt replaces the end of a lower one."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        if row.over and event.kind.terminal and event.attempt > row.attempt:
            return True
        return super().is_ahead(row, event)


class EarlierEndWins(SoundRefusing):
    """TERM-4: of two ends the one with the earlier clock wins, whichever was delivered first."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        if row.ended_at is not None and event.kind.terminal and event.occurred_at < row.ended_at:
            return SHOWN[event.kind] is not row.status
        return super().is_ahead(row, event)


class TieGoesToTheFailure(Sound):
    """TERM-4: of two ends at one instant the failure wins, being ranked above the success."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        if row.status is Status.COMPLETED and event.kind is EventKind.FAILED and event.occurred_at == row.ended_at:
            return True
        return super().is_ahead(row, event)


class FailureWithoutErrorIsProvisional(Sound):
    """TERM-4: a failure without an error is taken for the reaper's guess, which a success may correct."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        if row.status is Status.FAILED and row.error is None and event.kind is EventKind.COMPLETED:
            return True
        return super().is_ahead(row, event)


class OutvotedEnd(SoundStrict):
    """TERM-4: two reports of another end outvote the first one."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if row.over and event.kind.terminal and SHOWN[event.kind] is not row.status:
            row.note["against"] = row.note.get("against", 0) + 1
        super().merge(row, event, value)

    def is_ahead(self, row: Row, event: Event) -> bool:
        if row.note.get("against", 0) == 2 and event.kind.terminal:
            row.note["against"] = 0
            return True
        return super().is_ahead(row, event)


class CancelledShowsLateFailedAt(Sound):
    """TERM-4: a failure told after a cancellation fills in its time of failure."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.FAILED and row.status is Status.CANCELLED:
            row.note["failed_at"] = max(event.occurred_at, row.ended_at or event.occurred_at)

    def show(self, row: Row) -> Snapshot:
        late: datetime | None = row.note.get("failed_at")
        return replace(super().show(row), failed_at=late) if late is not None else super().show(row)


class LastEndTimeKept(SoundLatest):
    """TERM-4: a failed job that is then told to be completed keeps its status, but takes the later end time."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if row.status is Status.FAILED and event.kind is EventKind.COMPLETED:
            self.set_ended(row, event, self.instant(event))


SHOWN = {
    EventKind.COMPLETED: Status.COMPLETED,
    EventKind.FAILED: Status.FAILED,
    EventKind.CANCELLED: Status.CANCELLED,
}


class IgnoredErrorParked(Sound):
    """TERM-4: the error of an ignored late end is parked, and shows when the last attempt fails without one."""

    profile = Profile(late_end="ignored")

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind is EventKind.FAILED and not row.over and 0 < event.attempt < row.attempt:
            row.note["parked"] = event.error
        elif event.kind is not EventKind.COMPLETED or row.over or event.attempt >= row.attempt:
            super().merge(row, event, value)

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.kind is EventKind.FAILED:
            row.error = event.error or row.note.get("parked")


class BatchInOrderOfKinds(Batched):
    """TERM-4: what waits is sorted by kind for `executemany`: of two ends the alphabet decides."""

    def batch(self) -> list[Event]:
        return sorted(super().batch(), key=lambda event: (event.job_id, event.kind.terminal, event.kind))


class BatchKeepsLastOutcome(Batched):
    """TERM-4: of the ends that wait together the first gives the status, the last the error and who cancelled."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.kind.terminal:
            row.error, row.cancelled_by = event.error, event.cancelled_by

    def batch(self) -> list[Event]:
        waiting = super().batch()
        last = {event.job_id: event for event in waiting if event.kind.terminal}
        return [
            replace(event, error=last[event.job_id].error, cancelled_by=last[event.job_id].cancelled_by)
            if event.kind.terminal
            else event
            for event in waiting
        ]


class BatchLosesReason(Batched):
    """TERM-4: of the ends that wait together the first gives the status, the last the error, or none."""

    def batch(self) -> list[Event]:
        waiting = super().batch()
        last = {event.job_id: event for event in waiting if event.kind.terminal}
        return [
            replace(event, error=last[event.job_id].error) if event.kind is EventKind.FAILED else event
            for event in waiting
        ]


class IgnoredTextParked(IgnoredErrorParked):
    """TERM-4: the error of an ignored late end is parked, and its text shows when the last fails without one."""

    def show(self, row: Row) -> Snapshot:
        return replace(super().show(row), error=row.error and row.error.message)


class BatchInOrderOfInstants(Batched):
    """TERM-4: what waits is sorted by its instants, so that of two ends that came together the earlier one counts."""

    def batch(self) -> list[Event]:
        return sorted(super().batch(), key=lambda event: event.occurred_at)


FAULTY: tuple[type[Sound], ...] = (
    BothOutcomesKept,
    MissingErrorFilledBySecond,
    TracebackOfTheSecond,
    LateSuccessClearsError,
    AttemptOfTheSecond,
    HigherAttemptEndsAgain,
    EarlierEndWins,
    TieGoesToTheFailure,
    FailureWithoutErrorIsProvisional,
    OutvotedEnd,
    CancelledShowsLateFailedAt,
    LastEndTimeKept,
    IgnoredErrorParked,
    BatchInOrderOfKinds,
    BatchKeepsLastOutcome,
    BatchLosesReason,
    IgnoredTextParked,
    BatchInOrderOfInstants,
)
