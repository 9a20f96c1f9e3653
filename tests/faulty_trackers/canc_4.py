"""Faulty for CANC-4: a failure is taken for a cancellation, mostly because of a word in it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from pytest_jobstatus import Event, EventKind, Snapshot, Status
from tests.sound_trackers.merging import (
    Row,
    Sound,
    SoundArrival,
    SoundClearing,
    SoundLatest,
    SoundRefusing,
    SoundStrict,
)


def type_of(event: Event) -> str:
    """The error's type, empty if the event is no final failure or has none."""
    return event.error.type if event.kind is EventKind.FAILED and event.error else ""


def text_of(event: Event) -> str:
    """The error's message, empty if the event is no final failure or has none."""
    return event.error.message if event.kind is EventKind.FAILED and event.error else ""


class MessageIncludesCancelled(Sound):
    """CANC-4: a failure whose message includes the word is a cancellation."""

    def shows(self, row: Row, event: Event) -> Status:
        return Status.CANCELLED if "cancelled" in text_of(event).lower() else super().shows(row, event)


class RpcCodeCancelled(SoundStrict):
    """CANC-4: a failure whose message has the remote call's status code in capitals is a cancellation."""

    def shows(self, row: Row, event: Event) -> Status:
        return Status.CANCELLED if "CANCELLED" in text_of(event) else super().shows(row, event)


class CanceledErrorByType(SoundLatest):
    """CANC-4: a failure of a client library's type with one l is a cancellation."""

    def shows(self, row: Row, event: Event) -> Status:
        return Status.CANCELLED if type_of(event).endswith("CanceledError") else super().shows(row, event)


class AbortErrorByType(SoundArrival):
    """CANC-4: a failure by an aborted request is a cancellation."""

    def shows(self, row: Row, event: Event) -> Status:
        return Status.CANCELLED if type_of(event) == "AbortError" else super().shows(row, event)


class CancellationExceptionByType(SoundRefusing):
    """CANC-4: a failure whose type speaks of cancellation, not of cancelled, is a cancellation."""

    def shows(self, row: Row, event: Event) -> Status:
        return Status.CANCELLED if "Cancellation" in type_of(event) else super().shows(row, event)


class CancelledByInFirstWords(Sound):
    """CANC-4: a failure whose message begins by saying who cancelled is a cancellation by that one."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        told = re.match(r"cancell?ed by (\w+)", text_of(event), re.IGNORECASE)
        if told:
            row.status, row.cancelled_by = Status.CANCELLED, told[1]


class LaterLineSaysCancelled(Sound):
    """CANC-4: a failure whose message has the word in a line after the first is a cancellation."""

    def shows(self, row: Row, event: Event) -> Status:
        more = text_of(event).partition("\n")[2]
        return Status.CANCELLED if "cancelled" in more.lower() else super().shows(row, event)


class TracebackSaysCancelled(SoundClearing):
    """CANC-4: a failure that has a cancellation somewhere in its traceback is a cancellation."""

    def shows(self, row: Row, event: Event) -> Status:
        failed = event.kind is EventKind.FAILED and event.error is not None
        trace = event.error.traceback if failed and event.error else None
        return Status.CANCELLED if "CancelledError" in (trace or "") else super().shows(row, event)


class RetryOfCancelledErrorEnds(SoundStrict):
    """CANC-4: a failure that will be retried is a cancellation, and the end, if its type says so."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind is EventKind.RETRYING and event.error and event.error.type == "CancelledError":
            event = replace(event, kind=EventKind.CANCELLED, error=None)
        super().merge(row, event, value)


class RetrySaysCanceledInText(Sound):
    """CANC-4: a failure that will be retried is a cancellation, and the end, if its message has the word with one l."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind is EventKind.RETRYING and event.error and "canceled" in event.error.message:
            event = replace(event, kind=EventKind.CANCELLED, error=None)
        super().merge(row, event, value)


class StalledThenCancelledText(SoundLatest):
    """CANC-4: a failure of a stalled job is a cancellation if its message speaks of cancelling."""

    def shows(self, row: Row, event: Event) -> Status:
        if row.stalled and "cancel" in text_of(event).lower():
            return Status.CANCELLED
        return super().shows(row, event)


class CancelledErrorOfALaterAttempt(Sound):
    """CANC-4: a failure of the second attempt or a later one is a cancellation if its type says so."""

    def shows(self, row: Row, event: Event) -> Status:
        if event.attempt > 1 and type_of(event) == "CancelledError":
            return Status.CANCELLED
        return super().shows(row, event)


class FailureWithoutErrorIsCancelled(Sound):
    """CANC-4: a failure that brings no error is a cancellation."""

    def shows(self, row: Row, event: Event) -> Status:
        if event.kind is EventKind.FAILED and event.error is None:
            return Status.CANCELLED
        return super().shows(row, event)


class CancelledErrorAwaitsItsCancellation(SoundClearing):
    """CANC-4: a failure whose type says so is left to the cancellation that must surely follow."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if type_of(event) != "CancelledError":
            super().merge(row, event, value)


class WhoCancelledReadFromText(Sound):
    """CANC-4: a failure whose message speaks of cancelling is one, and somebody is said to have asked for it."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if "cancelled" in text_of(event).lower():
            row.cancelled_by = "unknown"


class CancelledErrorStampsCancellation(Sound):
    """CANC-4: a failure of a type with that name is one, and its time is a cancellation's."""

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        named_so = row.status is Status.FAILED and row.error is not None and row.error.type == "CancelledError"
        return replace(shown, cancelled_at=row.ended_at) if named_so else shown


class BareCanceledIsCancellation(Sound):
    """CANC-4: a failure whose text is "canceled" and nothing else is taken for a cancellation."""

    def shows(self, row: Row, event: Event) -> Status:
        called_off = event.kind is EventKind.FAILED and event.error is not None and event.error.message == "canceled"
        return Status.CANCELLED if called_off else super().shows(row, event)


class UnstartedFailureIsRevocation(Sound):
    """CANC-4: a failure without an error, of a job that was never seen to start, is taken for a revocation."""

    def shows(self, row: Row, event: Event) -> Status:
        revoked = event.kind is EventKind.FAILED and event.error is None and not row.attempt
        return Status.CANCELLED if revoked else super().shows(row, event)


FAULTY: tuple[type[Sound], ...] = (
    MessageIncludesCancelled,
    RpcCodeCancelled,
    CanceledErrorByType,
    AbortErrorByType,
    CancellationExceptionByType,
    CancelledByInFirstWords,
    LaterLineSaysCancelled,
    TracebackSaysCancelled,
    RetryOfCancelledErrorEnds,
    RetrySaysCanceledInText,
    StalledThenCancelledText,
    CancelledErrorOfALaterAttempt,
    FailureWithoutErrorIsCancelled,
    CancelledErrorAwaitsItsCancellation,
    WhoCancelledReadFromText,
    CancelledErrorStampsCancellation,
    BareCanceledIsCancellation,
    UnstartedFailureIsRevocation,
)
