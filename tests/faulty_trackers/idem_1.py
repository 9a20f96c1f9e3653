"""Faulty for IDEM-1: an event that comes again at once changes something."""

from __future__ import annotations

from typing import Any

from pytest_jobstatus import Event, EventKind, JobError, Status
from tests.sound_trackers.merging import SHOWS, Row, Sound, SoundArrival


class CountsEveryStart(Sound):
    """IDEM-1/IDEM-2: every delivery of a start counts as one more attempt."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        if event.kind is EventKind.ACTIVE and not row.over:
            row.status, row.attempt = Status.ACTIVE, row.attempt + 1
        super().merge(row, event, value)


class ErrorsPileUp(Sound):
    """IDEM-1: a repeated retrying appends its message to the error that is shown."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        again = event.kind is EventKind.RETRYING and row.status is Status.DELAYED and row.attempt == event.attempt
        super().merge(row, event, value)
        if again and row.error and event.error:
            row.error = JobError(row.error.type, row.error.message + "\n" + event.error.message)


class RedeliveriesExhaustRetries(Sound):
    """IDEM-2/IDEM-1: every delivery of retrying counts as a retry, and the fourth one fails the job."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind is EventKind.RETRYING and not row.over:
            row.note["retries"] = row.note.get("retries", 0) + 1
            if row.note["retries"] > 3:
                row.status = Status.FAILED
                self.set_ended(row, event, event.occurred_at)


class ThirdDeliveryFails(Sound):
    """IDEM-1/IDEM-2: the third delivery of one event marks an open job failed."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        seen = row.note.setdefault("seen", {})
        key = (event.kind, event.attempt, event.occurred_at)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] == 3 and not row.over:
            row.status = Status.FAILED
            row.error = JobError("DeadLetter", "delivered too often")
            self.set_ended(row, event, event.occurred_at)


class EndRestamped(SoundArrival):
    """IDEM-1/IDEM-2/TERM-2: each delivery of the terminal event stamps the end time anew."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind.terminal and SHOWS[event.kind] is row.status:
            row.ended_at = self.clock


class SecondCancelForgetsWho(Sound):
    """IDEM-1/IDEM-2/TERM-2: a repeated cancellation empties cancelled_by."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        again = event.kind is EventKind.CANCELLED and row.status is Status.CANCELLED
        super().merge(row, event, value)
        if again:
            row.cancelled_by = None


class DuplicateStartIsStall(Sound):
    """IDEM-1/IDEM-2: a second delivery of the start is taken for a lost worker, and the job shown pending."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        starts = row.note.setdefault("starts", set())
        again = (
            event.kind is EventKind.ACTIVE
            and row.status is Status.ACTIVE
            and event.attempt == row.attempt
            and event.attempt in starts
        )
        super().merge(row, event, value)
        if event.kind is EventKind.ACTIVE:
            starts.add(event.attempt)
        if again:
            row.status = Status.PENDING


class SameProgressBlanks(Sound):
    """IDEM-1: a repeated progress empties the progress that is shown."""

    def note_progress(self, row: Row, event: Event, value: Any) -> None:
        again = row.progress_key == (event.attempt, event.occurred_at) and row.progress == value
        super().note_progress(row, event, value)
        if again:
            row.progress = None


class SecondFailureDropsType(Sound):
    """IDEM-1/IDEM-2/TERM-2: a repeated failure leaves the message alone of the error."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        again = event.kind is EventKind.FAILED and row.status is Status.FAILED
        super().merge(row, event, value)
        if again and row.error is not None:
            row.error = JobError("Error", row.error.message)


class RetryToldAgainIsDue(Sound):
    """IDEM-1: a retry that is told again after it was due, by the clock of the last report, is pending."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        waiting = row.status is Status.DELAYED and event.kind is EventKind.RETRYING
        super().merge(row, event, value)
        if waiting and event.retry_at and row.updated_at and event.retry_at <= row.updated_at:
            row.status = Status.PENDING


FAULTY: tuple[type[Sound], ...] = (
    CountsEveryStart,
    ErrorsPileUp,
    RedeliveriesExhaustRetries,
    ThirdDeliveryFails,
    EndRestamped,
    SecondCancelForgetsWho,
    DuplicateStartIsStall,
    SameProgressBlanks,
    SecondFailureDropsType,
    RetryToldAgainIsDue,
)
