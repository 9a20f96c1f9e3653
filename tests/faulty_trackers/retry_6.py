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


class RetryErrorOnlyWithStatus(Sound):
    """RETRY-6: the error is written with a change of status only: not where the start between two failures was lost."""

    def move(self, row: Row, event: Event) -> None:
        row.note["was"] = row.status
        super().move(row, event)

    def outcome(self, row: Row, event: Event) -> None:
        if row.note["was"] is not row.status:
            super().outcome(row, event)


class EmptyErrorKeepsOld(Sound):
    """RETRY-6: an error without a text is taken for none, and the one before it stays."""

    def outcome(self, row: Row, event: Event) -> None:
        older = row.error
        super().outcome(row, event)
        if older is not None and event.error is not None and not event.error.message:
            row.error = older


class LastNewTypeOfError(Sound):
    """RETRY-6/RETRY-5/TRACK-5: errors are a dict by type, of which the last shows: one that comes back has its old
    place.
    """

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.error is not None:
            errors = row.note.setdefault("errors", {})
            errors[event.error.type] = event.error
            row.error = list(errors.values())[-1]


class ErrorOfLatestInstant(Sound):
    """RETRY-6: of two failures that were retried the one with the later instant shows, whatever its attempt."""

    def outcome(self, row: Row, event: Event) -> None:
        older = row.error
        super().outcome(row, event)
        if event.kind is EventKind.RETRYING:
            if event.occurred_at < row.note.get("failed", LONG_AGO):
                row.error = older
            row.note["failed"] = max(event.occurred_at, row.note.get("failed", LONG_AGO))


class FirstErrorOfInstant(Sound):
    """RETRY-6: errors are unique by job and instant: of two at one instant the first stays."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.kind is EventKind.RETRYING:
            row.error = row.note.setdefault(event.occurred_at.isoformat(), event.error)


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
    RetryErrorOnlyWithStatus,
    EmptyErrorKeepsOld,
    LastNewTypeOfError,
    ErrorOfLatestInstant,
    FirstErrorOfInstant,
)
