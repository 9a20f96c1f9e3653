"""Faulty for RETRY-6: while a retry is awaited, the error of the attempt that failed does not show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_jobstatus import Event, EventKind, Snapshot, Status
from tests.sound_trackers.merging import LONG_AGO, Row, Sound, SoundClearing


class ErrorOnlyOfFailed(Sound):
    """RETRY-6: the error shows only once the job has failed for good."""

    def show(self, row: Row) -> Snapshot:
        hidden = row.status is Status.DELAYED
        return replace(super().show(row), error=None if hidden else row.error)


class SecondRetryKeepsFirstError(Sound):
    """RETRY-6: the second failure that will be retried shows the first one's error."""

    def outcome(self, row: Row, event: Event) -> None:
        first = row.error
        super().outcome(row, event)
        if event.kind is EventKind.RETRYING:
            row.error = first or row.error


class LateStartClearsError(SoundClearing):
    """RETRY-6: the start of the attempt that failed, told again or late, clears the error."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.ACTIVE and not row.over:
            row.error = None


class StaleRetryReplacesError(Sound):
    """RETRY-6: an earlier attempt's failure, told again or late, replaces the error while a retry is awaited."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.RETRYING and row.status is Status.DELAYED:
            row.error = event.error


class LateProgressClearsError(Sound):
    """RETRY-6: progress that comes after the failure clears the error, as if the job were well."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        super().note_progress(row, event, value)
        if row.status is Status.DELAYED:
            row.error = None


class ErrorOfUnseenStartLost(Sound):
    """RETRY-6: the error of an attempt that was not seen active is not kept."""

    def move(self, row: Row, event: Event) -> None:
        row.note["seen"] = row.status is Status.ACTIVE
        super().move(row, event)

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.kind is EventKind.RETRYING and not row.note["seen"]:
            row.error = None


class RetryErrorOfSameTypeKept(Sound):
    """RETRY-6: a second failure with an error of the same type as the first keeps the first one's message."""

    def outcome(self, row: Row, event: Event) -> None:
        older = row.error
        super().outcome(row, event)
        if event.kind is EventKind.RETRYING and older and event.error and older.type == event.error.type:
            row.error = older


class RetryErrorNotLaterDropped(Sound):
    """RETRY-6: the error of a failure whose instant is not later than the newest start's is dropped."""

    def outcome(self, row: Row, event: Event) -> None:
        older = row.error
        super().outcome(row, event)
        if event.kind is EventKind.ACTIVE:
            row.note["start"] = event.occurred_at
        if event.kind is EventKind.RETRYING and event.occurred_at <= row.note.get("start", LONG_AGO):
            row.error = older


class StallBesideRetryClearsError(Sound):
    """RETRY-6: a stall report for the attempt that failed clears the error; the job stays delayed."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.STALLED and row.status is Status.DELAYED:
            row.error = None


FAULTY: tuple[type[Sound], ...] = (
    ErrorOnlyOfFailed,
    SecondRetryKeepsFirstError,
    LateStartClearsError,
    StaleRetryReplacesError,
    LateProgressClearsError,
    ErrorOfUnseenStartLost,
    RetryErrorOfSameTypeKept,
    RetryErrorNotLaterDropped,
    StallBesideRetryClearsError,
)
