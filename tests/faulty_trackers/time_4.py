"""Faulty for TIME-4: an end time shows that does not belong to the status, or the one that does is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_jobstatus import Event, EventKind, Snapshot, Status
from tests.sound_trackers.merging import Row, Sound


class FailedAtWhileDelayed(Sound):
    """TIME-4: failed_at is set by every failure, also by one that is retried."""

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, failed_at=row.updated_at) if row.status is Status.DELAYED else shown


class OneColumnForEveryEnd(Sound):
    """TIME-4: completed_at is set by every end."""

    def show(self, row: Row) -> Snapshot:
        return replace(super().show(row), completed_at=row.ended_at)


class NoEndWithoutAStart(Sound):
    """TIME-4: completed_at is missing as long as the start is not known."""

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, completed_at=None) if row.started_at is None else shown


class GivenUpWithoutAnEnd(Sound):
    """TIME-4: failed_at is missing if the job was given up after a stall."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        given_up = row.stalled and event.kind is EventKind.FAILED
        super().merge(row, event, value)
        if given_up:
            row.ended_at = None


class LateRetryStampsCompleted(Sound):
    """TIME-4: a retry that is told after the completion sets failed_at."""

    def times(self, row: Row, event: Event, *, ahead: bool) -> None:
        super().times(row, event, ahead=ahead)
        if event.kind is EventKind.RETRYING and row.status is Status.COMPLETED:
            row.note["failed_at"] = event.occurred_at

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, failed_at=row.note["failed_at"]) if "failed_at" in row.note else shown


class FailureTwoAttemptsAgo(Sound):
    """TIME-4: a failure two attempts ago that is told late sets failed_at of the active job."""

    def times(self, row: Row, event: Event, *, ahead: bool) -> None:
        super().times(row, event, ahead=ahead)
        if event.kind is EventKind.RETRYING and event.attempt == row.attempt - 2:
            row.note["failed_at"] = event.occurred_at

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, failed_at=row.note.get("failed_at")) if row.status is Status.ACTIVE else shown


class CancelRequestStampsFailed(Sound):
    """TIME-4: a cancellation after the failure sets cancelled_at."""

    def times(self, row: Row, event: Event, *, ahead: bool) -> None:
        super().times(row, event, ahead=ahead)
        if event.kind is EventKind.CANCELLED and row.status is Status.FAILED:
            row.note["cancelled_at"] = event.occurred_at

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, cancelled_at=row.note["cancelled_at"]) if "cancelled_at" in row.note else shown


class FailureTimeClearedByStartOnly(Sound):
    """TIME-4: failed_at of a retried failure shows on a completed job whose next start was not told."""

    def times(self, row: Row, event: Event, *, ahead: bool) -> None:
        super().times(row, event, ahead=ahead)
        if ahead and event.kind is EventKind.RETRYING:
            row.note["failed_at"] = event.occurred_at
        elif ahead and row.status is Status.ACTIVE:
            row.note.pop("failed_at", None)

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, failed_at=row.note.get("failed_at")) if row.status is Status.COMPLETED else shown


class UnstartedFailureWithoutEnd(Sound):
    """TIME-4: a job that fails before it started, while it waits, gets no end time."""

    def times(self, row: Row, event: Event, *, ahead: bool) -> None:
        before = row.ended_at
        super().times(row, event, ahead=ahead)
        if event.kind is EventKind.FAILED and event.attempt == 0:
            row.ended_at = before


FAULTY: tuple[type[Sound], ...] = (
    UnstartedFailureWithoutEnd,
    FailedAtWhileDelayed,
    OneColumnForEveryEnd,
    NoEndWithoutAStart,
    GivenUpWithoutAnEnd,
    LateRetryStampsCompleted,
    FailureTwoAttemptsAgo,
    CancelRequestStampsFailed,
    FailureTimeClearedByStartOnly,
)
