"""Faulty for TRACK-5: a failed job does not show that failure's message, or not its type."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import Any

from pytest_jobstatus import Event, EventKind, JobError, Snapshot, Status
from tests.sound_trackers.merging import (
    Row,
    Sound,
    SoundArrival,
    SoundClearing,
    SoundLatest,
    SoundRefusing,
    SoundStrict,
)


class FirstErrorSticks(Sound):
    """TRACK-5: an error that is stored already is never replaced by a later failure's."""

    def outcome(self, row: Row, event: Event) -> None:
        before = row.error
        super().outcome(row, event)
        row.error = before or row.error


class TypeFromFirstError(SoundStrict):
    """TRACK-5: the message is replaced, but the type is kept from the first error seen."""

    def outcome(self, row: Row, event: Event) -> None:
        before = row.error
        super().outcome(row, event)
        if before is not None and row.error is not None:
            row.error = replace(row.error, type=before.type)


class ErrorHistoryOfTwo(SoundLatest):
    """TRACK-5: the list of errors holds two and drops what comes after, and the reader takes its last."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.kind in (EventKind.RETRYING, EventKind.FAILED):
            errors = row.note.setdefault("errors", [])
            if len(errors) < 2:
                errors.append(event.error)
            row.error = errors[-1]


class OneMessageForEachType(Sound):
    """TRACK-5: errors are kept once for each type, with the message that came with it first."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, JobError] = {}

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if row.error is not None:
            row.error = self.known.setdefault(row.error.type, row.error)


class OneSampleForEachFingerprint(SoundArrival):
    """TRACK-5: errors that differ in numbers only are grouped, and each shows the group's first one."""

    def __init__(self) -> None:
        super().__init__()
        self.groups: dict[tuple[str, str], JobError] = {}

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if row.error is not None:
            key = (row.error.type, re.sub(r"\d+", "#", row.error.message))
            row.error = self.groups.setdefault(key, row.error)


class FirstLineOfMessage(SoundRefusing):
    """TRACK-5: only the first line of a message is kept."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if row.error is not None:
            row.error = replace(row.error, message=row.error.message.partition("\n")[0])


class MessageAfterLastColon(Sound):
    """TRACK-5: the message is taken from what follows the last colon, as in the last line of a traceback."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if row.error is not None:
            row.error = replace(row.error, message=row.error.message.rpartition(": ")[2])


class ReprOfError(SoundClearing):
    """TRACK-5: the reader gets the exception's repr, which writes quotes, backslashes and newlines otherwise."""

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return shown if row.error is None else replace(shown, error=f"{row.error.type}({row.error.message!r})")


class MessageEscapedForThePage(Sound):
    """TRACK-5: the message is stored as HTML, so that quotes and angle brackets read as entities."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if row.error is not None:
            row.error = replace(row.error, message=html.escape(row.error.message))


class TypeWithoutModule(SoundLatest):
    """TRACK-5: a type name with dots is cut to its last part."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if row.error is not None:
            row.error = replace(row.error, type=row.error.type.rpartition(".")[2])


class InsertForgetsError(Sound):
    """TRACK-5: the statement that makes the row, where the failure is the first thing heard, has no error column."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        new = row.status is None
        super().merge(row, event, value)
        if new:
            row.error = None


class StallLimitForAnError(SoundStrict):
    """TRACK-5: a failure of a stalled job shows the queue's own words about stalling."""

    def move(self, row: Row, event: Event) -> None:
        row.note["lost"] = row.stalled
        super().move(row, event)

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.kind is EventKind.FAILED and row.note["lost"]:
            row.error = JobError("UnrecoverableError", "job stalled more than allowable limit")


class LateRetryBringsItsError(Sound):
    """TRACK-5: a retry told late, after the failure, still writes its own error."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.RETRYING and event.error is not None:
            row.error = event.error


class RepeatsFolded(Sound):
    """IDEM-1: the third report of the same failure replaces its message by a count."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.FAILED and event.error is not None and row.error == event.error:
            row.note["told"] = row.note.get("told", 0) + 1
            if row.note["told"] == 3:
                row.error = replace(event.error, message="last message repeated 3 times")


class UnstartedFailureHasNoError(Sound):
    """TRACK-5: errors are kept by attempt, and a job that failed before any has none."""

    def outcome(self, row: Row, event: Event) -> None:
        if event.attempt or event.kind is not EventKind.FAILED:
            super().outcome(row, event)


class ErrorsSharedByMessage(Sound):
    """TRACK-5: errors are rows of their own, unique by message: the type is that of whoever came first."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: dict[str, JobError] = {}

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if row.error is not None:
            row.error = self.errors.setdefault(row.error.message, row.error)


class SkippedAttemptsErrorLost(Sound):
    """TRACK-5/RETRY-6: the error of an attempt whose start was lost is not stored where the row waits for it."""

    def outcome(self, row: Row, event: Event) -> None:
        error = row.error
        super().outcome(row, event)
        if row.note.get("waits") and event.attempt > row.note["waits"]:
            row.error = error

    def move(self, row: Row, event: Event) -> None:
        waits = row.status in (Status.PENDING, Status.DELAYED)
        row.note["waits"] = row.attempt if waits else 0
        super().move(row, event)


FAULTY: tuple[type[Sound], ...] = (
    SkippedAttemptsErrorLost,
    FirstErrorSticks,
    TypeFromFirstError,
    ErrorHistoryOfTwo,
    OneMessageForEachType,
    OneSampleForEachFingerprint,
    FirstLineOfMessage,
    MessageAfterLastColon,
    ReprOfError,
    MessageEscapedForThePage,
    TypeWithoutModule,
    InsertForgetsError,
    StallLimitForAnError,
    LateRetryBringsItsError,
    RepeatsFolded,
    UnstartedFailureHasNoError,
    ErrorsSharedByMessage,
)
