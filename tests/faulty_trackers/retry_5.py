"""Faulty for RETRY-5: after the last attempt the job does not show that attempt's outcome."""

from __future__ import annotations

from typing import Any

from pytest_jobstatus import Event, EventKind, Status
from tests.sound_trackers.merging import LONG_AGO, Row, Sound, SoundClearing


class FirstErrorKept(Sound):
    """RETRY-5: the error written first stays, so that the last failure shows the first attempt's."""

    def outcome(self, row: Row, event: Event) -> None:
        first = row.error
        super().outcome(row, event)
        row.error = first or row.error


class CompletedAfterErrorShownAsFailed(Sound):
    """RETRY-5: a job that completes at a later attempt is shown as failed, because an error is there."""

    def shows(self, row: Row, event: Event) -> Status:
        told = event.kind is EventKind.COMPLETED and row.error is not None
        return Status.FAILED if told else super().shows(row, event)


class CompletedAfterTwoRetriesShownAsFailed(SoundClearing):
    """RETRY-5: a job that has failed twice is shown as failed, though the third attempt completes."""

    def move(self, row: Row, event: Event) -> None:
        if event.kind is EventKind.RETRYING:
            row.note["failures"] = row.note.get("failures", 0) + 1
        super().move(row, event)

    def shows(self, row: Row, event: Event) -> Status:
        twice = event.kind is EventKind.COMPLETED and row.note.get("failures", 0) >= 2
        return Status.FAILED if twice else super().shows(row, event)


class CompletedWhileDelayedIgnored(Sound):
    """RETRY-5: a completion is ignored while the retry is awaited, as happens when the next start is lost."""

    def is_ahead(self, row: Row, event: Event) -> bool:
        if event.kind is EventKind.COMPLETED and row.status is Status.DELAYED:
            return False
        return super().is_ahead(row, event)


class FailedWithoutErrorKeepsOlder(Sound):
    """RETRY-5: a last failure that carries no error shows the error of an older attempt."""

    def outcome(self, row: Row, event: Event) -> None:
        older = row.error
        super().outcome(row, event)
        if event.kind is EventKind.FAILED:
            row.error = event.error or older


class ErrorNotLaterDropped(Sound):
    """RETRY-5: an error replaces an older one only if its instant is later, by the clocks."""

    def outcome(self, row: Row, event: Event) -> None:
        if event.kind in (EventKind.RETRYING, EventKind.FAILED):
            if event.occurred_at <= row.note.get("told", LONG_AGO):
                return
            row.note["told"] = event.occurred_at
        super().outcome(row, event)


class FailedFromStallKeepsOlderError(Sound):
    """RETRY-5: a job that fails directly from a stall shows the error of an older attempt, if there is one."""

    def move(self, row: Row, event: Event) -> None:
        row.note["lost"] = row.stalled
        super().move(row, event)

    def outcome(self, row: Row, event: Event) -> None:
        older = row.error
        super().outcome(row, event)
        if event.kind is EventKind.FAILED and row.note["lost"]:
            row.error = older or event.error


class ErrorOfSameTypeKept(Sound):
    """RETRY-5: a last failure with an error of the same type as the one shown keeps the older message."""

    def outcome(self, row: Row, event: Event) -> None:
        older = row.error
        super().outcome(row, event)
        if event.kind is EventKind.FAILED and older and event.error and older.type == event.error.type:
            row.error = older


class LateRetryReplacesFinalError(Sound):
    """TERM-2: the failure of the attempt before the last, told after the end, replaces the failed job's error."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.RETRYING and row.status is Status.FAILED and event.attempt == row.attempt - 1:
            row.error = event.error


class ErrorsNotRepeated(Sound):
    """RETRY-5: the log of errors takes no text twice, and its last entry shows."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.error is not None:
            log = row.note.setdefault("log", [])
            if event.error not in log:
                log.append(event.error)
            row.error = log[-1]


FAULTY: tuple[type[Sound], ...] = (
    FirstErrorKept,
    CompletedAfterErrorShownAsFailed,
    CompletedAfterTwoRetriesShownAsFailed,
    CompletedWhileDelayedIgnored,
    FailedWithoutErrorKeepsOlder,
    ErrorNotLaterDropped,
    FailedFromStallKeepsOlderError,
    ErrorOfSameTypeKept,
    LateRetryReplacesFinalError,
    ErrorsNotRepeated,
)
